"""Coverage and progress under many writers, partitions and the tries of suspect frames."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

from attendance.coverage import Coverage
from attendance.ids import new_id
from attendance.store import Store
from attendance.store.partitions import Takeover
from tests.attendance.building import CAMERA, MEETING, at, looked_at
from tests.attendance.conftest import Documents

SECOND = timedelta(seconds=1)


async def test_no_writer_of_coverage_is_lost(store: Store, open_store: Callable[[], Store]) -> None:
    stores = [store, *(open_store() for _ in range(3))]
    frames = [at(0) + number * SECOND for number in range(0, 300, 5)]  # apart, so that each is an interval of its own
    random.Random(1).shuffle(frames)

    async def cover(writer: int) -> None:
        for frame in frames[writer::12]:
            await stores[writer % 4].progress.cover(MEETING, CAMERA, Coverage.of_frames([frame], SECOND))

    await asyncio.gather(*(cover(writer) for writer in range(12)))
    assert await store.progress.coverage_of(MEETING) == Coverage.of_frames(frames, SECOND)


async def test_covering_the_same_twice_changes_nothing(store: Store, documents: Documents) -> None:
    odd = timedelta(seconds=1 / 30)  # not a whole number of milliseconds, as the store keeps them
    frames = Coverage.of_frames([at(0) + number * odd for number in range(50)], odd)
    first = await store.progress.cover(MEETING, CAMERA, frames)
    document = await documents["coverage"].find_one({})
    assert await store.progress.cover(MEETING, CAMERA, frames) == first
    assert await store.progress.coverage_of(MEETING) == first
    assert await documents["coverage"].find_one({}) == document


async def test_a_meetings_coverage_is_what_any_of_its_cameras_looked_at(store: Store) -> None:
    await store.progress.cover(MEETING, CAMERA, looked_at((0, 10), (30, 40)))
    await store.progress.cover(MEETING, "another", looked_at((5, 20)))
    await store.progress.cover(new_id(), CAMERA, looked_at((45, 50)))
    assert await store.progress.coverage_of(MEETING) == looked_at((0, 20), (30, 40))
    assert await store.progress.coverage_of(new_id()) == Coverage()


async def test_covering_gives_all_that_this_camera_covered(store: Store) -> None:
    await store.progress.cover(MEETING, "another", looked_at((5, 20)))
    assert await store.progress.cover(MEETING, CAMERA, looked_at((0, 1))) == looked_at((0, 1))
    assert await store.progress.cover(MEETING, CAMERA, looked_at((1, 2))) == looked_at((0, 2))
    assert await store.progress.cover(MEETING, CAMERA, Coverage()) == looked_at((0, 2))


async def test_a_cameras_time_processed_through_never_goes_back(store: Store, open_store: Callable[[], Store]) -> None:
    stores = [store, open_store(), open_store()]
    moments = [at(minute) for minute in range(30)]
    random.Random(1).shuffle(moments)
    await asyncio.gather(*(stores[turn % 3].progress.advance(CAMERA, moment) for turn, moment in enumerate(moments)))
    assert await store.progress.processed_through([CAMERA, "never sent"]) == {CAMERA: at(29)}
    await store.progress.advance(CAMERA, at(3))
    assert await store.progress.processed_through([CAMERA]) == {CAMERA: at(29)}


async def test_who_takes_a_partition_that_was_never_held_or_left_in_order_suspects_nothing(store: Store) -> None:
    partitions = store.partitions
    assert await partitions.take("frames", 0, "a") == Takeover(0, {})
    await partitions.reserve("frames", 0, 64)
    await partitions.leave("frames", 0, "a")
    assert await partitions.take("frames", 0, "b") == Takeover(0, {})


async def test_who_takes_over_from_one_that_was_killed_suspects_what_it_had_begun(store: Store) -> None:
    partitions = store.partitions
    await partitions.take("frames", 0, "a")
    await partitions.reserve("frames", 0, 64)
    assert await partitions.take("frames", 0, "b") == Takeover(64, {})
    await partitions.count_try("frames", 0, 7, 1)
    await partitions.count_try("frames", 0, 7, 2)
    await partitions.count_try("frames", 0, 8, 1)
    await partitions.forget_tries("frames", 0, 8)
    assert await partitions.tries("frames", 0) == {7: 2}
    assert await partitions.take("frames", 0, "c") == Takeover(64, {7: 2})
    assert await partitions.take("frames", 1, "c") == Takeover(0, {})
    assert await partitions.tries("sightings", 0) == {}


async def test_a_holder_that_lost_a_partition_does_not_let_it_go_for_the_next(store: Store) -> None:
    partitions = store.partitions
    await partitions.take("frames", 0, "a")
    await partitions.reserve("frames", 0, 64)
    await partitions.take("frames", 0, "b")
    await partitions.leave("frames", 0, "a")
    assert await partitions.take("frames", 0, "c") == Takeover(64, {})


async def test_a_holder_that_wakes_up_late_takes_no_suspect_from_the_next(store: Store) -> None:
    partitions = store.partitions
    await partitions.take("frames", 0, "a")
    await partitions.take("frames", 0, "b")
    await partitions.reserve("frames", 0, 640)
    await partitions.reserve("frames", 0, 128)  # by "a", stopped for a while and woken up
    assert await partitions.take("frames", 0, "c") == Takeover(640, {})


async def test_a_try_that_is_noted_twice_since_its_answer_was_lost_counts_once(store: Store) -> None:
    await store.partitions.take("frames", 0, "a")
    for tries in (1, 2, 2, 1):
        await store.partitions.count_try("frames", 0, 7, tries)
    assert await store.partitions.tries("frames", 0) == {7: 2}


async def test_many_who_take_a_new_partition_at_once_all_get_an_answer(
    store: Store, open_store: Callable[[], Store]
) -> None:
    stores = [store, *(open_store() for _ in range(3))]
    for partition in range(10):
        taken = await asyncio.gather(
            *(each.partitions.take("frames", partition, f"{index}") for index, each in enumerate(stores))
        )
        assert taken == [Takeover(0, {})] * 4


async def test_skipped_frames_are_counted_by_camera_and_reason(store: Store, open_store: Callable[[], Store]) -> None:
    stores = [store, open_store()]
    await asyncio.gather(*(stores[turn % 2].progress.skip(MEETING, CAMERA, "behind", 3) for turn in range(10)))
    await store.progress.skip(MEETING, CAMERA, "complete", 1)
    await store.progress.skip(MEETING, "another", "behind", 2)
    await store.progress.skip(new_id(), CAMERA, "behind", 7)
    assert await store.progress.skips_of(MEETING) == {
        CAMERA: {"behind": 30, "complete": 1},
        "another": {"behind": 2},
    }
    assert await store.progress.skips_of(new_id()) == {}
