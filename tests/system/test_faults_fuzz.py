"""Whatever bytes come as frames, they are refused one by one, and the lecture among them is not disturbed."""

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from attendance.ids import new_id
from attendance.outbox import make_producer
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of

Message = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]

# More at once would only fill the producer's memory.
AT_ONCE = 500


class Fuzz:
    """Messages that are nearly frames: each is a sound one with something broken. `numbered` by a header of our own."""

    def __init__(self, campus: Campus, lecture: Lecture, seed: int) -> None:
        self._key = campus.gateway_key
        self._lecture = lecture
        self._random = random.Random(seed)

    def messages(self, count: int) -> Iterator[Message]:
        breaks = (self._key_broken, self._body_broken, self._header_broken, self._header_gone, self._all_noise)
        for number in range(count):
            key, value, headers = self._random.choice(breaks)(*self._sound())
            yield key, value, [*headers, ("fuzz", str(number).encode())]

    def _sound(self) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        of = self._random.choice(self._lecture.sound)
        frame = Frame(new_id(), of.camera_id, of.taken_at, of.content_type, of.picture[:2000])
        return frame.camera_id.encode(), frame.picture, to_headers(frame, key_id=GATEWAY_KEY_ID, key=self._key)

    def _noise(self, longest: int = 200) -> bytes:
        return self._random.randbytes(self._random.randint(0, longest))

    def _key_broken(self, _key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        return self._random.choice([None, b"", self._noise(), b"x" * 300, "æ\n".encode()]), value, headers

    def _body_broken(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        place = self._random.randrange(len(value))
        flipped = value[:place] + bytes([value[place] ^ 0xFF]) + value[place + 1 :]
        return key, self._random.choice([None, b"", self._noise(3000), flipped]), headers

    def _header_broken(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        place = self._random.choice([place for place, (name, _) in enumerate(headers) if name != "content-type"])
        name, old = headers[place]
        new = self._random.choice([b"", self._noise(), old[:-1], old + b"\n", b"9999-99-99T99:99:99Z", b"\xff\xfe"])
        return key, value, [*headers[:place], (name, new), *headers[place + 1 :]]

    def _header_gone(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        gone = self._random.randrange(len(headers))
        return key, value, headers[:gone] + headers[gone + 1 :]

    def _all_noise(self, *_: object) -> Message:
        names = [self._random.choice(["ce_id", "ce_time", "dead_reason", "", "é"]) for _ in range(3)]
        return self._noise(), self._noise(), [(name, self._noise()) for name in names]


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
    messages = list(Fuzz(campus, lecture, seed).messages(count))
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
    of_lecture = {key: times for key, times in outcome.refused.items() if key in undisturbed.refused}
    assert of_lecture == undisturbed.refused
    assert (outcome.records, outcome.events) == (undisturbed.records, undisturbed.events)
    assert not outcome.contradictions
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
    return Counter(int(each["fuzz"]) for each in headers if "fuzz" in each)
