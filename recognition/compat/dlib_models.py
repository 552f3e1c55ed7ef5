"""What is used of dlib itself, loaded when it is asked for and once a process."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from recognition.errors import EngineUnavailable
from recognition.models.packages import dlib_model

if TYPE_CHECKING:
    import dlib

__all__ = ["LANDMARK_MODELS", "dlib_package", "hog", "shape_predictor"]

# The sizes of face_landmarks by name.
LANDMARK_MODELS = {
    "small": "shape_predictor_5_face_landmarks.dat",
    "large": "shape_predictor_68_face_landmarks.dat",
}


def dlib_package() -> Any:  # noqa: ANN401  # a module without types
    """Return the package dlib; raises EngineUnavailable."""
    try:
        import dlib
    except ImportError as error:
        raise EngineUnavailable(f"dlib can't be loaded ({error}): install the locked requirements.") from error
    return dlib


@lru_cache(maxsize=1)
def hog() -> "dlib.fhog_object_detector":
    """Return dlib's frontal face detector; raises EngineUnavailable."""
    return dlib_package().get_frontal_face_detector()


@lru_cache(maxsize=2)
def shape_predictor(model: str) -> "dlib.shape_predictor":
    """Return the model that finds landmarks, `small` or `large`; raises ValueError for another, EngineUnavailable."""
    if model not in LANDMARK_MODELS:
        raise ValueError("Invalid landmarks model type. Supported models are ['small', 'large'].")
    return dlib_package().shape_predictor(str(dlib_model(LANDMARK_MODELS[model])))
