"""What an operator sees of a lecture from a camera's socket to the record: metrics, logs, traces, sightings."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from attendance.rights import Role
from attendance.sighting_events import SightingEvent, Stage
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus
from tests.system.school import INTERVAL, School, template_of
from tests.system.waiting import closed, until

# A camera's own word for its trace, in a header that nobody signs.
FORGED = b"00-zz\r\nforged-1-01"


@dataclass
class Collector:
    """An OTLP collector of the test's own: the spans that came, as (service, name, span)."""

    port: int = 0
    spans: list[tuple[str, str, Any]] = field(default_factory=list)

    def named(self, name: str) -> list[Any]:
        return [span for _, each, span in self.spans if each == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["content-length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {each.key: each.value.string_value for each in resource.resource.attributes}
                for scope in resource.scope_spans:
                    collector.spans += [(names["service.name"], span.name, span) for span in scope.spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.port = server.server_port
        Thread(target=server.serve_forever, daemon=True).start()
        yield collector
        server.shutdown()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


async def send(campus: Campus, school: School) -> int:
    """Send the lecture through the camera's socket."""
    camera = school.camera.id
    token = (await campus.store.tokens.create(Role.DEVICE, now=datetime.now(UTC), subjects=frozenset({camera}))).text
    url = f"ws://127.0.0.1:{campus.ports['ingest']}/ws?camera={camera}"
    frames = list(school.frames(hopper_from=INTERVAL, astronaut_from=timedelta(minutes=15)))
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        for frame in frames:
            await socket.send(json.dumps({"id": frame.id, "taken_at": frame.taken_at.isoformat()}))
            await socket.send(frame.picture)
            assert json.loads(await socket.recv())["type"] == "stored"
    return len(frames)


def metrics_of(campus: Campus) -> dict[str, dict[tuple[str, ...], float]]:
    """Give the stream app's figures by name and label values."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{campus.http('stream')}/metrics", timeout=10).text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def lines_of(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


async def produced_by_itself(campus: Campus, school: School) -> None:
    """Send no picture as a camera does that produces to Kafka and writes a trace's header of its own."""
    frame = Frame("by-itself", school.camera.id, school.meeting.end - INTERVAL, "image/jpeg", b"x")
    headers = to_headers(frame, key_id=GATEWAY_KEY_ID, key=campus.gateway_key)
    await campus.produce_raw([(frame.camera_id.encode(), frame.picture, [("traceparent", FORGED), *headers])])


async def test_a_lecture_is_seen_in_metrics_logs_traces_and_sightings_and_nobodys_name_in_any(
    make_campus: MakeCampus, collector: Collector
) -> None:
    campus = make_campus(
        ROLLCALL_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}",
        ROLLCALL_SIGHTINGS="true",
        ROLLCALL_LOG_LEVEL="debug",
        OTEL_BSP_SCHEDULE_DELAY="200",
    )
    await campus.prepare()
    school = School.of("operation", minutes=20)
    await school.plant(campus.store)
    campus.start("ingest", "stream")
    count = await send(campus, school)
    await produced_by_itself(campus, school)
    await closed(campus, school.meeting.id)

    async def all_settled() -> bool:
        figures = metrics_of(campus)
        lag = figures.get("rollcall_stream_partition_lag_frames", {})
        unacknowledged = figures["rollcall_stream_unacknowledged_frames"]
        counted = sum(figures["rollcall_stream_frames_total"].values())
        return counted == count + 1 and {*lag.values()} == {*unacknowledged.values()} == {0.0}

    await until(all_settled)
    figures = metrics_of(campus)
    campus.stop()
    judge_metrics(figures, count)
    judge_logs(campus, school)
    judge_traces(collector, count)
    await judge_sightings(campus, school)


def judge_metrics(figures: dict[str, dict[tuple[str, ...], float]], count: int) -> None:
    outcomes = figures["rollcall_stream_frames_total"]
    assert sum(outcomes.values()) == count + 1
    assert outcomes["refused",] == 1
    assert figures["rollcall_stream_refused_total"] == {("not_a_picture",): 1.0}
    stages = figures["rollcall_stream_seconds_count"]
    assert set(stages) == {("wait",), ("checks",), ("recognition",), ("decision",), ("write",)}
    assert all(stages.values())
    assert set(figures["rollcall_stream_partition_lag_frames"]) == {(str(number),) for number in range(4)}
    assert set(figures["rollcall_stream_partition_lag_seconds"].values()) == {0.0}
    assert figures["rollcall_stream_unacknowledged_frames"] == {(): 0.0}
    assert figures["rollcall_stream_decisions_total"]["named",] >= 2
    assert figures["rollcall_stream_faces_total"]["recognised",] > 0
    assert figures["rollcall_stream_meetings_on"] == {(): 0.0}  # the lecture was in the past
    assert "rollcall_stream_outbox_age_seconds" in figures


def judge_logs(campus: Campus, school: School) -> None:
    """Each frame has a line with its place, and no line says who was seen."""
    for service in ("ingest", "stream"):
        log = campus.log(service)
        for person, student_id in school.students.items():
            assert person not in log
            assert student_id not in log
        for person in ("hopper", "astronaut"):
            template = template_of(person)
            data = template.to_bytes()
            assert data[:12].hex() not in log
            assert base64.b64encode(data[:12]).decode() not in log
            assert f"{template.vector[0]:.5f}" not in log
        assert "forged" not in log
    frames = [line for line in lines_of(campus.log("stream")) if line["event"] in ("frame", "frame refused")]
    assert all(line["camera"] == school.camera.id and line["partition"] in range(4) for line in frames)
    assert {"frame-0", "frame-1", "by-itself"} <= {line["id"] for line in frames}
    assert len({(line["partition"], line["offset"]) for line in frames}) == len(frames)


def judge_traces(collector: Collector, count: int) -> None:
    """Each frame's trace goes from the socket to the write; one that came with a forged header has a trace anew."""
    begun = {span.span_id: span for span in collector.named("ingest")}
    frames = collector.named("frame")
    assert {service for service, _, _ in collector.spans} == {"rollcall-ingest", "rollcall-stream"}
    assert len(begun) == count
    assert len(frames) == count + 1
    of_socket = [span for span in frames if span.parent_span_id]
    assert len(of_socket) == count
    assert all(begun[span.parent_span_id].trace_id == span.trace_id for span in of_socket)
    for name in ("checks", "wait", "recognition", "write"):
        children = {span.trace_id: span.parent_span_id for span in collector.named(name)}
        # What nothing was on for is neither waited for nor looked at.
        assert len(children) > count / 2, name
        ids = {span.trace_id: span.span_id for span in frames}
        assert all(ids[trace] == parent for trace, parent in children.items()), name


async def judge_sightings(campus: Campus, school: School) -> None:
    messages = await campus.read(campus.connection.topics.sightings, 200, seconds=4)
    events = [SightingEvent.model_validate_json(message.value) for message in messages]
    assert len({event.id for event in events}) == len(events)
    assert {message.key.decode() for message in messages} == {school.camera.id}
    decided = {event.data.student_id for event in events if event.data.stage is Stage.DECIDED}
    assert decided == {school.students["hopper"], school.students["astronaut"]}
    assert {event.data.meeting_ids for event in events if event.data.student_id} == {(school.meeting.id,)}
