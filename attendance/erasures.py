"""Erasing a student: what a receipt says, and when each place that holds a copy has forgotten them too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# Workers hold galleries and rosters for 10 s (`stream_app.gallery_sync.LEASE_SECONDS`), and what one of them was about
# to write may wait for an election of the database. What comes so late is deleted by the second pass.
SECOND_PASS_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: a student's records have to be kept for now, whatever they ask. Never their templates."""

    student_id: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """The receipt of an erasure.

    `commitment` stands for the student's id, as in the audit: the receipt outlives the student's data, and names nobody
    to whoever doesn't know whom to ask for. `deleted`: documents by collection. `held`: records and names stay, because
    of a legal hold. `finished_at`: when the second pass had found everything gone; None while it is pending.
    """

    commitment: str
    requested_at: datetime
    requested_by: str
    held: bool = False
    deleted: Mapping[str, int] = field(default_factory=dict)
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Something outside of the database that may hold a copy: a topic, a set of backups; how long it keeps one.

    `keeps` None: how long isn't known.
    """

    name: str
    keeps: timedelta | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """By when a place has forgotten a student; `done`: it has."""

    place: str
    by: datetime | None
    done: bool


def forgotten(places: Sequence[Place], since: datetime, now: datetime) -> list[Forgotten]:
    """Tell of each place by when it has forgotten what it was given before a moment."""
    return [
        Forgotten(place.name, by, done=by is not None and by <= now)
        for place in places
        for by in [since + place.keeps if place.keeps is not None else None]
    ]
