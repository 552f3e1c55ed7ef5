"""Consent and templates of a student, in one document: so that no template can outlive or precede its consent."""

from datetime import datetime

from attendance.people import Consent, StoredTemplate
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
from attendance.store.errors import NoConsent
from recognition import Template


class Biometrics:
    """The collection `biometrics`, by student id."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """Workers ask whose templates changed."""
        await create_indexes(self._collection, [BY_CHANGE])

    async def record_consent(self, consent: Consent) -> None:
        """Record a consent; templates that an earlier one brought stay."""
        fields = {
            "basis": consent.basis,
            "notice_version": consent.notice_version,
            "given_by": consent.given_by,
            "given_at": consent.given_at,
            "guardian": consent.guardian,
        }
        update = {"$set": {"consent": fields, "updated_at": present()}, "$setOnInsert": {"templates": []}}
        await update_one(self._collection, {"_id": consent.student_id}, update, upsert=True)

    async def consent_of(self, student_id: str) -> Consent | None:
        """Give the standing consent; None where there is none or it was withdrawn."""
        document = await find_one(self._collection, {"_id": student_id})
        return _consent(document) if document and document.get("consent") else None

    async def withdraw_consent(self, student_id: str, now: datetime) -> bool:
        """End the consent and delete the templates, in one write; tell whether there was a consent."""
        update: Document = {"$set": {"consent": None, "withdrawn_at": now, "templates": [], "updated_at": present()}}
        return await update_one(self._collection, {"_id": student_id, "consent": {"$ne": None}}, update)

    async def add_template(self, template: StoredTemplate) -> None:
        """Keep a template, if its student's consent stands at the moment of the write.

        Raises:
            NoConsent: it doesn't.
        """
        update = {"$push": {"templates": _to_document(template)}, "$set": {"updated_at": present()}}
        standing = {"_id": template.student_id, "consent": {"$ne": None}}
        if not await update_one(self._collection, standing, update):
            raise NoConsent(f"student {template.student_id} has no standing consent")

    async def remove_template(self, student_id: str, template_id: str) -> bool:
        """Delete one template; tell whether there was one."""
        update: Document = {"$pull": {"templates": {"id": template_id}}, "$set": {"updated_at": present()}}
        return await update_one(self._collection, {"_id": student_id, "templates.id": template_id}, update)

    async def templates_of(self, student_ids: list[str]) -> list[StoredTemplate]:
        """Give all templates of these students; those without a standing consent have none."""
        documents = await find_by_ids(self._collection, student_ids, {"consent": {"$ne": None}})
        return [_template(document["_id"], part) for document in documents for part in document["templates"]]

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
        return [_template(document["_id"], part) for document in documents for part in document["templates"]]

    async def changed_since(self, moment: datetime) -> list[str]:
        """Give the ids of the students whose consent or templates changed at this moment or later."""
        return await find_values(self._collection, "_id", since(moment))


def _to_document(template: StoredTemplate) -> Document:
    return {
        "id": template.id,
        "encoder": template.template.encoder,
        "values": template.template.to_bytes(),
        "created_at": template.created_at,
    }


def _template(student_id: str, part: Document) -> StoredTemplate:
    template = Template.from_bytes(part["encoder"], part["values"])
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
    )
