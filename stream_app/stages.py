"""The stages of a frame's way through the stream app: each is measured, and is a span of its trace where those are on.

`wait`: for a free process. `checks`: message, signature, camera, clock. `recognition`: the picture. `decision`: tracks
and names. `write`: records, sightings, and how far the camera was processed, of a whole run of frames.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from attendance import tracing
from stream_app import metrics

Stage = Literal["wait", "checks", "recognition", "decision", "write"]


@contextmanager
def stage(name: Stage, *traces: tracing.Trace | None) -> Iterator[None]:
    """Measure a stage of a frame, or of several that go through it together."""
    with metrics.SECONDS.labels(name).time(), tracing.spans(name, traces):
        yield
