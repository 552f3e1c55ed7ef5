"""A camera moves to another worker: its tracks go on, with templates read again from Kafka, and none of them stored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from faust.types import TP

from attendance.meetings import Meeting
from attendance.store import Store
from ingest.contract import Frame, from_message
from recognition import Engine, Gallery, PictureLimits, glance, glance_with, load_engine
from recognition.tracking import Tracker
from stream_app.assignment import Assignment
from stream_app.checks import FrameChecks
from stream_app.following import Following
from stream_app.health import Health
from stream_app.lanes import Lane, Settle, Work
from stream_app.messages import CheckedFrame, Looked, Message, Shown
from stream_app.pool import RecognitionPool
from stream_app.reading_back import ReadBack
from stream_app.resuming import Resuming
from stream_app.rosters import View, Watched
from tests.system.campus import Campus, Stack
from tests.system.pictures import hopper, jpeg
from tests.system.school import School, template_of

COUNT = 5
NOW = datetime.now(UTC).replace(microsecond=0)


class Moving:
    """A school's camera, its frames on Kafka, and workers that follow it."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        self.school = School.of("moving")
        self.camera = self.school.camera
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        picture = jpeg(hopper(), 0.9)
        self.frames = [
            Frame(f"frame-{number}", self.camera.id, start + timedelta(seconds=number), "image/jpeg", picture)
            for number in range(COUNT + 1)
        ]
        student = self.school.students["hopper"]
        meeting = Meeting(
            "meeting", "class", (self.camera.room_id,), start, start + timedelta(minutes=20), self.school.meeting.zone
        )
        gallery = Gallery.of(template_of("hopper").encoder, [(student, template_of("hopper"))])
        self.view = View((Watched(meeting, frozenset([student])),), gallery)

    def follow(self, following: Following, engine: Engine, frame: Frame) -> Shown:
        seen = glance(engine, frame.picture, self.camera.smallest_face, None)
        return following.take(Looked(frame.id, self.camera, frame.taken_at, seen), seen, self.view)

    async def check(self, message: Message) -> CheckedFrame:
        """Stand for the checks that a frame passed when it was first looked at."""
        key = self.campus.gateway_key
        frame = from_message(message.key, message.value, message.headers, find_key=lambda *_: key)
        return CheckedFrame(frame, self.camera)

    def resuming(self, pool: RecognitionPool) -> Resuming:
        engine = load_engine("fast")
        return Resuming(
            self.campus.store,
            cast("FrameChecks", self),
            pool,
            ReadBack(self.campus.connection.kafka_bootstrap, largest_message=10_000_000),
            lambda camera: Tracker.for_matcher(camera, engine.matcher),
            Health(),
            lost_after_s=4.0,
        )


@pytest.fixture
async def moving(stack: Stack, tmp_path: Path) -> AsyncIterator[Moving]:
    campus = Campus(stack, tmp_path)
    await campus.prepare()
    moving = Moving(campus)
    await moving.school.plant(campus.store)
    await campus.produce(moving.frames)
    yield moving
    campus.end()


async def test_a_camera_that_moves_keeps_its_tracks_ids_names_and_templates(moving: Moving) -> None:
    engine = load_engine("fast")
    first = Following(Tracker.for_matcher(moving.camera.id, engine.matcher))
    shown = [moving.follow(first, engine, frame) for frame in moving.frames[:COUNT]]
    (sighting,) = (seen.sighting for each in shown for seen in each.seen)

    store, topic = moving.campus.store, moving.campus.connection.topics.frames
    sent = await moving.campus.read(topic, COUNT + 1)
    last = next(record for record in sent if dict(record.headers)["ce_id"] == f"frame-{COUNT - 1}".encode())
    await store.tracks.save(first.saved(moving.camera, (topic, last.partition, last.offset), NOW, NOW))

    pool = RecognitionPool(glance_with("fast", PictureLimits()), size=1, deadline_s=60)
    try:
        resuming = moving.resuming(pool)
        lane = Lane(cast("Settle", None), 0.0)
        work = _work(moving, store, topic, last.partition, last.offset + 1)
        second = await resuming.following(lane, work, moving.camera)
        assert second is await resuming.following(lane, work, moving.camera)
    finally:
        pool.stop()

    resent = replace(work.message, offset=last.offset, arrived_at=NOW)
    assert lane.has_done(resent)
    assert not lane.has_done(replace(resent, offset=last.offset + 1))
    assert not lane.has_done(replace(resent, arrived_at=NOW + timedelta(milliseconds=1))), "of a topic made anew"
    assert second.was_counted(f"frame-{COUNT - 1}")
    on = [
        (moving.follow(each, engine, moving.frames[COUNT]), each.saved(moving.camera, (topic, 0, 9), NOW, NOW))
        for each in (first, second)
    ]
    assert on[0][1] == on[1][1]  # the same tracks with the same margins: so the templates are back
    assert [seen.sighting.id for seen in on[1][0].seen] == [sighting.id]


async def test_a_camera_nobody_followed_before_begins_anew(moving: Moving) -> None:
    lane = Lane(cast("Settle", None), 0.0)
    work = _work(moving, moving.campus.store, moving.campus.connection.topics.frames, 0, 0)
    following = await moving.resuming(cast("RecognitionPool", None)).following(lane, work, moving.camera)
    assert not lane.has_done(work.message)
    assert following.taken_at is None


async def test_frames_that_kafka_has_deleted_cost_templates_and_nothing_else(moving: Moving) -> None:
    engine = load_engine("fast")
    first = Following(Tracker.for_matcher(moving.camera.id, engine.matcher))
    for frame in moving.frames[:COUNT]:
        moving.follow(first, engine, frame)
    store, topic = moving.campus.store, moving.campus.connection.topics.frames
    used = {record.partition for record in await moving.campus.read(topic, COUNT + 1)}
    unused = next(number for number in range(4) if number not in used)
    await store.tracks.save(first.saved(moving.camera, (topic, unused, 1_000), NOW, NOW))
    work = _work(moving, store, topic, unused, 1_001)
    lane = Lane(cast("Settle", None), 0.0)
    second = await moving.resuming(cast("RecognitionPool", None)).following(lane, work, moving.camera)
    shown = moving.follow(second, engine, moving.frames[COUNT])
    assert [seen.sighting.first_seen for seen in shown.seen] == [moving.frames[0].taken_at]


def _work(moving: Moving, store: Store, topic: str, partition: int, offset: int) -> Work:
    now = moving.frames[COUNT].taken_at
    message = Message(topic, partition, offset, moving.camera.id.encode(), b"", (), now)
    assignment = Assignment(TP(topic, partition), store, "me", Health())
    slot = assignment.slots.add(offset, 1, lambda: None)
    return Work(message, slot, assignment, now)
