"""A lecture sent in portions, with a fault into the middle of the work on each."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import pairwise

from ingest.contract import Frame
from tests.system.campus import Campus
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of
from tests.system.waiting import until
from tests.system.workers import Workers

# Kafka takes a worker that was silent for 10 s for dead.
LONGER_THAN_THE_SESSION = 12.0

Fault = Callable[[str], Awaitable[object]]
Send = Callable[[list[Frame]], Awaitable[None]]


async def disturbed(
    campus: Campus, workers: Workers, lecture: Lecture, faults: Sequence[Fault], *, send: Send | None = None
) -> Outcome:
    """Give what a lecture comes to. Each fault is given the name of the worker that is at work on its portion."""
    for portion, fault in zip(_portions(lecture.all, len(faults)), faults, strict=True):
        before = {name: await workers.frames(name) for name in workers.running}
        await (send or campus.produce)(portion)
        await _begun(campus, portion)
        grown = {name: await workers.frames(name) - count for name, count in before.items() if name in workers.running}
        await fault(max(grown, key=lambda name: grown[name]))
    return await outcome_of(campus, lecture.school, letters=len(lecture.refused))


def _portions(frames: list[Frame], count: int) -> Iterator[list[Frame]]:
    bounds = [len(frames) * number // count for number in range(count + 1)]
    yield from (frames[begin:end] for begin, end in pairwise(bounds))


async def _begun(campus: Campus, portion: list[Frame]) -> None:
    first = next(frame for frame in portion if frame.id.startswith("frame"))

    async def is_begun() -> bool:
        through = await campus.store.progress.processed_through([first.camera_id])
        return through.get(first.camera_id, first.taken_at) > first.taken_at

    await until(is_begun)
