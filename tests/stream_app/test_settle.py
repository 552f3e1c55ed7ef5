"""In which order a run of frames is made safe: what is said to be done, is done already."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError
from faust.types import TP

from attendance.cameras import Camera
from attendance.store import Store
from attendance.tracks import CameraTracks
from stream_app.assignment import Assignment
from stream_app.dead_letters import DeadLetters
from stream_app.following import Following
from stream_app.health import Health
from stream_app.lanes import Lane, Settle, Settled, Work
from stream_app.meetings_on import MeetingsOn
from stream_app.messages import Looked, Message, Outcome, Refused, Shown
from stream_app.rosters import Rosters
from stream_app.settle import Settler
from stream_app.skips import Skips
from stream_app.slots import Slot
from stream_app.writer import Writer

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
CAMERA = Camera("camera", "room")
SHOWN = Shown(CAMERA, MOMENT)
WHY = Refused("not_a_picture", "no picture")


class Steps:
    """Stands for all that a settler writes to, and notes the order. `dies_at`: the step that never ends."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.saved: list[CameraTracks] = []
        self.dies_at = ""
        self.is_broker_away = False

    async def _do(self, step: str) -> None:
        if step.startswith(self.dies_at) and self.dies_at:
            await asyncio.Event().wait()
        self.done.append(step)

    async def write(self, _shown: list[Shown]) -> None:
        await self._do("records")

    async def send(self, message: Message, _refused: Refused) -> None:
        if self.is_broker_away:
            raise KafkaConnectionError("away")
        await self._do(f"letter {message.offset}")

    async def save(self, tracks: CameraTracks) -> None:
        await self._do("tracks")
        self.saved.append(tracks)

    async def forget_tries(self, _offset: int) -> None:
        return

    def note(self, _meetings: object) -> None:
        return

    def finish(self, offset: int) -> Callable[[], None]:
        return lambda: self.done.append(f"finished {offset}")


class Bench:
    def __init__(self) -> None:
        self.steps = Steps()
        steps: Any = self.steps
        self.settler = Settler(
            cast("Store", SimpleNamespace(tracks=steps)),
            cast("Rosters", None),
            cast("Writer", steps),
            cast("DeadLetters", steps),
            cast("Skips", None),
            Health(),
            meetings_on=cast("MeetingsOn", steps),
            sightings=None,
        )
        self.lane = Lane(cast("Settle", None), 0.0)
        self.lane.last_arrived_at = MOMENT

        def saved(camera: Camera, place: tuple[str, int, int], arrived_at: datetime, now: datetime) -> CameraTracks:
            return CameraTracks(camera.id, *place, arrived_at, MOMENT, {}, {}, now)

        self.lane.following = cast("Following", SimpleNamespace(saved=saved))

    def settled(self, offset: int, outcome: Outcome, *, is_abandoned: bool = False) -> Settled:
        message = Message("frames", 0, offset, b"camera", None, (), MOMENT)
        assignment = cast(
            "Assignment", SimpleNamespace(partition=TP("frames", 0), forget_tries=self.steps.forget_tries)
        )
        work = Work(message, Slot(offset, 0, lambda: None), assignment, MOMENT, is_abandoned=is_abandoned)
        work.finish = self.steps.finish(offset)
        return Settled(work, outcome, SHOWN if isinstance(outcome, Looked) and not is_abandoned else None)

    def looked(self, offset: int, *, is_abandoned: bool = False) -> Settled:
        return self.settled(offset, Looked(f"f{offset}", CAMERA, MOMENT), is_abandoned=is_abandoned)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_letter_is_sent_before_the_tracks_say_that_its_frame_is_done(bench: Bench) -> None:
    await bench.settler.write(bench.lane, [bench.looked(5), bench.settled(6, WHY)], 7)
    assert bench.steps.done == ["records", "letter 6", "tracks", "finished 5", "finished 6"]
    assert bench.steps.saved[0].offset == 6


async def test_a_worker_that_dies_before_the_letter_has_not_said_that_the_frame_is_done(bench: Bench) -> None:
    bench.steps.is_broker_away = True
    writing = asyncio.create_task(bench.settler.write(bench.lane, [bench.looked(5), bench.settled(6, WHY)], 7))
    await asyncio.sleep(0.05)
    writing.cancel()
    assert bench.steps.done == ["records"]


async def test_a_frame_that_was_abandoned_is_never_said_to_be_done_by_a_later_run(bench: Bench) -> None:
    # Out of order: 10 was taken before 8, and abandoned with a run of its own.
    await bench.settler.write(bench.lane, [bench.looked(10, is_abandoned=True)], 8)
    await bench.settler.write(bench.lane, [bench.looked(8)], 11)
    assert [each.offset for each in bench.steps.saved] == [9]


async def test_what_an_abandoned_frame_was_refused_for_is_left_to_whoever_comes_next(bench: Bench) -> None:
    await bench.settler.write(bench.lane, [bench.looked(5), bench.settled(6, WHY, is_abandoned=True)], 7)
    assert "letter 6" not in bench.steps.done
    assert bench.steps.saved[0].offset == 5


def test_only_frames_that_arrived_by_then_are_done_as_far_as_a_lane_knows(bench: Bench) -> None:
    message = Message("frames", 0, 5, b"camera", None, (), MOMENT)
    assert not bench.lane.has_done(message)
    bench.lane.begin_after(5, MOMENT)
    assert bench.lane.has_done(message)
    assert not bench.lane.has_done(replace(message, offset=6))
    later = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert not bench.lane.has_done(replace(message, arrived_at=later)), "the topic was made anew"
