"""A camera's tracks outlive their worker, and a worker that wakes up late doesn't put old ones back."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from attendance.ids import new_id
from attendance.store import Store
from attendance.tracks import CameraTracks
from recognition import Box
from recognition.tracking import TrackerState, TrackState
from tests.attendance.building import CAMERA, MEETING, NOW, STUDENT, at
from tests.attendance.conftest import Documents

STATE = TrackerState(
    CAMERA,
    1_772_442_000.125,
    (TrackState("t", Box(10, 20, 60, 80), (1.5, -2.0), 1.0, 2.0, 7, person=STUDENT, margin=0.4),),
)


def tracks(offset: int = 7, *, camera_id: str = CAMERA, partition: int = 3, topic: str = "frames") -> CameraTracks:
    return CameraTracks(
        camera_id,
        topic,
        partition,
        offset,
        at(6),
        at(5),
        STATE.to_document(),
        {MEETING: {STUDENT: 2, "another": 1}},
        NOW,
    )


async def test_a_cameras_tracks_come_back_as_they_were_saved(store: Store) -> None:
    assert await store.tracks.of_camera(CAMERA) is None
    await store.tracks.save(tracks())
    kept = await store.tracks.of_camera(CAMERA)
    assert kept == tracks()
    assert TrackerState.from_document(kept.state) == STATE


async def test_later_tracks_of_a_partition_take_the_place_of_earlier_ones_and_never_the_other_way(store: Store) -> None:
    await store.tracks.save(tracks(7))
    await store.tracks.save(tracks(9))
    await store.tracks.save(tracks(8))
    assert await store.tracks.of_camera(CAMERA) == tracks(9)
    again = replace(tracks(9), chances={})
    await store.tracks.save(again)
    assert await store.tracks.of_camera(CAMERA) == again


async def test_tracks_of_a_topic_that_was_made_anew_take_the_place_of_the_old_ones(store: Store) -> None:
    await store.tracks.save(tracks(50_000))
    anew = replace(tracks(3), arrived_at=at(7))
    await store.tracks.save(anew)
    assert await store.tracks.of_camera(CAMERA) == anew


async def test_offsets_of_another_partition_or_topic_are_not_compared(store: Store) -> None:
    await store.tracks.save(tracks(900))
    await store.tracks.save(tracks(2, partition=4))
    assert await store.tracks.of_camera(CAMERA) == tracks(2, partition=4)
    await store.tracks.save(tracks(1, partition=4, topic="autumn.frames"))
    assert await store.tracks.of_camera(CAMERA) == tracks(1, partition=4, topic="autumn.frames")


async def test_of_many_who_save_at_once_the_latest_stays(store: Store, open_store: Callable[[], Store]) -> None:
    stores = [store, open_store(), open_store()]
    for _ in range(5):
        camera_id = new_id()
        offsets = list(range(20))
        random.Random(camera_id).shuffle(offsets)
        await asyncio.gather(
            *(stores[turn % 3].tracks.save(tracks(offset, camera_id=camera_id)) for turn, offset in enumerate(offsets))
        )
        assert await store.tracks.of_camera(camera_id) == tracks(19, camera_id=camera_id)


async def test_who_gets_a_partition_finds_the_tracks_of_its_cameras_and_no_others(store: Store) -> None:
    mine = sorted(new_id() for _ in range(5))
    for offset, camera_id in enumerate(mine):
        await store.tracks.save(tracks(offset, camera_id=camera_id))
    await store.tracks.save(tracks(camera_id=new_id(), partition=4))
    await store.tracks.save(tracks(camera_id=new_id(), topic="another"))
    assert [each.camera_id for each in await store.tracks.of_partition("frames", 3)] == mine
    assert await store.tracks.of_partition("frames", 5) == []


async def test_old_tracks_are_forgotten(store: Store, documents: Documents) -> None:
    old, new = new_id(), new_id()
    await store.tracks.save(replace(tracks(camera_id=old), saved_at=NOW - timedelta(seconds=1)))
    await store.tracks.save(tracks(camera_id=new))
    await store.tracks.forget(NOW)
    assert await store.tracks.of_camera(old) is None
    assert await store.tracks.of_camera(new) == tracks(camera_id=new)
    indexes = (await documents["tracks"].index_information()).values()
    assert [index["expireAfterSeconds"] for index in indexes if "expireAfterSeconds" in index] == [86_400]
