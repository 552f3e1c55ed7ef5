"""One small interface for every engine, and the engines by name."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from time import perf_counter
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.errors import UnknownEngine
from recognition.faces import Box, DetectorScale, Face, Look, Timings
from recognition.matcher import Matcher
from recognition.picture import PictureLimits, decode, read_header

__all__ = ["SMALLEST_FACE", "Engine", "engines", "load_engine", "shared_engine"]

# The width in pixels from which faces are looked for where the caller doesn't say. Smaller ones can hardly be told
# apart (a third are missed at 28 pixels), and looking for them multiplies the time.
SMALLEST_FACE = 40.0

_DEFAULT_LIMITS = PictureLimits()


class Engine(ABC):
    """Finds faces and encodes them; its matcher compares what it encoded.

    An engine costs nothing until it is used: its models are loaded by the first `find` or `encode`, or by `prepare`, so
    a process that only compares may hold one. It belongs to one thread.

    >>> engine = load_engine("face_recognition")
    >>> look = engine.look(Path("frame.jpg").read_bytes())
    >>> engine.matcher.identify(look.faces, gallery)

    `name`: the key in `engines`. `matcher`: compares its templates, and names the encoder. `scale`: how to read its
    detector's scores.
    """

    name: ClassVar[str]
    matcher: Matcher
    scale: DetectorScale

    @property
    def encoder(self) -> str:
        """The name of the encoder that makes its templates; templates of two encoders are never compared."""
        return self.matcher.encoder

    @property
    @abstractmethod
    def made_by(self) -> str:
        """What a picture's templates depend on besides the picture, so that kept ones are known to be out of date.

        Encoders whose templates mix may still differ in it.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Load the models now; raises EngineUnavailable if they can't be had."""

    @abstractmethod
    def find(
        self, picture: NDArray[np.uint8], smallest_face: float = SMALLEST_FACE, near: Sequence[Box] | None = None
    ) -> list[Face]:
        """Return the faces of an upright RGB picture, uint8 (height, width, 3), surest first, without templates.

        Faces at least `smallest_face` pixels wide are looked for; smaller ones may be among those found. With `near`,
        where faces were a moment ago, only faces of about these sizes around these places are looked for, whatever
        `smallest_face` says; an empty `near` finds nothing.
        """

    @abstractmethod
    def encode(self, picture: NDArray[np.uint8], faces: Sequence[Face], *, thorough: bool = False) -> list[Face]:
        """Return the same faces of the same picture in the same order, with templates.

        `thorough`, for photos that are enrolled: an engine that can makes each template of several views of the face,
        in as many times the time. Such templates and others are compared with one another.
        """

    def look(
        self,
        data: bytes,
        limits: PictureLimits = _DEFAULT_LIMITS,
        smallest_face: float = SMALLEST_FACE,
        *,
        thorough: bool = False,
    ) -> Look:
        """Decode a picture, find its faces and encode them.

        `thorough`: the surest face, the only one that `enrolment_face` would take, is encoded thoroughly; a picture of
        a crowd would take seconds for templates that are never used.

        Raises a PictureError where the bytes can't be used; no face at all is a look like any other.
        """
        header = read_header(data, limits)
        started = perf_counter()
        picture = decode(data, limits)
        decoded = perf_counter()
        found = self.find(picture, smallest_face)
        detected = perf_counter()
        if thorough:
            faces = [*self.encode(picture, found[:1], thorough=True), *self.encode(picture, found[1:])]
        else:
            faces = self.encode(picture, found)
        encoded = perf_counter()
        height, width = picture.shape[:2]
        timings = Timings(decoded - started, detected - decoded, encoded - detected)
        return Look(header, width, height, tuple(faces), self.scale, timings)


# Where each engine is, as module and class: a module is imported when its engine is asked for.
engines = MappingProxyType(
    {
        "fast": ("recognition.fast_engine", "FastEngine"),
        "face_recognition": ("recognition.face_recognition_engine", "FaceRecognitionEngine"),
    }
)


def load_engine(name: str) -> Engine:
    """Return the engine of this name, with no model loaded yet; raises UnknownEngine."""
    if name not in engines:
        raise UnknownEngine(f"There is no recognition engine {name!r}: choose {' or '.join(sorted(engines))}.")
    module, factory = engines[name]
    engine: Engine = getattr(import_module(module), factory)()
    return engine


@lru_cache(maxsize=1)
def shared_engine(name: str) -> Engine:
    """Return this process' own engine of a name, so that its models are loaded once; raises UnknownEngine."""
    return load_engine(name)
