import os
from collections.abc import Callable
from pathlib import Path

import pytest

from recognition import Engine, Look, load_engine
from recognition.calibration import fit_calibration
from recognition.scoring import Calibration
from tests.recognition.crowds import ENCODER, Strangers
from tests.recognition.pictures import astronaut, encoded, grace_hopper

_PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load_engine("face_recognition")


@pytest.fixture(scope="session")
def astronaut_look(engine: Engine) -> Look:
    return engine.look(encoded(astronaut(), "PNG"))


@pytest.fixture(scope="session")
def grace_look(engine: Engine) -> Look:
    return engine.look(encoded(grace_hopper(), "PNG"))


@pytest.fixture(scope="session")
def faces_of() -> Callable[[str], list[Path]]:
    """The pictures of a person of Labeled Faces in the Wild; skips where that folder isn't at hand."""
    folder = Path(os.environ.get("ROLLCALL_FACES", _PROJECT / "../shared/faces")) / "lfw-dev"
    if not folder.is_dir():
        pytest.skip(f"no pictures at {folder.resolve()}: set ROLLCALL_FACES to a folder that holds lfw-dev")
    return lambda name: sorted((folder / name).glob("*.jpg"))


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    """A decision fitted on drawn people, so that its tests need no pictures."""
    return fit_calibration(Strangers(1).crowd(400), ENCODER, "drawn people", splits=1)


@pytest.fixture
def strangers() -> Strangers:
    """The same world's other people."""
    return Strangers(1)
