import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence
from typer.testing import CliRunner, Result

from deploy.cli import app
from tests.recognition.pictures import astronaut, both, cat, grace_hopper

_PROJECT = Path(__file__).parents[3]
_RATE = 12.5

Rollcall = Callable[..., Result]


@pytest.fixture
def rollcall() -> Rollcall:
    """Run `rollcall` with these arguments; `output` and `stderr` of what it gives are apart."""
    return lambda *words: CliRunner(env={"COLUMNS": "300"}).invoke(app, [str(word) for word in words])


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures: two people, both in one, a cat, and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for name, image in (("astronaut", astronaut()), ("grace", grace_hopper()), ("both", both()), ("cat", cat())):
        image.save(folder / f"{name}.jpg", quality=95)
    grace_hopper().crop((60, 20, 460, 420)).save(folder / "grace-again.jpg", quality=80)
    grace_hopper().resize((128, 150)).save(folder / "grace-small.jpg", quality=95)
    (folder / "bad.jpg").write_text("no picture")
    return folder


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery's folder: Grace, and someone whose only photo shows a cat."""
    folder = tmp_path_factory.mktemp("people")
    for name, image in (("grace", grace_hopper()), ("tom", cat())):
        (folder / name).mkdir()
        image.save(folder / name / "photo.jpg", quality=95)
    return folder


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a real clip of a woman and a man; skips where the clips aren't at hand."""
    name = "head-pose-face-detection-female-and-male.gif"
    path = Path(os.environ.get("ROLLCALL_FACES", _PROJECT / "../shared/faces")) / "clips" / name
    if not path.exists():
        pytest.skip(f"no clip at {path.resolve()}: set ROLLCALL_FACES to a folder that holds clips")
    folder = tmp_path_factory.mktemp("clip")
    writer: cv2.VideoWriter | None = None
    with Image.open(path) as pictures:
        for number, picture in enumerate(ImageSequence.Iterator(pictures)):
            frame = picture.convert("RGB")
            if number == 0:
                for person, (left, right) in {"woman": (0, 240), "man": (240, 480)}.items():
                    (folder / person / person).mkdir(parents=True)
                    half = frame.crop((left, 0, right, 270))
                    half.resize((480, 540)).save(folder / person / person / "first.png")
            if number == 12:
                break
            writer = writer or cv2.VideoWriter(
                str(folder / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), _RATE, frame.size
            )
            writer.write(cv2.cvtColor(np.asarray(frame), cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return folder / "clip.mp4"
