"""Events that are stored and not yet confirmed by Kafka: they wait inside the document whose change they tell.

The change and its events are one write, so a crash between the two can't happen. A relay claims documents for the
time of a lease, sends their events in order, and takes off what was confirmed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel, UpdateOne

from attendance.store.collection import Collection, Document, create_indexes, find_all
from attendance.store.errors import unavailable_on_network_error


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """One event as it must be sent: `payload` is the frozen JSON text."""

    id: str
    key: str
    payload: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The events of one document, in the order in which they are to be sent."""

    collection: int
    document_id: str
    events: tuple[PendingEvent, ...]


PENDING: Document = {"outbox_pending": True}


def waiting(since: datetime) -> Document:
    """Give since when a document's events wait. For `$min`: a later event doesn't hide an earlier one's wait."""
    return {"outbox_since": since}


class PendingEvents:
    """The outboxes inside several collections."""

    def __init__(self, collections: list[Collection]) -> None:
        self._collections = collections

    async def ensure_indexes(self) -> None:
        """Leftovers are swept by an index that holds nothing else."""
        sweep = IndexModel([("outbox_since", ASCENDING)], partialFilterExpression={"outbox_pending": True})
        for collection in self._collections:
            await create_indexes(collection, [sweep])

    async def claim(self, owner: str, *, now: datetime, lease: timedelta, limit: int) -> list[Claim]:
        """Claim documents that nobody holds, the longest waiting first. `owner` names this claim and no other."""
        claims: list[Claim] = []
        for index, collection in enumerate(self._collections):
            # Not held, or for too long. Said with `$or`, SecantusDB would look at every document there is.
            free: Document = {"outbox_pending": True, "outbox_lease": {"$not": {"$gte": now}}}
            found = await find_all(collection, free, sort=[("outbox_since", ASCENDING)], limit=limit - len(claims))
            if not found:
                continue
            ids = [document["_id"] for document in found]
            with unavailable_on_network_error():
                await collection.update_many(
                    {"_id": {"$in": ids}, **free}, {"$set": {"outbox_owner": owner, "outbox_lease": now + lease}}
                )
            held = await find_all(collection, {"_id": {"$in": ids}, "outbox_owner": owner})
            claims += [Claim(index, document["_id"], _events(document)) for document in held]
            if len(claims) >= limit:
                break
        return claims

    async def confirm(self, owner: str, claims: list[Claim]) -> None:
        """Take the events of these claims off, and let the documents go."""
        for index, collection in enumerate(self._collections):
            mine = [claim for claim in claims if claim.collection == index]
            if not mine:
                continue
            with unavailable_on_network_error():
                done = await collection.bulk_write([_take_all(claim) for claim in mine], ordered=False)
                if done.matched_count < len(mine):
                    await collection.bulk_write([step for claim in mine for step in _take_sent(owner, claim)])

    async def release(self, owner: str, claims: list[Claim]) -> None:
        """Let documents go whose events could not be sent."""
        for index, collection in enumerate(self._collections):
            ids = [claim.document_id for claim in claims if claim.collection == index]
            if ids:
                with unavailable_on_network_error():
                    await collection.update_many(
                        {"_id": {"$in": ids}, "outbox_owner": owner},
                        {"$unset": {"outbox_owner": "", "outbox_lease": ""}},
                    )

    async def oldest(self) -> datetime | None:
        """Give since when the longest waiting event waits; None where none does."""
        waiting: list[datetime] = []
        for collection in self._collections:
            first = await find_all(collection, {"outbox_pending": True}, sort=[("outbox_since", ASCENDING)], limit=1)
            waiting += [document["outbox_since"] for document in first]
        return min(waiting, default=None)


def _events(document: Document) -> tuple[PendingEvent, ...]:
    return tuple(PendingEvent(event["id"], event["key"], event["payload"]) for event in document["outbox"])


def _take_all(claim: Claim) -> UpdateOne:
    # Nearly always nothing came meanwhile, and one write does it. Events are only added at the end and only taken off
    # when sent: as many as were claimed, with the same one at the end, are the same.
    as_claimed: Document = {"_id": claim.document_id, "outbox": {"$size": len(claim.events)}}
    if claim.events:
        as_claimed[f"outbox.{len(claim.events) - 1}.id"] = claim.events[-1].id
    waits = {"outbox_pending": "", "outbox_since": "", "outbox_owner": "", "outbox_lease": ""}
    return UpdateOne(as_claimed, {"$set": {"outbox": []}, "$unset": waits})


def _take_sent(owner: str, claim: Claim) -> list[UpdateOne]:
    # A change that came meanwhile has put its own event in: the document then stays pending.
    sent = {"$pull": {"outbox": {"id": {"$in": [event.id for event in claim.events]}}}}
    release = {"$unset": {"outbox_owner": "", "outbox_lease": ""}}
    no_more = {"$unset": {"outbox_pending": "", "outbox_since": ""}}
    return [
        UpdateOne({"_id": claim.document_id}, sent),
        UpdateOne({"_id": claim.document_id, "outbox_owner": owner}, release),
        UpdateOne({"_id": claim.document_id, "outbox": {"$size": 0}}, no_more),
    ]
