"""Messages that producers of other kinds can write: compressed ones, and headers that no client of ours can read."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from ingest.contract import GATEWAY_KEY_ID, to_headers
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of

Headers = Sequence[tuple[str, bytes]]
PARTITIONS = 4  # of a campus' `frames`


class NotUtf8(str):
    """A header's name whose bytes are no UTF-8, as C's client can send it."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe" + super().encode(encoding, errors)


async def _send_batch(campus: Campus, messages: Sequence[tuple[bytes, bytes, Headers]], *, partition: int) -> None:
    """Send messages as one batch."""
    producer = AIOKafkaProducer(bootstrap_servers=campus.connection.kafka_bootstrap)
    await producer.start()
    try:
        batch = producer.create_batch()
        # aiokafka's own builder in C takes no such name.
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, False, -1, -1, -1, 1_000_000)  # noqa: FBT003
        for key, value, headers in messages:
            assert batch.append(key=key, value=value, timestamp=None, headers=headers) is not None
        await (await producer.send_batch(batch, campus.connection.topics.frames, partition=partition))
    finally:
        await producer.stop()


async def test_a_message_that_cannot_be_read_stops_no_partition_and_costs_no_frame(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome
) -> None:
    campus = make_campus()
    workers = make_workers(campus)
    await campus.prepare()
    await lecture.school.plant(campus.store)
    unreadable = [(b"camera", b"bytes", [(NotUtf8("name"), b"")])]
    for number, frame in enumerate(lecture.all):
        # Of whatever partition the camera is, bad ones lie before, between and behind its frames.
        for partition in range(PARTITIONS if number % 7 == 0 else 0):
            await _send_batch(campus, unreadable, partition=partition)
        await campus.produce([frame])
    workers.start()
    await workers.ready()
    assert await outcome_of(campus, lecture.school, letters=len(lecture.refused)) == undisturbed
    assert "can't be read" in workers.log_file("one").read_text()
    assert workers.running["one"].poll() is None, "the worker ended"


async def test_frames_of_a_producer_that_compresses_are_looked_at_like_any_others(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome
) -> None:
    campus = make_campus()
    workers = make_workers(campus)
    await campus.prepare()
    await lecture.school.plant(campus.store)
    producer = AIOKafkaProducer(bootstrap_servers=campus.connection.kafka_bootstrap, compression_type="gzip")
    await producer.start()
    for frame in lecture.all:
        headers = to_headers(frame, key_id=GATEWAY_KEY_ID, key=campus.gateway_key)
        await producer.send_and_wait(
            campus.connection.topics.frames, frame.picture, frame.camera_id.encode(), headers=headers
        )
    await producer.stop()
    workers.start()
    await workers.ready()
    assert await outcome_of(campus, lecture.school, letters=len(lecture.refused)) == undisturbed
