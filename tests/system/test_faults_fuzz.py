"""Whatever bytes come as frames, they are refused one by one, and the lecture among them is not disturbed."""

import os
from collections import Counter
from dataclasses import replace

import pytest

from attendance.outbox import make_producer
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.fuzz import NUMBER, Fuzz, Message
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of

# More at once would only fill the producer's memory.
AT_ONCE = 500


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.long)])
async def test_fuzzed_messages_are_refused_once_each_and_disturb_nothing(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome, count: int
) -> None:
    campus = make_campus()
    workers = make_workers(campus)
    await campus.prepare()
    await lecture.school.plant(campus.store)
    seed = int(os.environ.get("FUZZ_SEED", "7"))
    messages = list(Fuzz(campus.gateway_key, lecture.sound, seed).messages(count))
    frames = lecture.all
    # A frame of the lecture now and then among the noise, each of which goes to whatever partition its key says.
    share = -(-count // len(frames))
    for place, frame in enumerate(frames):
        await send_at_once(campus, messages[place * share : (place + 1) * share])
        await campus.produce([frame])
    workers.start()
    await workers.ready()
    outcome = await outcome_of(campus, lecture.school, letters=count + len(lecture.refused), seconds=900)
    numbered = await fuzz_numbers(campus, count + len(lecture.refused))
    assert numbered == Counter(range(count))
    of_lecture = {frame.id for frame in frames}
    assert {key: times for key, times in outcome.refused.items() if key[0] in of_lecture} == undisturbed.refused
    assert replace(outcome, refused=undisturbed.refused) == undisturbed
    assert workers.running["one"].poll() is None, "the worker ended"


async def send_at_once(campus: Campus, messages: list[Message]) -> None:
    producer = make_producer(campus.connection.kafka_bootstrap, client_id="fuzz", largest_message=1_000_000)
    await producer.start()
    try:
        for begin in range(0, len(messages), AT_ONCE):
            sent = [
                await producer.send(campus.connection.topics.frames, key=key, value=value, headers=headers)
                for key, value, headers in messages[begin : begin + AT_ONCE]
            ]
            for each in sent:
                await each
    finally:
        await producer.stop()


async def fuzz_numbers(campus: Campus, letters: int) -> Counter[int]:
    """Count the letters of each fuzzed message. Other partitions may be behind when the meeting closes."""
    found = await campus.read(campus.connection.topics.frames_dead, letters, seconds=600)
    found = await campus.read(campus.connection.topics.frames_dead, letters + 1, seconds=5 + letters / 2000)
    headers = [dict(letter.headers) for letter in found]
    assert all(each["dead_reason"] and each["dead_error"] for each in headers)
    return Counter(int(each[NUMBER]) for each in headers if NUMBER in each)
