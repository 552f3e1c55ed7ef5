"""Frames that may have killed the process are tried one at a time, counted, and refused the third time."""

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from faust.types import TP

from attendance.cameras import Camera
from attendance.store import Store
from attendance.store.partitions import Takeover
from stream_app.assignment import MOST_TRIES, STRETCH, Assignment
from stream_app.checks import FrameChecks
from stream_app.completeness import Completeness
from stream_app.health import Health
from stream_app.lanes import Lane, Settle, Work
from stream_app.lanes import Settled as SettledFrame
from stream_app.look import Looker
from stream_app.messages import CheckedFrame, Message, Outcome, Refused
from stream_app.pool import RecognitionPool
from stream_app.resuming import Resuming
from stream_app.rosters import Rosters
from stream_app.thinner import Thinner
from tests.stream_app.test_intake import MOMENT, FakePartitions

PARTITION = TP("frames", 0)


class SlowChecks:
    """Checks that tell how many frames are under way at once, and let a frame pass when the test says so."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most_at_once = 0
        self.seen: list[int] = []
        self.pass_on = asyncio.Event()

    async def check(self, message: Message) -> CheckedFrame:
        self.seen.append(message.offset)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        await self.pass_on.wait()
        self.under_way -= 1
        frame = SimpleNamespace(id=f"f{message.offset}", taken_at=MOMENT, picture=b"")
        return cast("CheckedFrame", SimpleNamespace(frame=frame, camera=Camera("camera", "room")))


class NothingOn:
    """Rosters of an empty timetable."""

    async def view(self, _room_id: str, _moment: object) -> None:
        return None


class NothingKnown:
    """Of cameras that were never seen before."""

    async def following(self, *_: object) -> SimpleNamespace:
        return SimpleNamespace(was_counted=lambda _: False)


class Bench:
    def __init__(self, takeover: Takeover) -> None:
        self.partitions = FakePartitions()
        self.partitions.takeover = takeover
        store = cast("Store", SimpleNamespace(partitions=self.partitions))
        self.assignment = Assignment(PARTITION, store, "me", Health())
        self.checks = SlowChecks()
        self.looker = Looker(
            cast("FrameChecks", self.checks),
            cast("Rosters", NothingOn()),
            cast("RecognitionPool", None),
            cast("Resuming", NothingKnown()),
            Thinner(cast("Completeness", None), processes=1),
            Health(),
            spares_work=True,
        )

    def look(self, offset: int, lane: Lane | None = None, taken_at: datetime = MOMENT) -> "asyncio.Task[Outcome]":
        """Without a lane a frame is settled as soon as it was looked at."""
        message = Message("frames", 0, offset, b"camera", b"picture", (), MOMENT)
        slot = self.assignment.slots.add(offset, 1, lambda: None)
        work = Work(message, slot, self.assignment, taken_at)
        work.lane = lane or Lane(cast("Settle", None), 0.0)
        work.let_bytes_go = lambda: None
        work.outcome = task = asyncio.ensure_future(self.looker.look(work))
        if lane is None:
            task.add_done_callback(lambda _: work.settled.set())
        else:
            lane.put(work, lambda _: None)
        return task


async def test_after_an_orderly_leave_frames_are_looked_at_beside_each_other_and_nothing_is_counted() -> None:
    bench = Bench(Takeover(0, {}))
    looks = [bench.look(offset) for offset in range(5)]
    await asyncio.sleep(0.01)
    bench.checks.pass_on.set()
    await asyncio.gather(*looks)
    assert bench.checks.most_at_once == 5
    assert bench.partitions.counted == []


async def test_before_frames_are_begun_their_stretch_of_offsets_is_reserved_once() -> None:
    bench = Bench(Takeover(0, {}))
    bench.checks.pass_on.set()
    await asyncio.gather(*(bench.look(offset) for offset in range(STRETCH + 1)))
    assert bench.partitions.reserved == [STRETCH, 2 * STRETCH]


async def test_after_a_kill_the_frames_that_may_have_done_it_are_tried_one_at_a_time_and_counted() -> None:
    bench = Bench(Takeover(suspects_until=3, tries={}))
    looks = [bench.look(offset) for offset in range(3)]
    await asyncio.sleep(0.01)
    assert bench.checks.seen == [0]
    bench.checks.pass_on.set()
    await asyncio.gather(*looks)
    assert bench.checks.most_at_once == 1
    assert bench.partitions.counted == [0, 1, 2]


async def test_frames_beyond_the_suspects_do_not_wait_for_them() -> None:
    bench = Bench(Takeover(suspects_until=1, tries={}))
    looks = [bench.look(offset) for offset in range(3)]
    await asyncio.sleep(0.01)
    assert sorted(bench.checks.seen) == [0, 1, 2]
    bench.checks.pass_on.set()
    await asyncio.gather(*looks)


async def test_a_frame_that_ended_the_process_each_time_is_refused_without_another_try() -> None:
    bench = Bench(Takeover(suspects_until=2, tries={0: MOST_TRIES - 1, 1: MOST_TRIES - 2}))
    bench.checks.pass_on.set()
    guilty, innocent = await asyncio.gather(bench.look(0), bench.look(1))
    assert isinstance(guilty, Refused)
    assert guilty.code == "ends_the_process"
    assert not isinstance(innocent, Refused)
    assert bench.checks.seen == [1]


async def test_while_suspects_are_left_a_rebalance_does_not_clear_them_of_suspicion() -> None:
    bench = Bench(Takeover(suspects_until=2, tries={1: 1}))
    bench.checks.pass_on.set()
    await bench.look(0)
    await bench.assignment.leave()
    assert bench.partitions.left == []


async def test_once_all_suspects_are_done_the_partition_is_left_in_order() -> None:
    bench = Bench(Takeover(suspects_until=1, tries={}))
    bench.checks.pass_on.set()
    slot = bench.assignment.slots.add(0, 1, lambda: None)
    assert await bench.assignment.is_suspect(0)
    bench.assignment.slots.finish(slot)
    await bench.assignment.leave()
    assert bench.partitions.left == [0]


async def test_while_the_database_is_away_no_frame_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.patience.FIRST_WAIT_SECONDS", 0.01)
    bench = Bench(Takeover(0, {}))
    bench.partitions.is_away = True
    bench.checks.pass_on.set()
    look = bench.look(0)
    await asyncio.sleep(0.05)
    assert bench.checks.seen == []
    bench.partitions.is_away = False
    await look
    assert bench.checks.seen == [0]


class Settled:
    """Lanes' settling that only notes the order, and ends each try."""

    def __init__(self) -> None:
        self.offsets: list[int] = []

    async def take(self, _lane: Lane, _work: Work, _outcome: Outcome) -> None:
        return None

    async def write(self, _lane: Lane, run: list[SettledFrame], _next_offset: int) -> None:
        for each in run:
            self.offsets.append(each.work.message.offset)
            each.work.settled.set()


@pytest.mark.parametrize("seconds", [(1, 0, 2), (0.4, 0.2, 0), (0, 1, 2), (2, 1.5, 3600)])
@pytest.mark.parametrize("together", [True, False])
async def test_suspects_that_came_a_little_out_of_order_do_not_wait_for_each_other(
    seconds: tuple[float, ...], *, together: bool
) -> None:
    bench = Bench(Takeover(suspects_until=3, tries={}))
    settled = Settled()
    lane = Lane(settled, 0.0)
    looks = []
    for offset, second in enumerate(seconds):
        looks.append(bench.look(offset, lane, MOMENT + timedelta(seconds=second)))
        if not together:
            await asyncio.sleep(0.01)
    bench.checks.pass_on.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*looks)
        while len(settled.offsets) < len(seconds):
            await asyncio.sleep(0)
    assert bench.checks.most_at_once == 1
    in_time = sorted(range(3), key=lambda offset: seconds[offset])
    assert settled.offsets == (in_time if together else [0, *(offset for offset in in_time if offset)])


async def test_a_suspect_that_comes_while_those_before_it_still_wait_for_the_store_is_not_tried_before_them() -> None:
    bench = Bench(Takeover(suspects_until=4, tries={}))
    settled = Settled()
    lane = Lane(settled, 0.0)
    looks = []

    def look(offset: int) -> None:
        looks.append(bench.look(offset, lane, MOMENT + timedelta(minutes=offset)))

    takeover: asyncio.Future[Takeover] = asyncio.get_running_loop().create_future()
    bench.assignment._takeover = cast("asyncio.Task[Takeover]", takeover)
    # The very moment that the store has told who the suspects are: those who waited for it are not awake yet.
    takeover.add_done_callback(lambda _: look(3))
    for offset in range(3):
        look(offset)
    bench.checks.pass_on.set()
    await asyncio.sleep(0.01)
    takeover.set_result(Takeover(suspects_until=4, tries={}))
    async with asyncio.timeout(5):
        while len(settled.offsets) < 4:
            await asyncio.sleep(0)
    # Tracks go forward only: what was seen before the latest frame counts as of its time.
    assert bench.checks.seen == settled.offsets == [0, 1, 2, 3]
