"""Who may be seen in a room at a moment: the meetings on there, their rosters, and one gallery of their templates.

All of it is kept until it changes, on the lease that `GallerySync` holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from attendance.meetings import Meeting
from attendance.people import StoredTemplate
from attendance.records import Block
from attendance.store import Store
from recognition import Gallery
from stream_app.gallery_sync import Changes, GallerySync
from stream_app.kept import Kept

# Meetings are looked up for a stretch of time around the frame; a longer one loads meetings that nobody asks for.
STRETCH_SECONDS = 300
# A meeting that ended before the arrival window of the next one no longer matters to it; no window is longer.
LONGEST_ARRIVAL = timedelta(hours=1)

_Meetings = tuple[Meeting, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """A meeting that frames of a room count for, with the students expected in it."""

    meeting: Meeting
    roster: frozenset[str]


@dataclass(frozen=True, slots=True)
class View:
    """What is on in a room: nothing, or meetings with the gallery of all who are expected.

    `blocks`: of which student somebody said that it isn't them, before which camera and when. `earlier`: meetings that
    ended within the arrival windows of those that are on; who attended them was still there until then.
    """

    watched: tuple[Watched, ...]
    gallery: Gallery
    blocks: tuple[tuple[str, Block], ...] = ()
    earlier: tuple[Watched, ...] = ()


class Rosters:
    """Gives the view of a room at a moment. Of people who didn't change, the gallery is the same object as before."""

    def __init__(self, store: Store, encoder: str, sync: GallerySync) -> None:
        self._store = store
        self._encoder = encoder
        self._sync = sync
        self._meetings: Kept[tuple[str, int], list[Meeting]] = Kept(self._load_meetings)
        self._views: Kept[tuple[_Meetings, _Meetings], View] = Kept(self._load_view)
        # By what is in them. The matcher works out anew what each new gallery's people are like.
        self._galleries: WeakValueDictionary[tuple[tuple[str, str], ...], Gallery] = WeakValueDictionary()
        sync.follow(self)

    async def view(self, room_ids: tuple[str, ...], moment: datetime) -> View | None:
        """Give what is on in the rooms that a camera watches; None where nothing is.

        Raises:
            StoreUnavailable: it can't be known now.
        """
        self._sync.check()
        stretch = int(moment.timestamp() // STRETCH_SECONDS)
        found = [meeting for room_id in room_ids for meeting in await self._meetings.get((room_id, stretch))]
        # One that is held in two of the rooms is one all the same.
        meetings = {meeting.id: meeting for meeting in found}.values()
        on = tuple(meeting for meeting in meetings if meeting.is_watched_at(moment))
        opens_at = min((meeting.opens_at for meeting in on), default=moment)
        earlier = tuple(each for each in meetings if each not in on and opens_at < each.end <= moment)
        view = await self._views.get((on, earlier)) if on else None
        # The lease may have run out while something was loaded.
        self._sync.check()
        return view

    async def take_in(self, changes: Changes) -> None:
        """Let go of the meetings, and load the views anew, that changed."""
        rooms = {room_id for meeting in changes.meetings for room_id in meeting.room_ids}
        ids = {meeting.id for meeting in changes.meetings}
        # One that was moved is also to be forgotten where it was.
        self._meetings.forget(lambda key, meetings: key[0] in rooms or any(each.id in ids for each in meetings))
        await self._views.renew(
            lambda _, view: any(
                each.meeting.class_id in changes.classes
                or each.meeting.id in changes.denied
                or not changes.students.isdisjoint(each.roster)
                for each in (*view.watched, *view.earlier)
            )
        )

    def drop(self) -> None:
        """Forget everything, galleries above all."""
        self._meetings.drop()
        self._views.drop()

    async def _load_meetings(self, key: tuple[str, int]) -> list[Meeting]:
        room_id, stretch = key
        start = datetime.fromtimestamp(stretch * STRETCH_SECONDS, UTC) - LONGEST_ARRIVAL
        end = datetime.fromtimestamp((stretch + 1) * STRETCH_SECONDS, UTC)
        return await self._store.meetings.in_room(room_id, opening_before=end, ending_after=start)

    async def _load_view(self, meetings: tuple[_Meetings, _Meetings]) -> View:
        on, over = meetings
        watched, earlier = [[await self._watched(meeting) for meeting in each] for each in (on, over)]
        blocks = [block for meeting in on for block in await self._store.records.blocks_of(meeting.id)]
        expected = sorted(frozenset().union(*(each.roster for each in watched)))
        templates = await self._store.biometrics.templates_of(expected)
        # One by another encoder can't be compared: as if there were none.
        gallery = self._gallery([each for each in templates if each.template.encoder == self._encoder])
        return View(tuple(watched), gallery, tuple(blocks), tuple(earlier))

    async def _watched(self, meeting: Meeting) -> Watched:
        roster = await self._store.classes.roster(meeting.class_id, meeting.local_date)
        return Watched(meeting, frozenset(roster))

    def _gallery(self, templates: Sequence[StoredTemplate]) -> Gallery:
        content = tuple((each.student_id, each.id) for each in templates)
        gallery = self._galleries.get(content)
        if gallery is None:
            gallery = Gallery.of(self._encoder, [(each.student_id, each.template) for each in templates])
            self._galleries[content] = gallery
        return gallery
