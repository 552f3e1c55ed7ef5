"""Every place of the database where a student's id lies: to find them all, and to delete them.

Whoever adds a collection that names students adds it here; a test searches every document of a busy day.
"""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from attendance.rights import Role
from attendance.store.collection import Collection, Document, present
from attendance.store.enrollments import NEVER
from attendance.store.errors import unavailable_on_network_error
from attendance.store.tracks import tracks_without

# What a legal hold keeps, and what makes sense of it.
_HELD = ("records", "notices", "enrollments", "students")
_BY_STUDENT = ("records", "notices", "enrollments", "cards", "claims")
_BY_ID = ("students", "biometrics")
_ROUNDS = 20


class Traces:
    """What the database holds of a student, by collection."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self._database = database

    async def count(self, student_id: str, *, held: bool = False) -> dict[str, int]:
        """Give how many documents name a student, by collection; `held`: not those that a legal hold keeps."""
        found: dict[str, int] = {}
        with unavailable_on_network_error():
            for name, query in self._queries(student_id, held=held).items():
                found[name] = await self._database[name].count_documents(query)
            found["tracks"] = len(await self._naming("tracks", student_id))
            found["idempotency_keys"] = len(await self._naming("idempotency_keys", student_id))
        return {name: count for name, count in found.items() if count}

    async def leave_rosters(self, student_id: str) -> None:
        """Take a student out of every class: workers hear of that within seconds, and of a deletion they would not."""
        gone = {"$set": {"end": NEVER.isoformat(), "begin": None, "updated_at": present()}}
        with unavailable_on_network_error():
            await self._database["enrollments"].update_many({"student_id": student_id}, gone)

    async def delete(self, student_id: str, *, held: bool, keep: frozenset[str] = frozenset()) -> dict[str, int]:
        """Delete all that names a student, and give how many documents of each collection that were.

        Args:
            student_id: whom.
            held: what a legal hold keeps stays.
            keep: collections of which the documents stay for now: workers have yet to hear of a change there.
        """
        deleted: dict[str, int] = {}
        with unavailable_on_network_error():
            for name, query in self._queries(student_id, held=held).items():
                if name in keep:
                    continue
                collection = self._database[name]
                if name == "event_log":
                    # Numbers have no gaps, so the entry stays; its event went with the record.
                    blank = {"$set": {"document": ""}, "$unset": {"student_id": "", "class_id": "", "meeting_id": ""}}
                    done = (await collection.update_many(query, blank)).modified_count
                elif name == "tokens":
                    done = await self._without_tokens(collection, student_id)
                else:
                    done = (await collection.delete_many(query)).deleted_count
                if done:
                    deleted[name] = done
            await self._forget_tracks(student_id)
            for document in await self._naming("idempotency_keys", student_id):
                await self._database["idempotency_keys"].delete_one({"_id": document["_id"]})
        return deleted

    def _queries(self, student_id: str, *, held: bool) -> dict[str, Document]:
        queries: dict[str, Document] = {name: {"student_id": student_id} for name in _BY_STUDENT}
        queries |= {name: {"_id": student_id} for name in _BY_ID}
        queries["tokens"] = {"subjects": student_id}
        if not held:
            return queries | {"event_log": {"student_id": student_id}}
        return {name: query for name, query in queries.items() if name not in _HELD}

    async def _without_tokens(self, tokens: Collection, student_id: str) -> int:
        """Delete the student's own tokens, and take them out of those of others (their adviser's)."""
        own = await tokens.delete_many({"subjects": [student_id], "role": Role.STUDENT.value})
        others = await tokens.update_many({"subjects": student_id}, {"$pull": {"subjects": student_id}})
        return own.deleted_count + others.modified_count

    async def _forget_tracks(self, student_id: str) -> None:
        """Take a student out of what is kept of cameras' tracks. A worker that saves meanwhile is gone over again."""
        for _ in range(_ROUNDS):
            naming = await self._naming("tracks", student_id)
            if not naming:
                return
            for document in naming:
                same = {"_id": document["_id"], "saved_at": document["saved_at"], "offset": document["offset"]}
                await self._database["tracks"].update_one(same, {"$set": tracks_without(document, student_id)})

    async def _naming(self, collection: str, student_id: str) -> list[Document]:
        """Give the documents of a small collection that name a student anywhere."""
        return [document async for document in self._database[collection].find({}) if _names(document, student_id)]


def _names(value: Any, student_id: str) -> bool:  # noqa: ANN401 - any part of any document
    if isinstance(value, dict):
        return any(_names(key, student_id) or _names(each, student_id) for key, each in value.items())
    if isinstance(value, list):
        return any(_names(each, student_id) for each in value)
    if isinstance(value, bytes):
        return student_id.encode() in value
    return isinstance(value, str) and student_id in value
