"""Tokens, by what is kept of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING

from attendance.rights import NewToken, Principal, Role, make_token, matches, token_id_of
from attendance.store.collection import Collection, Document, find_all, find_one, insert, update_one
from attendance.store.errors import Missing, unavailable_on_network_error

# A write at each request would cost more than the day and the hour are worth.
_USE_NOTED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """What may be shown of a token: all but what it is checked by. `last_used_at` is true to a minute."""

    id: str
    role: Role
    subjects: tuple[str, ...]
    label: str
    created_at: datetime
    begins_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Tokens:
    """The collection `tokens`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def create(
        self,
        role: Role,
        *,
        now: datetime,
        subjects: frozenset[str] = frozenset(),
        begins_at: datetime | None = None,
        expires_at: datetime | None = None,
        label: str = "",
    ) -> NewToken:
        """Make a token; its text is known only here and now."""
        token = make_token()
        document = {
            "_id": token.id,
            "digest": token.digest,
            "role": role.value,
            "subjects": sorted(subjects),
            "label": label,
            "created_at": now,
            "begins_at": begins_at,
            "expires_at": expires_at,
        }
        await insert(self._collection, document, "a token with this id")
        return token

    async def principal_of(self, text: str, now: datetime) -> Principal | None:
        """Tell who bears this token; None where it is unknown, wrong, revoked, expired or not in force yet."""
        token_id = token_id_of(text)
        document = await find_one(self._collection, {"_id": token_id}) if token_id else None
        if document is None or not matches(text, document["digest"]):
            return None
        begins_at, expires_at = document.get("begins_at"), document["expires_at"]
        if document.get("revoked_at") or (begins_at and now < begins_at) or (expires_at and expires_at <= now):
            return None
        used = document.get("last_used_at")
        if used is None or now - used >= _USE_NOTED_AFTER:
            await update_one(self._collection, {"_id": token_id}, {"$set": {"last_used_at": now}})
        return _principal(document)

    async def revoke(self, token_id: str, now: datetime) -> bool:
        """End a token; tell whether there was one."""
        return await update_one(self._collection, {"_id": token_id}, {"$set": {"revoked_at": now}})

    async def revoke_of(self, role: Role, subject: str, now: datetime) -> None:
        """End the tokens of a role that name this subject."""
        query = {"role": role.value, "subjects": subject, "revoked_at": None}
        with unavailable_on_network_error():
            await self._collection.update_many(query, {"$set": {"revoked_at": now}})

    async def get(self, token_id: str) -> TokenEntry:
        """Give a token's entry.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._collection, {"_id": token_id})
        if document is None:
            raise Missing(f"no token {token_id}")
        return _entry(document)

    async def of_subject(self, role: Role, subject: str) -> list[TokenEntry]:
        """Give the entries of the tokens of a role that name this subject, revoked ones too."""
        query = {"role": role.value, "subjects": subject}
        return [_entry(document) for document in await find_all(self._collection, query, sort=[("_id", ASCENDING)])]

    async def page(self, *, after: str | None, limit: int) -> list[TokenEntry]:
        """Give the entries of the next tokens in order of id, revoked ones too."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        documents = await find_all(self._collection, query, sort=[("_id", ASCENDING)], limit=limit)
        return [_entry(document) for document in documents]

    async def count_administrators(self, now: datetime | None = None) -> int:
        """Count the administrators' tokens that work: neither revoked nor expired."""
        standing: Document = {
            "role": Role.ADMINISTRATOR.value,
            "revoked_at": None,
            "$or": [{"expires_at": None}, {"expires_at": {"$gt": now or datetime.now(UTC)}}],
        }
        with unavailable_on_network_error():
            return await self._collection.count_documents(standing)


def _entry(document: Document) -> TokenEntry:
    return TokenEntry(
        id=document["_id"],
        role=Role(document["role"]),
        subjects=tuple(document["subjects"]),
        label=document["label"],
        created_at=document["created_at"],
        begins_at=document.get("begins_at"),
        expires_at=document["expires_at"],
        revoked_at=document.get("revoked_at"),
        last_used_at=document.get("last_used_at"),
    )


def _principal(document: Document) -> Principal:
    return Principal(
        token_id=document["_id"],
        role=Role(document["role"]),
        subjects=frozenset(document["subjects"]),
        expires_at=document["expires_at"],
    )
