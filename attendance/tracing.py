"""A frame's trace from the camera's socket to the record, by OpenTelemetry: off unless ROLLCALL_OTLP_ENDPOINT is set.

The trace goes along in the frame's Kafka headers as W3C's `traceparent`. A camera may write that header itself: it is
taken for nothing but 55 characters of the one form that it may have. Spans say what happened to which frame, by its id,
camera, partition and offset: no name, no student, no template.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

HEADER = "traceparent"
# Trace Context level 1, section 3.2.2; nothing of a later version's is read, and zeros are no id.
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")

Place = str | int | None


class TracingSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`. OpenTelemetry's own (`OTEL_TRACES_SAMPLER`) hold too."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", env_ignore_empty=True)

    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="where traces go, by OTLP over HTTP: http://collector:4318; none are made without it",
    )


class Trace:
    """One frame's way through one service: a span, begun, to be ended."""

    def __init__(self, span: "Span", tracer: "Tracer") -> None:
        self._span = span
        self._tracer = tracer

    @property
    def header(self) -> bytes:
        """What the next service goes on from."""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}".encode()

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Make a stage of it a span of its own."""
        from opentelemetry.trace import set_span_in_context

        # The error's text may hold anything, so it isn't recorded; the logs have it where it may be shown.
        with self._tracer.start_as_current_span(
            name, set_span_in_context(self._span), record_exception=False, set_status_on_exception=False
        ):
            yield

    def end(self, outcome: str) -> None:
        """End it, once."""
        self._span.set_attribute("rollcall.outcome", outcome)
        self._span.end()


class _Tracing:
    tracer: "Tracer | None" = None


def switch_on(service: str) -> None:
    """Send this process' spans where the settings say; nothing is imported and none are made where they say nothing.

    A collector that is away costs traces, and nothing else: spans wait in a bounded queue of another thread.
    """
    endpoint = TracingSettings().otlp_endpoint
    if endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"rollcall-{service}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _Tracing.tracer = provider.get_tracer("rollcall")


def begin(name: str, before: bytes | None = None, **place: Place) -> Trace | None:
    """Begin a frame's span, after the one whose `traceparent` is given or as a new trace; None where it is off."""
    tracer = _Tracing.tracer
    if tracer is None:
        return None
    attributes = {f"rollcall.{key}": value for key, value in place.items() if value is not None}
    return Trace(tracer.start_span(name, _context(before), attributes=attributes), tracer)


@contextmanager
def spans(name: str, traces: Iterable[Trace | None]) -> Iterator[None]:
    """Make a stage that several frames go through together a span of each of them."""
    with ExitStack() as stack:
        for trace in traces:
            if trace is not None:
                stack.enter_context(trace.span(name))
        yield


def _context(header: bytes | None) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    found = _TRACEPARENT.fullmatch(header or b"")
    if found is None:
        return Context()
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    before = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return set_span_in_context(NonRecordingSpan(before), Context())
