"""People before a camera, made up: who is where, and what their templates are."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from recognition import Box, Face, Gallery, Template
from recognition.matcher import Matcher, best_per_person
from recognition.tracking import Frame, Ledger, Seen, Settings, Tracker, margins_of

ENCODER = "made up"
DIMENSIONS = 128
# 1 − cosine between two frames of a person is about this (0.018 was measured within a track).
FRAME_NOISE = 0.018
# 1 − cosine between two people is about this: the least that 98 % of pairs on Labeled Faces in the Wild exceed.
BETWEEN_PEOPLE = 0.10
# The moment of the photo that a person is enrolled by.
_ENROLLED = 1_000_000.0


class CosineMatcher(Matcher):
    encoder = ENCODER

    def __init__(self, threshold: float = 0.95) -> None:
        self.threshold = threshold

    def scores(self, gallery: Gallery, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        return best_per_person(probes @ gallery.matrix.T, gallery)


@cache
def person(name: str) -> NDArray[np.float64]:
    """Whom that name has: a unit template of their own, as like everyone else's as people of one group are."""
    own = np.random.default_rng(list(name.encode())).normal(size=DIMENSIONS)
    own[0] = 0
    shared = np.zeros(DIMENSIONS)
    shared[0] = np.sqrt(1 - BETWEEN_PEOPLE)
    return np.asarray(shared + np.sqrt(BETWEEN_PEOPLE) * own / np.linalg.norm(own), np.float64)


@cache
def template(name: str, moment: float = 0.0, noise: float = FRAME_NOISE) -> Template:
    """A frame's template of a person."""
    error = np.random.default_rng([*name.encode(), round(moment * 1000)]).normal(size=DIMENSIONS)
    vector = person(name) + np.sqrt(noise / 2) * error / np.linalg.norm(error)
    return Template(ENCODER, np.asarray(vector / np.linalg.norm(vector), np.float32))


def face(name: str | None, x: float, y: float = 100.0, *, moment: float = 0.0, width: float = 80.0) -> Face:
    """A face with its centre at (x, y); without a name, one that isn't encoded."""
    box = Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2)
    return Face(box, 1.0, template=None if name is None else template(name, moment))


@cache
def gallery(*names: str) -> Gallery:
    return Gallery.of(ENCODER, [(name, template(name, moment=_ENROLLED)) for name in names])


def frame(time: float, *faces: Face) -> Frame:
    return Frame(f"frame at {time}", time, faces)


def tracker(settings: Settings | None = None, threshold: float = 0.95) -> Tracker:
    return Tracker("camera", margins_of(CosineMatcher(threshold)), settings or Settings())


def watch(watching: Tracker, frames: Iterable[Frame], roster: Gallery | None = None) -> list[Seen]:
    """What each frame showed, in one meeting."""
    seen: list[Seen] = []
    ledger = Ledger.empty()
    for each in frames:
        seen.append(watching.see(each, roster or gallery(), ledger))
        ledger = seen[-1].ledger
    return seen
