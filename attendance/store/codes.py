"""Open codes of meetings, and the claims that were redeemed."""

from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from attendance.codes import CLAIM_HOLDS, Claim, OpenCode, new_secret
from attendance.store.collection import (
    Collection,
    Document,
    create_indexes,
    delete_all,
    find_all,
    find_one,
    insert,
    update_one,
)
from attendance.store.errors import Conflict

# Codes that are open on a campus at one time; a code that is typed without its meeting is looked for among these.
MOST_OPEN = 2000


class Codes:
    """The collections `codes` (by meeting) and `claims` (redeemed ones, by id, for as long as they could hold)."""

    def __init__(self, codes: Collection, claims: Collection) -> None:
        self._codes = codes
        self._claims = claims

    async def ensure_indexes(self) -> None:
        """A code that is typed is looked for among those that are open; a claim is forgotten when it can't hold."""
        await create_indexes(self._codes, [IndexModel([("closes_at", ASCENDING)])])
        kept = (CLAIM_HOLDS + timedelta(hours=1)).total_seconds()
        await create_indexes(self._claims, [IndexModel([("at", ASCENDING)], expireAfterSeconds=int(kept))])

    async def open(self, meeting_id: str, *, now: datetime, closes_at: datetime) -> OpenCode:
        """Open a meeting's code until a moment; one that is open already goes on with the same secret."""
        update = {"$set": {"closes_at": closes_at}, "$setOnInsert": {"secret": new_secret(), "opened_at": now}}
        await update_one(self._codes, {"_id": meeting_id}, update, upsert=True)
        document = await find_one(self._codes, {"_id": meeting_id})
        if document is None:
            raise Conflict(f"the code of meeting {meeting_id} was closed at this moment")
        return _from_document(document)

    async def get(self, meeting_id: str, now: datetime) -> OpenCode | None:
        """Give a meeting's code, where it is open."""
        document = await find_one(self._codes, {"_id": meeting_id, "closes_at": {"$gt": now}})
        return _from_document(document) if document else None

    async def all_open(self, now: datetime) -> list[OpenCode]:
        """Give the codes that are open."""
        found = await find_all(self._codes, {"closes_at": {"$gt": now}}, limit=MOST_OPEN)
        return [_from_document(document) for document in found]

    async def close(self, meeting_id: str) -> None:
        """Close a meeting's code and forget its secret: no claim holds any more."""
        await delete_all(self._codes, {"_id": meeting_id})

    async def redeem(self, claim: Claim, student_id: str) -> None:
        """Note whose a claim is.

        Raises:
            Conflict: it is another student's.
        """
        try:
            await insert(self._claims, {"_id": claim.id, "student_id": student_id, "at": claim.at}, "this claim")
        except Conflict:
            held = await find_one(self._claims, {"_id": claim.id})
            if held is None or held["student_id"] != student_id:
                raise


def _from_document(document: Document) -> OpenCode:
    return OpenCode(document["_id"], bytes(document["secret"]), document["opened_at"], document["closes_at"])
