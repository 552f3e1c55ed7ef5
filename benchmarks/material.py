"""The pictures and clips that benchmarks run on: in the folder that `ROLLCALL_FACES` names, never in the repository."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition import Face

__all__ = ["Detections", "clip", "faces_folder", "people", "score_boxes", "truth"]

# Clip, then frame, then boxes with scores: what `score_boxes.py` reads.
Detections = dict[str, dict[str, list[dict[str, Any]]]]


def faces_folder() -> Path:
    """Return the folder; ends with a sentence where it isn't there."""
    folder = Path(os.environ.get("ROLLCALL_FACES") or Path(__file__).parents[2] / "shared/faces")
    if not (folder / "clips" / "boxes.json").is_file():
        raise SystemExit(f"No pictures at {folder}: set ROLLCALL_FACES to a folder that holds lfw-dev and clips.")
    return folder


def people(most: int) -> Iterator[NDArray[np.uint8]]:
    """Yield one RGB picture each of so many people of `lfw-dev`, spread over the alphabet."""
    folders = sorted(path for path in (faces_folder() / "lfw-dev").iterdir() if path.is_dir())
    for place in np.linspace(0, len(folders) - 1, min(most, len(folders))).astype(int):
        data = np.fromfile(min(folders[place].glob("*.jpg")), np.uint8)
        yield np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)


def clip(name: str) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield a clip's frames with their numbers, RGB."""
    video = cv2.VideoCapture(str(faces_folder() / "clips" / name))
    number = 0
    while True:
        there, frame = video.read()
        if not there:
            return
        yield number, np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
        number += 1


def truth() -> dict[str, dict[str, Any]]:
    """Return the hand-checked boxes: clip, then frame, then boxes."""
    boxes: dict[str, dict[str, Any]] = json.loads((faces_folder() / "clips" / "boxes.json").read_text())
    return boxes


def as_detections(faces: Iterable[Face]) -> list[dict[str, Any]]:
    """Return faces as `score_boxes.py` reads them."""
    return [{"box": [f.box.left, f.box.top, f.box.right, f.box.bottom], "score": f.score} for f in faces]


def score_boxes(found: Detections, smallest: float) -> dict[str, float]:
    """Return what `score_boxes.py`, as it stands, says of detections, counting only frames that were looked at."""
    counted = {name: {n: boxes for n, boxes in truth()[name].items() if n in frames} for name, frames in found.items()}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "found.json", Path(folder) / "truth.json"]
        for path, content in zip(paths, (found, counted), strict=True):
            path.write_text(json.dumps(content))
        script = faces_folder() / "score_boxes.py"
        command = [sys.executable, str(script), str(paths[0]), "--truth", str(paths[1]), "--smallest", str(smallest)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures
