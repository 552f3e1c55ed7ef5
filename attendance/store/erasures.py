"""Erasing students: the keys first, then everything that names them, and once more when workers have forgotten them.

A receipt is written before anything is done, so that whoever finds it unfinished goes on from there: every step can be
done again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from attendance.erasures import SECOND_PASS_AFTER, Erasure, Hold
from attendance.events import student_erased
from attendance.sealing import Ending, KeyRing, Purpose
from attendance.store.biometrics import Biometrics
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
from attendance.store.errors import Conflict, Missing
from attendance.store.event_log import unnumbered
from attendance.store.outbox import PENDING, waiting
from attendance.store.people import Teachers
from attendance.store.traces import Traces

# Workers hear of a change to these, and would not hear of a deletion: they go in the second pass.
_HEARD_OF = frozenset({"biometrics", "enrollments"})
_AT_ONCE = 100
# Somebody wrote of a student who is being erased: a worker that was stopped for long, say.
_AGAIN_AFTER = timedelta(seconds=5)

Commitment = Callable[[str], str]


class Erasures:
    """The collections `erasures` (receipts, by the student's commitment) and `holds` (legal holds, by student)."""

    def __init__(
        self,
        receipts: Collection,
        holds: Collection,
        traces: Traces,
        keys: KeyRing,
        biometrics: Biometrics,
        teachers: Teachers,
    ) -> None:
        self._receipts = receipts
        self._holds = holds
        self._traces = traces
        self._keys = keys
        self._biometrics = biometrics
        self._teachers = teachers

    async def ensure_indexes(self) -> None:
        """What is unfinished is looked for every few seconds."""
        await create_indexes(self._receipts, [IndexModel([("due_at", ASCENDING)], sparse=True)])

    async def begin(self, student_id: str, commitment: str, *, by: str, now: datetime) -> Erasure:
        """Erase a student: keys destroyed, documents deleted; what workers may still write is deleted a minute later.

        Said again it does again what isn't finished, and changes nothing of what is.

        Raises:
            KeyUnusable: the keys can't be destroyed now.
        """
        begun = {"requested_at": now, "requested_by": by, "student_id": student_id, "due_at": now, "deleted": {}}
        try:
            await insert(self._receipts, {"_id": commitment, **begun}, "a receipt")
        except Conflict:
            # Erased before, and there again: out of a backup, or because a hold ended.
            again = {"$set": {"student_id": student_id, "due_at": now}, "$unset": {"finished_at": "", "passed_at": ""}}
            if await self._traces.count(student_id, held=await self._is_held(student_id)):
                await update_one(self._receipts, {"_id": commitment}, again)
        return await self._go_on(commitment, now)

    async def go_on(self, now: datetime) -> int:
        """Finish what was broken off, and do the second passes that are due; give how many are finished by it.

        Raises:
            KeyUnusable: the keys can't be destroyed now.
        """
        due = await find_all(self._receipts, {"due_at": {"$lt": now}}, sort=[("due_at", ASCENDING)], limit=_AT_ONCE)
        found = [await self._go_on(document["_id"], now) for document in due]
        return sum(each.finished_at is not None for each in found)

    async def receipt(self, commitment: str) -> Erasure | None:
        """Give the receipt of an erasure; None where there was none."""
        document = await find_one(self._receipts, {"_id": commitment})
        return _erasure(document) if document else None

    async def remaining(self, student_id: str) -> dict[str, int]:
        """Give how many documents name a student now, by collection, legal holds apart; keys count too."""
        found = await self._traces.count(student_id, held=await self._is_held(student_id))
        for purpose in Purpose:
            if await self._keys.to_read(purpose, [student_id], at_hand=False):
                found[f"the key to their {'templates' if purpose is Purpose.FACE else 'names'}"] = 1
        if await self._keeps_names(student_id):
            found.pop("the key to their names", None)
        return found

    async def hold(self, hold: Hold) -> None:
        """Put a student's records under a legal hold; one that is there gets the new reason."""
        fields = {"reason": hold.reason, "by": hold.by, "at": hold.at}
        await update_one(self._holds, {"_id": hold.student_id}, {"$set": fields}, upsert=True)

    async def hold_of(self, student_id: str) -> Hold | None:
        """Give a student's legal hold; None where there is none."""
        document = await find_one(self._holds, {"_id": student_id})
        return Hold(document["_id"], document["reason"], document["by"], document["at"]) if document else None

    async def release(self, student_id: str, commitment: str, now: datetime) -> bool:
        """End a legal hold, and finish the erasure that it held up; tell whether there was a hold."""
        if await self.hold_of(student_id) is None:
            return False
        await delete_all(self._holds, {"_id": student_id})
        receipt = await self.receipt(commitment)
        if receipt is not None and receipt.held:
            await self.begin(student_id, commitment, by=receipt.requested_by, now=now)
        return True

    async def forget_told(self, before: datetime) -> int:
        """Take out of the receipts the events that were told before a moment; give how many.

        They alone still name whom they tell of; consumers had until then to read them.
        """
        old = await find_all(self._receipts, {"told_at": {"$lt": before}}, limit=_AT_ONCE)
        count = 0
        for document in old:
            settled = {"_id": document["_id"], "outbox": [], "unnumbered_since": {"$exists": False}}
            count += await update_one(self._receipts, settled, {"$unset": {"told": "", "told_at": ""}})
        return count

    async def repeat(self, commitment_of: Commitment, now: datetime) -> int:
        """After a restored backup: withdraw and erase again whom it brought back; give how many those were.

        Raises:
            KeyUnusable: the key store can't be read.
        """
        count = 0
        async for student_id, at in self._keys.endings(Ending.WITHDRAWN):
            consent = await self._biometrics.consent_of(student_id)
            if consent is not None and (consent.recorded_at is None or consent.recorded_at <= at):
                await self._biometrics.withdraw_consent(student_id, now)
                count += 1
        async for student_id, _ in self._keys.endings(Ending.ERASED):
            if await self._traces.count(student_id, held=await self._is_held(student_id)):
                await self.begin(student_id, commitment_of(student_id), by="restore", now=now)
                count += 1
        return count

    async def _go_on(self, commitment: str, now: datetime) -> Erasure:
        document = await find_one(self._receipts, {"_id": commitment})
        if document is None:
            raise Missing("there is no such erasure")
        student_id = document.get("student_id")
        if student_id is None:
            return _erasure(document)
        held = await self._is_held(student_id)
        await self._destroy_keys(student_id, held=held, now=now)
        await self._biometrics.withdraw_consent(student_id, now)
        if not held:
            await self._traces.leave_rosters(student_id)
        passed_at = document.get("passed_at")
        is_second = passed_at is not None and now - passed_at >= SECOND_PASS_AFTER
        deleted = await self._traces.delete(student_id, held=held, keep=frozenset() if is_second else _HEARD_OF)
        if not held:
            await self._tell(commitment, student_id, now)
        update: Document = {"$set": {"held": held}}
        if deleted:
            update["$inc"] = {f"deleted.{name}": count for name, count in deleted.items()}
        if passed_at is None:
            update["$set"] |= {"passed_at": now, "due_at": now + SECOND_PASS_AFTER}
        elif is_second and await self._traces.count(student_id, held=held):
            update["$set"] |= {"due_at": now + _AGAIN_AFTER}
        elif is_second:
            update["$set"] |= {"finished_at": now}
            update["$unset"] = {"due_at": "", "student_id": ""}
        await update_one(self._receipts, {"_id": commitment}, update)
        return _erasure(await find_one(self._receipts, {"_id": commitment}) or document)

    async def _tell(self, commitment: str, student_id: str, now: datetime) -> None:
        """Put the event for those who follow attendance into the outbox, once."""
        event = student_erased(student_id, at=now)
        told = {"id": event.id, "number": 1, "event": event.frozen()}
        update = {
            "$set": {"told": [told], "told_number": 1, "told_at": now, **PENDING},
            "$push": {"outbox": {"id": event.id, "key": student_id, "payload": event.frozen()}},
            "$min": waiting(now) | unnumbered(now),
        }
        await update_one(self._receipts, {"_id": commitment, "told_number": {"$exists": False}}, update)

    async def _destroy_keys(self, student_id: str, *, held: bool, now: datetime) -> None:
        if held:
            await self._keys.withdraw(student_id, now)
        elif await self._keeps_names(student_id):
            await self._keys.erase(student_id, now, Purpose.FACE)
        else:
            await self._keys.erase(student_id, now, *Purpose)

    async def _keeps_names(self, student_id: str) -> bool:
        """Tell whether the key to a person's names stays: they are a teacher too, or their records are held."""
        return await self._is_held(student_id) or bool(await self._teachers.get_many([student_id]))

    async def _is_held(self, student_id: str) -> bool:
        return await find_one(self._holds, {"_id": student_id}) is not None


def _erasure(document: Document) -> Erasure:
    return Erasure(
        commitment=document["_id"],
        requested_at=document["requested_at"],
        requested_by=document["requested_by"],
        held=document.get("held", False),
        deleted=document.get("deleted", {}),
        finished_at=document.get("finished_at"),
    )
