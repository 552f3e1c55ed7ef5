"""Consent and templates of a student, in one document: so that no template can outlive or precede its consent."""

from datetime import datetime

import structlog
from pymongo import ASCENDING

from attendance.people import Consent, ConsentEntry, ConsentStep, StoredTemplate, Withdrawal
from attendance.sealing import SealedTemplates
from attendance.sealing.box import SealBroken
from attendance.sealing.templates import open_template, seal_template
from attendance.store.collection import (
    BY_CHANGE,
    Collection,
    Document,
    create_indexes,
    find_all,
    find_by_ids,
    find_one,
    find_values,
    present,
    since,
    update_one,
)
from attendance.store.errors import NoConsent, unavailable_on_network_error
from recognition import Template

log = structlog.get_logger(__name__)

# Which form new documents have; `migrations.py` brings earlier ones to it.
BIOMETRICS_SCHEMA = 2
_NEW: Document = {"templates": [], "schema": BIOMETRICS_SCHEMA}


class Biometrics:
    """The collection `biometrics`, by student id."""

    def __init__(self, collection: Collection, sealed: SealedTemplates) -> None:
        self._collection = collection
        self._sealed = sealed

    async def ensure_indexes(self) -> None:
        """Workers ask whose templates changed."""
        await create_indexes(self._collection, [BY_CHANGE])

    async def record_consent(self, consent: Consent) -> None:
        """Record a consent; templates that an earlier one brought stay."""
        now = present()
        said = {
            "basis": consent.basis,
            "notice_version": consent.notice_version,
            "given_by": consent.given_by,
            "guardian": consent.guardian,
        }
        fields = {
            **said,
            "given_at": consent.given_at,
            "recorded_by": consent.recorded_by,
            "recorded_at": now,
        }
        update = {
            "$set": {"consent": fields, "updated_at": now},
            "$push": {"history": _entry(ConsentStep.GIVEN, consent.recorded_by, now, said)},
            "$setOnInsert": _NEW,
        }
        await update_one(self._collection, {"_id": consent.student_id}, update, upsert=True)

    async def consent_of(self, student_id: str) -> Consent | None:
        """Give the standing consent; None where there is none or it was withdrawn."""
        document = await find_one(self._collection, {"_id": student_id})
        return _consent(document) if document and document.get("consent") else None

    async def withdraw_consent(
        self, student_id: str, now: datetime, *, by: str = "", step: ConsentStep = ConsentStep.WITHDRAWN
    ) -> Withdrawal | None:
        """End the consent and delete the templates, in one write, then their key; None where there was no consent.

        Said again it destroys the key again: the first time may have been broken off between the two.

        Raises:
            KeyUnusable: the key can't be destroyed now; the templates are gone all the same.
        """
        update: Document = {
            "$set": {"consent": None, "withdrawn_at": now, "templates": [], "updated_at": present()},
            "$push": {"history": _entry(step, by, now)},
        }
        standing = {"_id": student_id, "consent": {"$ne": None}}
        with unavailable_on_network_error():
            before = await self._collection.find_one_and_update(standing, update)
        await self._sealed.withdraw(student_id, now)
        return Withdrawal(now, len(before["templates"])) if before else None

    async def note_declined(self, student_id: str, notice_version: str, *, by: str, now: datetime) -> None:
        """Note that somebody who was asked declined."""
        entry = _entry(ConsentStep.DECLINED, by, now, {"notice_version": notice_version})
        update = {"$push": {"history": entry}, "$set": {"updated_at": now}, "$setOnInsert": {**_NEW, "consent": None}}
        await update_one(self._collection, {"_id": student_id}, update, upsert=True)

    async def history_of(self, student_id: str) -> list[ConsentEntry]:
        """Give what became of a student's consents, the earliest first."""
        document = await find_one(self._collection, {"_id": student_id})
        return [
            ConsentEntry(
                ConsentStep(each["step"]),
                each["at"],
                each["by"],
                *(each.get(name) for name in ("notice_version", "basis", "given_by", "guardian")),
            )
            for each in (document or {}).get("history", [])
        ]

    async def standing_since(self, before: datetime, *, after: str | None, limit: int) -> list[str]:
        """Give the next students, in order of id, whose consent stands and was recorded before a moment."""
        query: Document = {"consent": {"$ne": None}, **({"_id": {"$gt": after}} if after else {})}
        found = await find_all(self._collection, query, sort=[("_id", ASCENDING)], limit=limit)
        return [each["_id"] for each in found if each["consent"].get("recorded_at", before) <= before]

    async def add_template(self, template: StoredTemplate) -> None:
        """Keep a template, if its student's consent stands at the moment of the write.

        Raises:
            NoConsent: it doesn't.
            KeyUnusable: there is no key to seal it with.
        """
        student_id = template.student_id
        standing = {"_id": student_id, "consent": {"$ne": None}}
        missing = NoConsent(f"student {student_id} has no standing consent")
        if await find_one(self._collection, standing) is None:
            raise missing  # before a key is made for them
        key = await self._sealed.key_for(student_id)
        update = {"$push": {"templates": _to_document(key, template)}, "$set": {"updated_at": present()}}
        if not await update_one(self._collection, standing, update):
            raise missing
        if not await self._sealed.still(student_id, key):  # withdrawn, and given again, while it was sealed
            await self.remove_template(student_id, template.id)
            raise missing

    async def remove_template(self, student_id: str, template_id: str) -> bool:
        """Delete one template; tell whether there was one."""
        update: Document = {"$pull": {"templates": {"id": template_id}}, "$set": {"updated_at": present()}}
        return await update_one(self._collection, {"_id": student_id, "templates.id": template_id}, update)

    async def templates_of(self, student_ids: list[str]) -> list[StoredTemplate]:
        """Give all templates of these students; those without a standing consent, or without their key, have none.

        Raises:
            KeyUnusable: the keys can't be had.
        """
        return await self._templates(await find_by_ids(self._collection, student_ids, {"consent": {"$ne": None}}))

    async def consenting(self, student_ids: list[str]) -> set[str]:
        """Give those of the students who have a standing consent."""
        found = await find_by_ids(self._collection, student_ids, {"consent": {"$ne": None}})
        return {document["_id"] for document in found}

    async def enrolled(self, encoder: str, student_ids: list[str], *, before: datetime) -> set[str]:
        """Give those of the students who have a template by this encoder since before a moment, and a consent."""
        template = {"encoder": encoder, "created_at": {"$lt": before}}
        query: Document = {"consent": {"$ne": None}, "templates": {"$elemMatch": template}}
        return {document["_id"] for document in await find_by_ids(self._collection, student_ids, query)}

    async def templates_of_all(self, *, most: int) -> list[StoredTemplate] | None:
        """Give the templates of all students with a standing consent; None where these are more students than that."""
        documents = await find_all(self._collection, {"consent": {"$ne": None}}, limit=most + 1)
        if len(documents) > most:
            return None
        return await self._templates(documents)

    async def sealing(self, documents: list[Document]) -> list[Document]:
        """Give the updates that seal templates from before there were keys.

        Raises:
            KeyUnusable: the keys can't be had.
        """
        updates: list[Document] = []
        for document in documents:
            parts: list[Document] = []
            for part in document.get("templates", []):
                if "values" in part:
                    key = await self._sealed.key_for(document["_id"])
                    parts.append(_to_document(key, _template(None, document["_id"], part)))
                else:
                    parts.append(part)
            updates.append({"$set": {"templates": parts, "updated_at": present()}})
        return updates

    async def changed_since(self, moment: datetime) -> list[str]:
        """Give the ids of the students whose consent or templates changed at this moment or later."""
        return await find_values(self._collection, "_id", since(moment))

    async def _templates(self, documents: list[Document]) -> list[StoredTemplate]:
        keys = await self._sealed.keys_of([document["_id"] for document in documents if document["templates"]])
        found: list[StoredTemplate] = []
        for document in documents:
            student_id, parts = document["_id"], document["templates"]
            try:
                found += _opened(keys.get(student_id), student_id, parts)
            except SealBroken:  # the key at hand may be one from before a withdrawal
                key = (await self._sealed.keys_of([student_id], at_hand=False)).get(student_id)
                try:
                    found += _opened(key, student_id, parts)
                except SealBroken:
                    log.error("a template can't be opened and is left out", student=student_id)  # noqa: TRY400
        return found


def _entry(step: ConsentStep, by: str, at: datetime, said: Document | None = None) -> Document:
    return {"step": step.value, "at": at, "by": by, **(said or {})}


def _to_document(key: bytes, template: StoredTemplate) -> Document:
    return {
        "id": template.id,
        "encoder": template.template.encoder,
        "sealed": seal_template(key, template.student_id, template.template),
        "created_at": template.created_at,
    }


def _opened(key: bytes | None, student_id: str, parts: list[Document]) -> list[StoredTemplate]:
    """Open a student's templates; without a key those alone that were kept before there were keys."""
    return [_template(key, student_id, part) for part in parts if key is not None or "values" in part]


def _template(key: bytes | None, student_id: str, part: Document) -> StoredTemplate:
    if key is None or "values" in part:
        template = Template.from_bytes(part["encoder"], part["values"])
    else:
        template = open_template(key, student_id, part["encoder"], part["sealed"])
    return StoredTemplate(part["id"], student_id, template, part["created_at"])


def _consent(document: Document) -> Consent:
    consent = document["consent"]
    return Consent(
        student_id=document["_id"],
        basis=consent["basis"],
        notice_version=consent["notice_version"],
        given_by=consent["given_by"],
        given_at=consent["given_at"],
        guardian=consent.get("guardian"),
        recorded_by=consent.get("recorded_by", ""),
        recorded_at=consent.get("recorded_at"),
    )
