"""What is told of an erasure: the receipt, what is left, and by when each place outside has forgotten."""

from typing import Self

from pydantic import Field

from api.bodies import BodyOut
from api.times import MomentOut, now
from attendance.erasures import Erasure, Place, forgotten
from attendance.store import Store


class ForgottenOut(BodyOut):
    """A place outside of the database that may hold a copy."""

    place: str
    by: MomentOut | None = Field(description="null: it isn't known how long it keeps what it has")
    done: bool


class ErasureOut(BodyOut):
    """How far the erasure of a student is."""

    student_id: str
    requested_at: MomentOut
    complete: bool = Field(description="nothing is left anywhere that is known of")
    finished_at: MomentOut | None = Field(description="when the database had nothing left; null while it is pending")
    held: bool = Field(description="records and names stay, because of a legal hold; templates are gone")
    deleted: dict[str, int] = Field(description="documents deleted so far, by collection")
    remaining: dict[str, int] = Field(description="what names the student now, by collection; empty once it is done")
    elsewhere: list[ForgottenOut] = Field(description="topics and backups: what lies there is sealed, or ids only")

    @classmethod
    async def of(cls, store: Store, student_id: str, receipt: Erasure, places: list[Place]) -> Self:
        """Look at every place, and tell."""
        remaining = await store.erasures.remaining(student_id)
        elsewhere = forgotten(places, receipt.requested_at, now())
        is_gone = receipt.finished_at is not None and not remaining and not receipt.held
        return cls(
            student_id=student_id,
            requested_at=receipt.requested_at,
            complete=is_gone and all(each.done for each in elsewhere),
            finished_at=receipt.finished_at,
            held=receipt.held,
            deleted=dict(receipt.deleted),
            remaining=remaining,
            elsewhere=[ForgottenOut(place=each.place, by=each.by, done=each.done) for each in elsewhere],
        )
