"""The corners of the eyes and the base of the nose, by dlib's five-point model."""

import numpy as np
from numpy.typing import NDArray

from recognition.errors import EngineUnavailable
from recognition.faces import Box
from recognition.models.packages import dlib_model

__all__ = ["FivePoints"]

_FILE = "shape_predictor_5_face_landmarks.dat"


class FivePoints:
    """Finds the five points of a face in a box of the kind that dlib's detectors give."""

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise EngineUnavailable(
                f"dlib can't be loaded ({error}): install this project's locked requirements."
            ) from error
        self._rectangle = dlib.rectangle
        self._predictor = dlib.shape_predictor(str(dlib_model(_FILE)))

    def find(self, picture: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
        """Return float32 (5, 2), in the order that `Face.points` has, for a box in an RGB picture."""
        rectangle = self._rectangle(*(round(side) for side in (box.left, box.top, box.right, box.bottom)))
        shape = self._predictor(picture, rectangle)
        return np.array([(part.x, part.y) for part in shape.parts()], np.float32)
