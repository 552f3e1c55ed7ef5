"""The whole loop over a clip: decode, detect, align, encode, identify against 300 people, one thread.

Beside it the loop that a user of face_recognition writes: `face_locations`, `face_encodings`, `face_distance`. Two more
runs leave work undone as the stream app does: no search of a frame that shows no change, search around open tracks
between whole searches, no template of a track while none is due.
"""

import json
from collections.abc import Callable
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.material import Detections, as_detections, clip, score_boxes, truth
from recognition import Box, Engine, Face, Gallery, Template, decode, load_engine
from recognition.tracking import (
    CHANGE,
    Frame,
    Ledger,
    Tracker,
    change,
    faces_to_encode,
    hints,
    plan,
    thumbnail,
)

__all__ = ["main"]

_STREET, _TALK = "street-1080p.mp4", "talk-360p.mp4"
_ROSTER = 300
_SMALLEST = 40.0
_QUALITY = 85
_FRAMES_A_SECOND = 25
# face_recognition takes seconds a frame: of the hand-checked frames so many are enough for a median.
_QUICK, _FULL = 3, 20

# One frame's bytes and time in, its faces out.
Loop = Callable[[bytes, float], list[Face]]


def main(*, quick: bool) -> None:
    """Print the figures; the last line is JSON."""
    engine = load_engine("fast")
    engine.prepare()
    street, talk = ([_jpeg(frame) for _, frame in clip(name)] for name in (_STREET, _TALK))
    checked = {name: sorted(int(number) for number in truth()[name]) for name in (_STREET, _TALK)}
    figures: dict[str, object] = {"benchmark": "frame", "quick": quick, "roster": _ROSTER}

    some = _QUICK if quick else _FULL
    peer = _Peer()
    loops: list[Loop]
    for name, frames, key in ((_STREET, street, "street_every_frame"), (_TALK, talk, "talk")):
        numbers = checked[name][:: max(len(checked[name]) // some, 1)]
        every = _every_frame(engine)
        every(frames[0], 0.0)
        loops = [every, peer]
        seconds: tuple[list[float], list[float]] = [], []
        found: tuple[Detections, Detections] = {name: {}}, {name: {}}
        for number in track(numbers, f"{key}, taking turns"):
            for place, loop in enumerate(loops):
                faces, took = _timed(loop, frames[number], number / _FRAMES_A_SECOND)
                seconds[place].append(took)
                found[place][name][str(number)] = as_detections(faces)
        ours, theirs = (float(np.median(times)) for times in seconds)
        figures |= {f"ratio_{key}": theirs / ours, f"ms_{key}": 1000 * ours, f"peer_ms_{key}": 1000 * theirs}
        if name == _STREET:
            peer_ms = theirs
            figures["peer_recall_street"] = score_boxes(found[1], _SMALLEST)["recall_all"]
            figures["recall_street_every_frame"] = score_boxes(found[0], _SMALLEST)["recall_all"]
    for rate in (5, 25):
        spent, sparing = _at_rate(rate, engine, street, set(checked[_STREET]))
        mean = float(np.mean(spent))  # frames differ in what is done, so a median would hide the dear ones
        figures |= {f"ratio_street_{rate}fps": peer_ms / mean, f"ms_street_{rate}fps": 1000 * mean}
        figures[f"recall_street_{rate}fps"] = score_boxes({_STREET: sparing}, _SMALLEST)["recall_all"]
    for key, value in figures.items():
        print(f"{key:28}{value:8.3f}" if isinstance(value, float) else f"{key:28}{value!s:>8}")
    print(json.dumps(figures))


def _at_rate(
    rate: int, engine: Engine, frames: list[bytes], checked: set[int]
) -> tuple[list[float], dict[str, list[dict[str, object]]]]:
    """Play the clip at `rate` frames a second, once from each first frame, so that every checked frame is seen."""
    spent: list[float] = []
    found: dict[str, list[dict[str, object]]] = {}
    step = _FRAMES_A_SECOND // rate
    for first in track(range(step), f"street at {rate} frames a second"):
        loop = _sparing(engine)
        for number in range(first, len(frames), step):
            faces, took = _timed(loop, frames[number], number / _FRAMES_A_SECOND)
            spent.append(took)
            if number in checked:
                found[str(number)] = as_detections(faces)
    return spent, found


def _every_frame(engine: Engine) -> Loop:
    gallery = _gallery(engine.encoder)

    def loop(data: bytes, _time: float) -> list[Face]:
        picture = decode(data)
        faces = engine.encode(picture, engine.find(picture, _SMALLEST))
        engine.matcher.identify(faces, gallery)
        return faces

    return loop


def _sparing(engine: Engine) -> Loop:
    gallery, ledger = _gallery(engine.encoder), Ledger.empty()
    tracker = Tracker.for_matcher("street", engine.matcher)
    last: list[tuple[NDArray[np.uint8], list[Face]]] = []

    def loop(data: bytes, time: float) -> list[Face]:
        picture = decode(data)
        small = thumbnail(picture, _SMALLEST)
        if last and change(last[0][0], small) < CHANGE:
            return last[0][1]
        given = hints(tracker.state)
        where = plan(given, time, picture.shape[1], picture.shape[0])
        found = engine.find(picture, _SMALLEST, None if where.whole else where.near)
        due = faces_to_encode(given, time, found)
        encoded = iter(engine.encode(picture, [face for face, needed in zip(found, due, strict=True) if needed]))
        faces = [next(encoded) if needed else face for face, needed in zip(found, due, strict=True)]
        tracker.see(Frame(str(time), time, tuple(faces), where.whole), gallery, ledger)
        last[:] = [(small, faces)]
        return faces

    return loop


class _Peer:
    """The loop of face_recognition's own examples, at its own settings."""

    def __init__(self) -> None:
        load_engine("face_recognition").prepare()
        import face_recognition

        self._package = face_recognition
        self._known = list(np.random.default_rng(1).normal(size=(_ROSTER, 128)))

    def __call__(self, data: bytes, _time: float) -> list[Face]:
        picture = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
        locations = self._package.face_locations(picture)
        for encoding in self._package.face_encodings(picture, locations):
            self._package.face_distance(self._known, encoding)
        return [_face(*location) for location in locations]


def _face(top: int, right: int, bottom: int, left: int) -> Face:
    return Face(Box(left, top, right, bottom), 1.0)


def _gallery(encoder: str) -> Gallery:
    vectors = np.random.default_rng(1).normal(size=(_ROSTER, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Gallery.of(encoder, [(str(place), Template(encoder, vector)) for place, vector in enumerate(vectors)])


def _jpeg(frame: NDArray[np.uint8]) -> bytes:
    picture = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _timed(loop: Loop, data: bytes, time: float) -> tuple[list[Face], float]:
    started = perf_counter()
    faces = loop(data, time)
    return faces, perf_counter() - started
