"""One frame of a camera that is watched: looked at no more than what is known of it asks for.

Three things are left undone where they'd tell nothing new: the search of a frame that shows no change, the search away
from open tracks between whole searches, and the template of a track that has its name. What is known goes in and comes
out as values, so that whoever looks needs no memory of the camera.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from recognition.engine import Engine, load_engine, shared_engine
from recognition.faces import Look, Timings
from recognition.picture import PictureLimits, decode, read_header
from recognition.tracking.change import CHANGE, change, thumbnail
from recognition.tracking.plan import Hints, faces_to_encode, plan

__all__ = ["Glance", "GlanceAt", "Known", "glance", "glance_with"]


@dataclass(frozen=True)
class Known:
    """What is known of a camera before a frame.

    `time`: the frame's, seconds of event time. `hints`: of the camera's open tracks (`recognition.tracking.hints`).
    `last`: the thumbnail of the last frame that was looked at, None before the first.
    """

    time: float
    hints: Hints
    last: NDArray[np.uint8] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Glance:
    """What a frame showed.

    `look`: as `Engine.look` gives it, where faces whose template wasn't due have none; None where nothing changed.
    `whole`: whether all of the picture was searched. `thumbnail`: for the next frame's `Known.last`.
    """

    look: Look | None
    whole: bool
    thumbnail: NDArray[np.uint8] = field(compare=False)


GlanceAt = Callable[[bytes, float, Known | None], Glance]


def glance(
    engine: Engine, data: bytes, smallest_face: float, known: Known | None, limits: PictureLimits | None = None
) -> Glance:
    """Look at a frame's bytes; without `known` nothing is left undone.

    Raises a PictureError where the bytes can't be used.
    """
    limits = limits or PictureLimits()
    header = read_header(data, limits)
    started = perf_counter()
    picture = decode(data, limits)
    small = thumbnail(picture, smallest_face)
    decoded = perf_counter()
    height, width = picture.shape[:2]
    if known is None:
        found, whole, due = engine.find(picture, smallest_face), True, None
    else:
        if known.last is not None and change(known.last, small) < CHANGE:
            return Glance(None, whole=False, thumbnail=small)
        where = plan(known.hints, known.time, width, height)
        found, whole = engine.find(picture, smallest_face, None if where.whole else where.near), where.whole
        due = faces_to_encode(known.hints, known.time, found)
    detected = perf_counter()
    chosen = found if due is None else [face for face, needed in zip(found, due, strict=True) if needed]
    templates = iter(engine.encode(picture, chosen))
    faces = [next(templates) if due is None or due[place] else face for place, face in enumerate(found)]
    timings = Timings(decoded - started, detected - decoded, perf_counter() - detected)
    return Glance(Look(header, width, height, tuple(faces), engine.scale, timings), whole, small)


def glance_with(engine: str, limits: PictureLimits) -> GlanceAt:
    """Return what glances at a frame (bytes, smallest face, known) with an engine; each process loads it once.

    Raises UnknownEngine if there is none of that name.
    """
    load_engine(engine)
    return partial(_glance, engine, limits)


def _glance(engine: str, limits: PictureLimits, data: bytes, smallest_face: float, known: Known | None) -> Glance:
    return glance(shared_engine(engine), data, smallest_face, known, limits)
