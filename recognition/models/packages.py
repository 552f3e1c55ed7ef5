"""Where the installed packages keep the weights."""

from importlib.util import find_spec
from pathlib import Path

from recognition.errors import EngineUnavailable

__all__ = ["dlib_model", "mtcnn_model"]


def dlib_model(name: str) -> Path:
    """Return the path of a `.dat` file of face_recognition_models; raises EngineUnavailable."""
    return _file("face_recognition_models", f"models/{name}")


def mtcnn_model(name: str) -> Path:
    """Return the path of an `.onnx` file of mtcnn-runtime; raises EngineUnavailable."""
    return _file("mtcnnruntime", f"weights/{name}")


def _file(package: str, name: str) -> Path:
    # Found without importing: face_recognition_models imports pkg_resources, which takes half a second and warns, and
    # of mtcnn-runtime only the weights are used.
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / name).is_file():
            return path
    raise EngineUnavailable(
        f"The file {name} of the package {package} is missing: install this project's locked requirements."
    )
