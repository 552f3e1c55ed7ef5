"""Published notices, by version."""

from pymongo import ASCENDING, DESCENDING, IndexModel

from attendance.privacy_notices import PrivacyNotice
from attendance.store.collection import Collection, Document, create_indexes, find_all, find_one, insert
from attendance.store.errors import Missing


class PrivacyNotices:
    """The collection `privacy_notices`. What is published stays as it is."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """The latest is shown first."""
        await create_indexes(self._collection, [IndexModel([("published_at", ASCENDING)])])

    async def publish(self, notice: PrivacyNotice) -> None:
        """Publish a version.

        Raises:
            Conflict: the version is there already.
        """
        document = {
            "_id": notice.version,
            "title": notice.title,
            "text": notice.text,
            "language": notice.language,
            "published_at": notice.published_at,
            "published_by": notice.published_by,
        }
        await insert(self._collection, document, f"a notice of the version {notice.version!r}")

    async def get(self, version: str) -> PrivacyNotice:
        """Give a version.

        Raises:
            Missing: it was never published.
        """
        document = await find_one(self._collection, {"_id": version})
        if document is None:
            raise Missing(f"no notice of the version {version!r} was published")
        return _notice(document)

    async def all(self) -> list[PrivacyNotice]:
        """Give all versions, the latest first."""
        found = await find_all(self._collection, {}, sort=[("published_at", DESCENDING)])
        return [_notice(document) for document in found]


def _notice(document: Document) -> PrivacyNotice:
    return PrivacyNotice(
        version=document["_id"],
        title=document["title"],
        text=document["text"],
        language=document["language"],
        published_at=document["published_at"],
        published_by=document["published_by"],
    )
