"""The values that recognition gives: boxes, templates, faces, and a look at one picture.

All are frozen, are compared by value and can be pickled: they cross from the recognition pool to the stream app.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recognition.errors import BadTemplate
from recognition.header import PictureHeader
from recognition.quality import Quality

__all__ = ["Box", "DetectorScale", "Face", "Look", "Template", "Timings"]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the upright picture, from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Right minus left, in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom minus top, in pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, eq=False)
class Template:
    """A face as an encoder sees it, and which encoder that was.

    `vector`: float32 (d,), as the encoder gives it; whether it has unit length is the encoder's affair, and how two of
    them are compared its scoring's. It is copied and made read-only. Raises BadTemplate for another shape than one
    dimension, for no numbers, and for NaN or infinity.
    """

    encoder: str
    vector: NDArray[np.float32]

    def __post_init__(self) -> None:
        vector = np.array(self.vector, dtype=np.float32)
        if vector.ndim != 1 or vector.size == 0:
            raise BadTemplate(
                f"A template is a row of numbers, not an array of the shape {vector.shape}: encode again."
            )
        if not np.isfinite(vector).all():
            raise BadTemplate("The template holds numbers that aren't finite: encode the picture again.")
        vector.setflags(write=False)
        object.__setattr__(self, "vector", vector)

    def __reduce__(self) -> "tuple[type[Template], tuple[str, NDArray[np.float32]]]":
        return Template, (self.encoder, self.vector)  # by the constructor: a pickled array forgets that it is read-only

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Template):
            return NotImplemented
        return self.encoder == other.encoder and np.array_equal(self.vector, other.vector)

    def __hash__(self) -> int:
        return hash((self.encoder, self.vector.tobytes()))

    def to_bytes(self) -> bytes:
        """Return the vector as little-endian float32, to be stored beside the encoder's name."""
        return self.vector.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, encoder: str, data: bytes) -> "Template":
        """Return the template that `to_bytes` stored; raises BadTemplate where the bytes aren't one."""
        if len(data) % 4:
            raise BadTemplate(f"A stored template of {len(data)} bytes isn't whole: enrol the photo again.")
        return cls(encoder, np.frombuffer(data, "<f4"))


@dataclass(frozen=True)
class Face:
    """One face in a picture.

    `score` is the detector's, larger is surer, on that detector's own scale. `points`: float32 (5, 2) in pixels of the
    upright picture, in the order of dlib's five-point model: outer and inner corner of the eye at the picture's right,
    outer and inner corner of the eye at its left, base of the nose; None where the detector gives none. They belong to
    the box and aren't compared. `template` is None until it is encoded; `quality` is None too where the engine doesn't
    tell it.
    """

    box: Box
    score: float
    points: NDArray[np.float32] | None = field(default=None, compare=False)
    template: Template | None = None
    quality: Quality | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DetectorScale:
    """How to read one detector's scores: below `weak` it may be no face or a cut-off one, from `strong` it is plain."""

    weak: float
    strong: float


@dataclass(frozen=True)
class Timings:
    """Seconds that each stage took."""

    decode: float
    detect: float
    encode: float


@dataclass(frozen=True)
class Look:
    """What an engine saw in one picture.

    `header` is the file's own; `width` and `height` are those of the upright picture, in which the boxes are given.
    `faces` are sorted by score, surest first, all with templates; `scale` says how to read those scores.
    """

    header: PictureHeader
    width: int
    height: int
    faces: tuple[Face, ...]
    scale: DetectorScale
    timings: Timings
