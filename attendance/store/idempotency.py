"""Requests that may be sent again: what was asked under a key, and the answer, as long as a client may try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from attendance.store.collection import Collection, Document, create_indexes, delete_all, find_one, insert, update_one
from attendance.store.errors import Conflict

KEPT = timedelta(hours=24)
# Whoever works on a request for longer has died. Longer than any answer takes with the database's own time limits.
LONGEST_WORK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer to give again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class AnotherRequest(Exception):
    """The key was used for a request that asked something else."""


class InProgress(Exception):
    """The first request with this key is being worked on."""


class IdempotencyKeys:
    """The collection `idempotency_keys`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """The database drops what is too old."""
        lifetime = int(KEPT.total_seconds())
        await create_indexes(self._collection, [IndexModel([("created_at", ASCENDING)], expireAfterSeconds=lifetime)])

    async def begin(self, key: str, request: str, worker: str, *, now: datetime) -> KeptAnswer | None:
        """Begin work on a request under a key, or give the answer that it had. `request` tells what is asked.

        None: the caller does the work, and then calls `keep` or `forget` as the same `worker`; `forget` too where this
        failed, because the database may have taken the key before it went away.

        Raises:
            AnotherRequest: something else was asked under the key.
            InProgress: another one works on it.
        """
        begun: Document = {"_id": key, "request": request, "created_at": now, "since": now, "worker": worker}
        while True:
            try:
                await insert(self._collection, begun, "a request with this key")
            except Conflict:
                pass
            else:
                return None
            found = await find_one(self._collection, {"_id": key})
            if found is None:
                continue  # it was forgotten in between
            if found["created_at"] <= now - KEPT:
                await delete_all(self._collection, {"_id": key, "created_at": found["created_at"]})
                continue  # the database drops it within the minute
            if found["request"] != request:
                raise AnotherRequest
            if "answer" in found:
                answer = found["answer"]
                return KeptAnswer(answer["status"], tuple(map(tuple, answer["headers"])), answer["body"])
            if found["since"] > now - LONGEST_WORK:
                raise InProgress
            taken = {"$set": {"since": now, "worker": worker}}
            if await update_one(self._collection, {"_id": key, "worker": found["worker"]}, taken):
                return None

    async def keep(self, key: str, worker: str, answer: KeptAnswer) -> None:
        """Keep the answer, to give it again."""
        kept = {"status": answer.status, "headers": [list(each) for each in answer.headers], "body": answer.body}
        await update_one(self._collection, {"_id": key, "worker": worker}, {"$set": {"answer": kept}})

    async def forget(self, key: str, worker: str) -> None:
        """Let the key be used anew: nothing was done."""
        await delete_all(self._collection, {"_id": key, "worker": worker, "answer": {"$exists": False}})
