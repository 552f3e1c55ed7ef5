"""Who may be seen in a room at a moment: the meetings on there, their rosters, and one gallery of their templates.

All of it is held on a lease. When the database can't be asked, nothing older is used: frames wait instead, so that a
withdrawn consent is never answered from memory.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from attendance.meetings import Meeting
from attendance.store import Store
from recognition import Gallery
from stream_app.lease import Leased

# A withdrawn consent must be forgotten within 10 s (design, section 8). Meetings and galleries are leased one behind
# the other, so each gets less than half of it.
LEASE_SECONDS = 4.0
# Meetings are looked up for a stretch of time around the frame; a longer one loads meetings that nobody asks for.
STRETCH_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """A meeting that frames of a room count for, with the students expected in it."""

    meeting: Meeting
    roster: frozenset[str]


@dataclass(frozen=True, slots=True)
class View:
    """What is on in a room: nothing, or meetings with the gallery of all who are expected."""

    watched: tuple[Watched, ...]
    gallery: Gallery


class Rosters:
    """Gives the view of a room at a moment."""

    def __init__(self, store: Store, encoder: str) -> None:
        self._store = store
        self._encoder = encoder
        self._meetings: Leased[tuple[str, int], list[Meeting]] = Leased(self._load_meetings, LEASE_SECONDS)
        self._views: Leased[tuple[Meeting, ...], View] = Leased(self._load_view, LEASE_SECONDS)

    async def view(self, room_id: str, moment: datetime) -> View | None:
        """Give what is on in a room; None where nothing is.

        Raises:
            StoreUnavailable: it can't be known now.
        """
        stretch = int(moment.timestamp() // STRETCH_SECONDS)
        meetings = await self._meetings.get((room_id, stretch))
        on = tuple(meeting for meeting in meetings if meeting.is_watched_at(moment))
        return await self._views.get(on) if on else None

    async def _load_meetings(self, key: tuple[str, int]) -> list[Meeting]:
        room_id, stretch = key
        start = datetime.fromtimestamp(stretch * STRETCH_SECONDS, UTC)
        end = datetime.fromtimestamp((stretch + 1) * STRETCH_SECONDS, UTC)
        return await self._store.meetings.in_room(room_id, opening_before=end, ending_after=start)

    async def _load_view(self, meetings: tuple[Meeting, ...]) -> View:
        watched = [
            Watched(meeting, frozenset(await self._store.classes.roster(meeting.class_id, meeting.local_date)))
            for meeting in meetings
        ]
        expected = sorted(frozenset().union(*(each.roster for each in watched)))
        templates = await self._store.biometrics.templates_of(expected)
        gallery = Gallery(self._encoder)
        for template in templates:
            # One by another encoder can't be compared: as if there were none.
            if template.template.encoder == self._encoder:
                gallery.add(template.student_id, template.template)
        return View(tuple(watched), gallery)
