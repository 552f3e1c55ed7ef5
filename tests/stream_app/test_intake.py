"""The intake and the lanes: what is acknowledged, what is held, and what is left when partitions go."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP, EventT

from attendance.cameras import Camera
from attendance.store import Store, StoreUnavailable
from attendance.store.partitions import Takeover
from stream_app import metrics
from stream_app.health import Health
from stream_app.intake import Intake
from stream_app.lanes import Lane, Settled, Work
from stream_app.messages import Looked, Outcome, Refused, Shown
from stream_app.settings import StreamSettings

CAMERA = Camera("camera", "room")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class FakePartitions:
    """The store's part of the story, without a store: it can say that the last holder was killed, or be away."""

    def __init__(self) -> None:
        self.takeover = Takeover(0, {})
        self.reserved: list[int] = []
        self.counted: list[int] = []
        self.left: list[int] = []
        self.is_away = False

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")

    async def take(self, _topic: str, _partition: int, _holder: str) -> Takeover:
        self._answer()
        return self.takeover

    async def reserve(self, _topic: str, _partition: int, until: int) -> None:
        self._answer()
        self.reserved.append(until)

    async def count_try(self, _topic: str, _partition: int, offset: int, _tries: int) -> None:
        self.counted.append(offset)

    async def forget_tries(self, _topic: str, _partition: int, _offset: int) -> None:
        return

    async def leave(self, _topic: str, partition: int, _holder: str) -> None:
        self._answer()
        self.left.append(partition)


@dataclass
class Bench:
    """An intake among fakes whose looks end when the test says so."""

    intake: Intake = field(init=False)
    partitions: FakePartitions = field(default_factory=FakePartitions)
    acknowledged: list[int] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    settled: list[list[str]] = field(default_factory=list)
    written_until: list[int] = field(default_factory=list)
    held: set[TP] = field(default_factory=set)
    looks: dict[int, asyncio.Future[Outcome]] = field(default_factory=dict)
    fatal: list[BaseException] = field(default_factory=list)
    settle_error: BaseException | None = None
    committed_offset: int | None = None
    position: int = 0
    end: int = 0
    write_after_s: float = 0.0
    is_urgent: bool = False

    async def look(self, work: Work) -> Outcome:
        work.is_begun = True
        self.looks[work.message.offset] = asyncio.get_running_loop().create_future()
        return await self.looks[work.message.offset]

    async def take(self, _lane: Lane, _work: Work, outcome: Outcome) -> Shown | None:
        if self.settle_error:
            raise self.settle_error
        return Shown(CAMERA, MOMENT, is_urgent=self.is_urgent) if isinstance(outcome, Looked) else None

    async def write(self, _lane: Lane, run: list[Settled], next_offset: int) -> None:
        self.settled.append([each.outcome.frame_id for each in run if isinstance(each.outcome, Looked)])
        self.written_until.append(next_offset)
        for each in run:
            each.work.finish()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        store = cast("Store", SimpleNamespace(partitions=self.partitions))
        settings = StreamSettings(
            unacknowledged_frames=4, unacknowledged_bytes=1000, drain_deadline_s=0.2, write_after_s=self.write_after_s
        )
        self.intake = Intake(
            settings, store, Health(), holder="me", look=self.look, settle=self, fatal=self.fatal.append
        )
        self.intake.source = self
        self.intake.assign([TP("frames", 0), TP("frames", 1)])
        yield
        for look in self.looks.values():
            look.cancel()

    def hold(self, partition: TP) -> None:
        self.held.add(partition)

    def let_go(self, partition: TP) -> None:
        self.held.remove(partition)

    def committed(self, _partition: TP) -> int | None:
        return self.committed_offset

    def confirmed(self, _partition: TP) -> int | None:
        return self.committed_offset

    async def ends(self, partitions: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        return dict.fromkeys(partitions, (self.position, self.end))

    def forget(self, event: EventT[Any]) -> None:
        self.forgotten.append(event.message.offset)

    def give(
        self, offset: int, camera: bytes = b"camera", partition: int = 0, size: int = 10, taken_at: str = ""
    ) -> None:
        message = SimpleNamespace(
            topic="frames",
            partition=partition,
            offset=offset,
            key=camera,
            value=b"x" * size,
            headers=[("ce_time", taken_at.encode())],
            timestamp=0.0,
        )
        event = SimpleNamespace(message=message, value=message.value, ack=lambda: self.acknowledged.append(offset))
        self.intake.take(cast("EventT[Any]", event))

    async def see(self, *offsets: int) -> None:
        for offset in offsets:
            await self.until(lambda offset=offset: offset in self.looks)  # type: ignore[misc]
            self.looks[offset].set_result(Looked(f"f{offset}", CAMERA, MOMENT))
        await asyncio.sleep(0.01)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.001)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with bench.running():
        yield bench


async def test_frames_of_one_camera_are_settled_in_order_though_looks_end_in_another(bench: Bench) -> None:
    for offset in range(3):
        bench.give(offset)
    await bench.see(2, 1)
    assert bench.settled == []
    await bench.see(0)
    assert [frame for run in bench.settled for frame in run] == ["f0", "f1", "f2"]
    assert bench.acknowledged == [0, 1, 2]


async def test_a_frame_that_was_taken_a_little_earlier_goes_first_though_it_came_later(bench: Bench) -> None:
    bench.give(0, taken_at="2026-01-01T00:00:00.4Z")
    bench.give(1, taken_at="2026-01-01T00:00:00.2Z")
    bench.give(2, taken_at="2025-12-31T23:00:00Z")  # too far back to be waited for
    await bench.see(0, 2, 1)
    assert [frame for run in bench.settled for frame in run] == ["f1", "f0", "f2"]
    assert bench.acknowledged == [0, 1, 2]


async def test_a_frame_with_a_time_far_ahead_lets_none_of_those_behind_it_change_places(bench: Bench) -> None:
    bench.give(0, taken_at="2026-01-01T00:00:30Z")
    bench.give(1, taken_at="2026-01-01T00:00:00Z")
    bench.give(2, taken_at="2026-01-01T00:00:20Z")
    bench.give(3, taken_at="2026-01-01T00:00:29.5Z")
    await bench.see(0, 1, 2, 3)
    assert [frame for run in bench.settled for frame in run] == ["f0", "f1", "f2", "f3"]


async def test_what_is_written_is_said_to_reach_no_further_than_the_first_frame_still_waiting(bench: Bench) -> None:
    bench.give(0, taken_at="2026-01-01T00:00:00.4Z")
    bench.give(1, taken_at="2026-01-01T00:00:00.2Z")
    await bench.see(1)
    assert bench.written_until == [0]
    await bench.see(0)
    assert bench.written_until == [0, 2]


async def test_a_slow_camera_does_not_keep_another_from_being_settled_but_from_being_acknowledged(
    bench: Bench,
) -> None:
    bench.give(0, b"slow")
    bench.give(1, b"quick")
    await bench.see(1)
    assert bench.settled == [["f1"]]
    assert bench.acknowledged == []
    await bench.see(0)
    assert bench.acknowledged == [0, 1]


async def test_a_partition_is_held_at_its_bound_of_frames_and_goes_on_at_half(bench: Bench) -> None:
    for offset in range(4):
        bench.give(offset)
    assert bench.held == {TP("frames", 0)}
    await bench.see(0)
    assert bench.held
    await bench.see(1)
    assert not bench.held


async def test_a_partition_is_held_at_its_bound_of_bytes_until_pictures_are_let_go(bench: Bench) -> None:
    bench.give(0, size=600)
    bench.give(1, size=600)
    assert bench.held == {TP("frames", 0)}
    for work in list(bench.intake._under_way):
        work.let_bytes_go()
    assert not bench.held


async def test_finished_frames_behind_a_slow_one_still_count_against_the_bound(bench: Bench) -> None:
    for offset in range(4):
        bench.give(offset, b"camera %d" % offset)
    await bench.see(1, 2, 3)
    assert bench.held == {TP("frames", 0)}


@pytest.mark.parametrize(("committed", "lost"), [(3, 4), (7, 0), (None, 0)])
async def test_frames_that_kafka_deleted_unseen_are_counted_and_told(
    bench: Bench, committed: int | None, lost: int
) -> None:
    before = metrics.LOST._value.get()
    bench.committed_offset = committed
    bench.give(7)
    bench.give(9)  # a gap behind the first is no loss: the offsets of aborted transactions, say
    assert metrics.LOST._value.get() - before == lost


async def test_frames_that_kafka_deleted_while_the_partition_was_ours_are_counted_too(bench: Bench) -> None:
    before = metrics.LOST._value.get()
    bench.give(7)
    bench.give(17)
    assert metrics.LOST._value.get() - before == 9


async def test_a_frame_that_faust_delivers_again_is_looked_at_once(bench: Bench) -> None:
    bench.give(0)
    bench.give(0)
    assert bench.forgotten == [0]
    await bench.see(0)
    assert bench.settled == [["f0"]]


async def test_when_partitions_go_frames_not_begun_are_left_and_those_begun_are_finished(bench: Bench) -> None:
    for offset in range(3):
        bench.give(offset, b"camera %d" % offset)
    await bench.until(lambda: len(bench.looks) == 3)
    next(work for work in bench.intake._under_way if work.message.offset == 1).is_begun = False
    bench.intake.begin_leaving()
    assert bench.forgotten == [1, 2]  # 2 was begun, but can't be acknowledged before 1
    bench.give(3)
    assert bench.forgotten == [1, 2, 3]
    await bench.see(0, 1, 2)
    assert bench.acknowledged == [0]


async def test_a_frame_that_takes_longer_than_the_deadline_is_left_unacknowledged(bench: Bench) -> None:
    bench.give(0)
    await bench.until(lambda: 0 in bench.looks)
    async with asyncio.timeout(5):
        await bench.intake.drain()
    assert bench.forgotten == [0]
    await bench.see(0)
    assert bench.acknowledged == []


async def test_a_frame_of_an_earlier_assignment_acknowledges_nothing_in_the_next(bench: Bench) -> None:
    bench.give(0)
    await bench.until(lambda: 0 in bench.looks)
    bench.intake.begin_leaving()
    await bench.intake.left()
    bench.intake.assign([TP("frames", 0)])
    await bench.see(0)
    assert bench.acknowledged == []
    bench.looks.clear()
    bench.give(0)
    await bench.see(0)
    assert bench.acknowledged == [0]


async def test_partitions_are_left_in_order_and_without_a_word_where_the_store_is_away(bench: Bench) -> None:
    await asyncio.sleep(0.01)
    await bench.intake.left()
    assert sorted(bench.partitions.left) == [0, 1]
    bench.intake.assign([TP("frames", 0)])
    await asyncio.sleep(0.01)
    bench.partitions.is_away = True
    await bench.intake.left()
    assert sorted(bench.partitions.left) == [0, 1]


async def test_what_changes_no_record_is_written_together_after_a_moment_and_news_at_once() -> None:
    bench = Bench(write_after_s=60)
    async with bench.running():
        bench.give(0)
        bench.give(1)
        await bench.see(0, 1)
        assert bench.settled == []
        bench.is_urgent = True
        bench.give(2)
        await bench.see(2)
        assert bench.settled == [["f0", "f1", "f2"]]


async def test_an_unexpected_error_is_fatal_and_nothing_is_acknowledged(bench: Bench) -> None:
    bench.settle_error = RuntimeError("a defect")
    bench.give(0)
    await bench.see(0)
    assert bench.fatal == [bench.settle_error]
    assert bench.acknowledged == []


async def test_a_refused_frame_is_acknowledged_like_any_other_once_it_is_settled(bench: Bench) -> None:
    bench.give(0)
    await bench.until(lambda: 0 in bench.looks)
    bench.looks[0].set_result(Refused("clock", "wrong"))
    await bench.until(lambda: bench.acknowledged == [0])
