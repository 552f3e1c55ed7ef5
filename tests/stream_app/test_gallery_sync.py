"""What changes in the store reaches the views within the lease; on the real database."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from attendance import rules
from attendance.cameras import Camera
from attendance.coverage import Coverage
from attendance.ids import new_id
from attendance.meetings import Meeting
from attendance.people import Consent, Enrollment, StoredTemplate
from attendance.records import Block, Record
from attendance.status import Status
from attendance.store import Store, StoreUnavailable
from recognition import Template
from stream_app.gallery_sync import LEASE_SECONDS, OVERLAP, Changes, GallerySync
from stream_app.rosters import Rosters, View

ENCODER = "an-encoder"
NOW = datetime.now(UTC).replace(microsecond=0)


class School:
    """A room with a meeting on, and a worker that looks at it. `now` is the worker's own clock of the lease."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = 1000.0
        self.sync = GallerySync(store, monotonic=lambda: self.now)
        self.rosters = Rosters(store, ENCODER, self.sync)
        self.room = new_id()
        hour = timedelta(hours=1)
        self.meeting = Meeting(new_id(), new_id(), (self.room,), NOW - hour, NOW + hour, "Europe/Vienna")
        self.ada, self.ben = new_id(), new_id()

    async def open(self) -> "School":
        await self.store.meetings.add(self.meeting)
        for student in (self.ada, self.ben):
            await self.enrol(student)
        await self.add_photo(self.ada)
        await self.sync.poll()
        return self

    async def enrol(self, student: str) -> None:
        await self.store.classes.enroll(Enrollment(self.meeting.class_id, student))

    async def add_photo(self, student: str, template_id: str = "") -> None:
        await self.store.biometrics.record_consent(Consent(student, "consent", "1", "them", NOW))
        template = Template(ENCODER, np.ones(4, np.float32))
        await self.store.biometrics.add_template(StoredTemplate(template_id or new_id(), student, template, NOW))

    async def view(self) -> View:
        view = await self.rosters.view((self.room,), NOW)
        assert view
        return view

    async def people(self) -> set[str]:
        return set((await self.view()).gallery.people)

    async def deny(self, camera_id: str) -> Block:
        def decide(record: Record | None) -> Record:
            seen = record or Record(self.meeting.id, self.ada, Status.PRESENT, False, None, None)  # noqa: FBT003
            return rules.deny(seen, block, self.meeting, by="them", reason=None, coverage=Coverage(), now=NOW)

        block = Block(camera_id, NOW - timedelta(minutes=1), NOW)
        await self.store.records.change(self.meeting, self.ada, decide, now=NOW)
        return block


@pytest.fixture
async def school(store: Store) -> School:
    return await School(store).open()


async def test_a_new_photo_a_withdrawn_consent_and_a_changed_roster_are_seen_at_the_next_poll(school: School) -> None:
    assert await school.people() == {school.ada}
    await school.add_photo(school.ben)
    await school.sync.poll()
    assert await school.people() == {school.ada, school.ben}
    await school.store.biometrics.withdraw_consent(school.ada, NOW)
    await school.sync.poll()
    assert await school.people() == {school.ben}
    yesterday = (NOW - timedelta(days=2)).date()
    await school.store.classes.enroll(Enrollment(school.meeting.class_id, school.ben, end=yesterday))
    await school.sync.poll()
    assert await school.people() == set()
    assert (await school.view()).watched[0].roster == {school.ada}


async def test_between_polls_nothing_is_read_again(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await school.view()

    async def not_again(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(school.store.biometrics, "templates_of", not_again)
    monkeypatch.setattr(school.store.classes, "roster", not_again)
    monkeypatch.setattr(school.store.meetings, "in_room", not_again)
    assert await school.view() is first


async def test_a_new_meeting_is_seen_though_the_room_was_known_to_be_empty(school: School) -> None:
    room = new_id()
    assert await school.rosters.view((room,), NOW) is None
    await school.store.meetings.add(replace(school.meeting, id=new_id(), room_ids=(room,)))
    await school.sync.poll()
    assert await school.rosters.view((room,), NOW)


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {"room_ids": ["elsewhere"]}])
async def test_a_meeting_that_is_cancelled_or_moved_is_not_on_any_more(
    school: School, database: AsyncDatabase[dict[str, Any]], change: dict[str, object]
) -> None:
    await school.view()
    # As another version, or the timetable's import, would write it.
    changed = {"$set": {**change, "updated_at": datetime.now(UTC)}}
    await database["meetings"].update_one({"_id": school.meeting.id}, changed)
    await school.sync.poll()
    assert await school.rosters.view((school.room,), NOW) is None


async def test_a_meeting_that_ended_within_the_next_ones_arrival_window_comes_with_the_view(school: School) -> None:
    after = replace(school.meeting, id=new_id(), start=school.meeting.end, end=school.meeting.end + timedelta(hours=1))
    await school.store.meetings.add(after)
    await school.sync.poll()

    async def meetings(moment: datetime) -> tuple[list[Meeting], list[Meeting]]:
        view = await school.rosters.view((school.room,), moment)
        assert view
        return [each.meeting for each in view.watched], [each.meeting for each in view.earlier]

    assert await meetings(after.start - timedelta(minutes=5)) == ([school.meeting, after], [])
    assert await meetings(after.start) == ([after], [school.meeting])
    assert await meetings(after.end - timedelta(seconds=1)) == ([after], [school.meeting])


async def test_people_who_did_not_change_keep_their_gallery(school: School) -> None:
    before = await school.view()
    await school.enrol(new_id())  # without a photo
    await school.deny(new_id())
    await school.sync.poll()
    after = await school.view()
    assert after is not before
    assert after.gallery is before.gallery
    await school.add_photo(school.ben)
    await school.sync.poll()
    assert (await school.view()).gallery is not before.gallery


async def test_not_this_person_comes_with_the_view_by_camera(school: School) -> None:
    assert (await school.view()).blocks == ()
    block = await school.deny("a camera")
    await school.sync.poll()
    assert (await school.view()).blocks == ((school.ada, block),)


async def test_a_change_by_a_writer_whose_clock_is_behind_is_seen(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    await school.view()
    behind = datetime.now(UTC) - OVERLAP + timedelta(seconds=3)
    monkeypatch.setattr("attendance.store.biometrics.present", lambda: behind)
    await school.add_photo(school.ben)
    await school.sync.poll()
    assert await school.people() == {school.ada, school.ben}


async def test_without_a_poll_for_the_lease_nothing_is_given(school: School) -> None:
    await school.view()
    school.now += LEASE_SECONDS - 0.1
    await school.view()
    school.now += 0.1
    with pytest.raises(StoreUnavailable):
        await school.view()
    await school.sync.poll()
    await school.view()


async def test_before_the_first_poll_nothing_is_given(store: Store) -> None:
    rosters = Rosters(store, ENCODER, GallerySync(store))
    with pytest.raises(StoreUnavailable):
        await rosters.view(("a room",), NOW)


class Asked:
    """A store that tells of no changes, or is away, or never answers."""

    def __init__(self) -> None:
        self.is_away = self.is_silent = False
        self.calls = 0
        self.biometrics = self.classes = self.meetings = self.cameras = self.records = self

    async def changed_since(self, _moment: datetime) -> list[Any]:
        self.calls += 1
        if self.is_away:
            raise StoreUnavailable("away")
        if self.is_silent:
            await asyncio.Event().wait()
        return []

    meetings_denied_since = changed_since


class Galleries:
    """Counts how often it was to drop all."""

    def __init__(self) -> None:
        self.dropped = asyncio.Event()

    async def take_in(self, _changes: Changes) -> None:
        return

    def drop(self) -> None:
        self.dropped.set()


async def _run_until(sync: GallerySync, is_so: Callable[[], Awaitable[object]]) -> None:
    running = asyncio.create_task(sync.run())
    try:
        async with asyncio.timeout(20):
            await is_so()
    finally:
        running.cancel()


@pytest.mark.parametrize("trouble", ["is_away", "is_silent"])
async def test_when_the_lease_runs_out_galleries_are_dropped_though_nobody_asks(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr("stream_app.gallery_sync.LEASE_SECONDS", 0.3)
    monkeypatch.setattr("stream_app.gallery_sync.POLL_SECONDS", 0.05)
    monkeypatch.setattr("stream_app.gallery_sync.RETRY_SECONDS", 0.05)
    asked, galleries = Asked(), Galleries()
    sync = GallerySync(cast("Store", asked))
    sync.follow(galleries)

    async def dropped() -> None:
        while asked.calls < 15:
            await asyncio.sleep(0.01)
        sync.check()
        assert not galleries.dropped.is_set()
        setattr(asked, trouble, True)
        await galleries.dropped.wait()
        with pytest.raises(StoreUnavailable):
            sync.check()
        setattr(asked, trouble, False)
        while True:  # it comes back by itself
            try:
                return sync.check()
            except StoreUnavailable:
                await asyncio.sleep(0.01)

    await _run_until(sync, dropped)


async def test_dropped_galleries_are_gone_from_memory(school: School) -> None:
    gallery = weakref.ref((await school.view()).gallery)
    school.rosters.drop()
    await asyncio.sleep(0)  # asyncio itself holds what a task was last woken with
    gc.collect()
    assert gallery() is None


async def test_a_withdrawn_consent_reaches_a_running_worker_within_the_lease(school: School) -> None:
    sync = GallerySync(school.store)
    rosters = Rosters(school.store, ENCODER, sync)

    async def forgotten() -> None:
        while True:
            try:
                view = await rosters.view((school.room,), NOW)
            except StoreUnavailable:  # not polled yet
                view = None
            if view and school.ada in view.gallery:
                break
            await asyncio.sleep(0.01)
        await school.store.biometrics.withdraw_consent(school.ada, NOW)
        while (view := await rosters.view((school.room,), NOW)) and school.ada in view.gallery:
            await asyncio.sleep(0.01)

    await _run_until(sync, forgotten)


async def test_a_cameras_changed_settings_are_told(school: School) -> None:
    camera = Camera(new_id(), school.room)
    told: list[frozenset[str]] = []

    class Cameras(Galleries):
        async def take_in(self, changes: Changes) -> None:
            told.append(changes.cameras)

    school.sync.follow(Cameras())
    await school.store.cameras.add(camera)
    await school.sync.poll()
    assert told == [{camera.id}]
