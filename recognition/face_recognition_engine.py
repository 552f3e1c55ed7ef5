"""The face_recognition package as it is: dlib's HOG detector, its encoder, Euclidean distance.

Only the tolerance is ours. The package's own, 0.6, names strangers. Measured on Labeled Faces in the Wild with this
detector and encoder, rosters of 30 people with one photo each, one picture a trial, on the identities that the
tolerance was chosen on (1,469; 168,000 outsider trials, 16,800 of people enrolled), FPIR the share of outsiders named,
FNIR of people enrolled who aren't named rightly:

    tolerance     0.60     0.55     0.50    0.48    0.46    0.44
    FPIR, %      13.33     2.70     0.46    0.21    0.10    0.03
    FNIR, %       1.4      5.5     16.6    24.2    34.0    44.5

0.48 was the largest step below the promised 0.3 % FPIR. Judged once on the other 1,358 identities it gave FPIR 0.34 %
and FNIR 25.3 %; 0.06 % of the people enrolled were named as someone else. What it does not hold, on those identities'
fixed trials: FPIR grows with the roster (1.1 % at 100, 3.0 % at 420) and with photos a person (0.8 % at three), each
further look at an outsider is a further chance, and in a roster drawn from one group that this encoder tells apart
badly (mostly East Asian faces) 22.6 % of outsiders are named. One tolerance for all can't mend that.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.detectors.hog import HogDetector, hog_upsampling
from recognition.detectors.regions import found_near
from recognition.engine import SMALLEST_FACE, Engine
from recognition.errors import EngineUnavailable
from recognition.faces import Box, Face, Template
from recognition.gallery import Gallery
from recognition.matcher import Matcher, best_per_person

__all__ = ["DistanceMatcher", "FaceRecognitionEngine"]

# The file of face_recognition_models that makes the templates, and that they are what the package gives: Euclidean,
# not of unit length.
_ENCODER = "dlib_face_recognition_resnet_model_v1/euclidean"


class DistanceMatcher(Matcher):
    """Scores are 1 − Euclidean distance to a person's nearest template, so face_recognition's tolerance t is 1 − t."""

    encoder = _ENCODER

    def __init__(self, tolerance: float = 0.48) -> None:
        self.threshold = 1 - tolerance

    def scores(self, gallery: Gallery, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (probes, people): 1 − distance to the person's nearest template."""
        distances = np.stack([np.linalg.norm(gallery.matrix - probe, axis=1) for probe in probes])
        return best_per_person(1 - distances, gallery)


class FaceRecognitionEngine(Engine):
    """face_recognition's HOG detector with its scores, its five-point model, its encodings."""

    name: ClassVar[str] = "face_recognition"

    def __init__(self) -> None:
        self.matcher: Matcher = DistanceMatcher()
        self.scale = HogDetector.scale

    @property
    def made_by(self) -> str:
        """The engine's state: whoever changes which faces it finds, or where, raises the number."""
        return f"{self.name} 1"

    def prepare(self) -> None:
        """Import face_recognition, which loads all of its models; raises EngineUnavailable."""
        _package()

    def find(
        self, picture: NDArray[np.uint8], smallest_face: float = SMALLEST_FACE, near: Sequence[Box] | None = None
    ) -> list[Face]:
        """Return what `face_recognition.face_locations` finds, with the detector's scores and five points.

        HOG sees faces from 80, 40 or 20 pixels: the next at or below `smallest_face` is chosen, but in a picture above
        2.5 million pixels not 20, and above 10 million not 40.
        """
        package = _package()
        if near is not None:
            return found_near(self.find, picture, near)
        upsampling = hog_upsampling(picture, smallest_face)
        # face_locations calls this detector too, and drops its scores.
        rectangles, scores, _ = package.api.face_detector.run(picture, upsampling, 0.0)
        height, width = picture.shape[:2]
        boxes = [
            Box(max(each.left(), 0), max(each.top(), 0), min(each.right(), width), min(each.bottom(), height))
            for each in rectangles
        ]
        marks = package.face_landmarks(picture, [_location(box) for box in boxes], model="small")
        faces = [
            Face(box, float(score), np.array([*m["right_eye"], *m["left_eye"], *m["nose_tip"]], np.float32))
            for box, score, m in zip(boxes, scores, marks, strict=True)
        ]
        return sorted(faces, key=lambda face: -face.score)

    def encode(self, picture: NDArray[np.uint8], faces: Sequence[Face], *, thorough: bool = False) -> list[Face]:
        """Return the faces with the templates that `face_recognition.face_encodings` gives for their boxes.

        They are the same where `thorough` is asked for: this is how the package's users enrol.
        """
        encodings = _package().face_encodings(picture, [_location(face.box) for face in faces], model="small")
        return [
            replace(face, template=Template(_ENCODER, encoding))
            for face, encoding in zip(faces, encodings, strict=True)
        ]


def _location(box: Box) -> tuple[int, int, int, int]:
    return int(box.top), int(box.right), int(box.bottom), int(box.left)


@lru_cache(maxsize=1)
def _package() -> ModuleType:
    from PIL import ImageFile

    truncated_allowed = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
            import face_recognition
    except (ImportError, SystemExit) as error:  # it calls quit() where its models are missing
        raise EngineUnavailable(
            f"The engine face_recognition can't be loaded ({error}): install this project's locked requirements."
        ) from error
    finally:
        # Importing it makes Pillow fill what is missing of a file, in the whole process.
        ImageFile.LOAD_TRUNCATED_IMAGES = truncated_allowed
    package: ModuleType = face_recognition
    return package
