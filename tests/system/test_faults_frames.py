"""Frames that are themselves at fault: the guilty one is refused, once, and no innocent one beside it."""

import random
from collections import Counter
from dataclasses import replace

from ingest.contract import Frame
from stream_app.lanes import ORDER_TOLERANCE
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.lecture import Lecture
from tests.system.misbehaving import KILLS_THE_RECOGNISER, KILLS_THE_WORKER, MISBEHAVING, NEVER_ENDS, poison
from tests.system.outcome import Outcome, outcome_of
from tests.system.pictures import hopper, jpeg

REASONS = {
    KILLS_THE_RECOGNISER: "recognition_crashed",
    KILLS_THE_WORKER: "ends_the_process",
    NEVER_ENDS: "recognition_timeout",
}


async def test_a_frame_that_kills_or_holds_whoever_looks_at_it_is_refused_alone(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome
) -> None:
    campus = make_campus(ROLLCALL_FRAME_DEADLINE_S="2")
    # With a line for each frame: who was not seen when they were before the camera can't be told from the records.
    workers = make_workers(campus, *MISBEHAVING, ROLLCALL_LOG_LEVEL="debug")
    await campus.prepare()
    await lecture.school.plant(campus.store)
    frames, good = lecture.all, jpeg(hopper())
    for place, (effect, reason) in zip((12, 24, 36), REASONS.items(), strict=True):
        # The neighbour that it pushes back is one of those that are under way together with it.
        moment = frames[place].taken_at
        frames.insert(place, Frame(reason, lecture.school.camera.id, moment, "image/jpeg", poison(good, effect)))
    await campus.produce(frames)
    workers.start()
    async with workers.supervised():
        outcome = await outcome_of(campus, lecture.school, letters=len(lecture.refused) + len(REASONS))
    poisonous = {(reason, reason): 1 for reason in REASONS.values()}
    assert outcome.refused == undisturbed.refused + Counter(poisonous)
    assert replace(outcome, refused=undisturbed.refused) == undisturbed


async def test_frames_sent_twice_and_out_of_order_change_nothing(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome
) -> None:
    campus = make_campus()
    workers = make_workers(campus)
    await campus.prepare()
    await lecture.school.plant(campus.store)
    await campus.produce(shuffled(lecture.sound) + [frame for frame, _ in lecture.refused])
    workers.start()
    assert await outcome_of(campus, lecture.school, letters=len(lecture.refused)) == undisturbed


def shuffled(frames: tuple[Frame, ...]) -> list[Frame]:
    """Swap neighbours of a second, as two connections of a camera may; send every third frame again some frames on."""
    chosen = random.Random(5)
    order = list(frames)
    for place in range(1, len(order)):
        if order[place].taken_at - order[place - 1].taken_at <= ORDER_TOLERANCE and chosen.random() < 0.5:
            order[place - 1], order[place] = order[place], order[place - 1]
    for place in range(len(order) - 6, 0, -3):
        order.insert(place + chosen.randint(1, 5), order[place])
    return order
