"""The detectors on the hand-checked frames, beside face_recognition's HOG, judged by `score_boxes.py` as it stands."""

import json
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.material import Detections, as_detections, clip, score_boxes, truth
from recognition.detectors import Detector, load_detector

__all__ = ["main"]

_STREET = "street-1080p.mp4"
# dlib's CNN needs a picture twice as large for faces from 40 pixels: seconds a frame, so it gets a few frames.
_CNN_EVERY = 6


def main(*, quick: bool) -> None:
    """Print the figures; the last line is JSON."""
    every = 4 if quick else 1
    frames = [
        (name, number, frame)
        for name, checked in truth().items()
        for number, frame in clip(name)
        if str(number) in sorted(checked, key=int)[::every]
    ]
    # What face_recognition.face_locations does by itself: HOG on the picture doubled once.
    runs: list[tuple[str, str, float, int]] = [("peer_", "hog", 40, 1), ("", "fast", 40, 1), ("", "fast", 20, 1)]
    if not quick:
        runs.append(("cnn_", "cnn", 40, _CNN_EVERY))
    figures: dict[str, object] = {"benchmark": "detect", "quick": quick, "frames": len(frames)}
    print(f"{'detector':10}{'from px':>8}{'recall':>8}{'precision':>11}{'ms 1080p':>10}")
    for prefix, name, smallest, step in runs:
        found, milliseconds = _run(load_detector(name), smallest, frames[::step])
        for judged in (40, 20) if prefix == "peer_" else (int(smallest),):
            scores = score_boxes(found, judged)
            recall, precision = scores["recall_all"], scores["precision_all"]
            print(f"{name:10}{judged:8}{recall:8.3f}{precision:11.3f}{milliseconds:10.0f}")
            figures |= {f"{prefix}recall_{judged}": recall, f"{prefix}precision_{judged}": precision}
            figures[f"{prefix}ms_street_{judged}"] = milliseconds
    print(json.dumps(figures))


def _run(
    detector: Detector,
    smallest: float,
    frames: list[tuple[str, int, NDArray[np.uint8]]],
) -> tuple[Detections, float]:
    detector.prepare()
    detector.find(frames[0][2], smallest)
    found: Detections = {}
    seconds = []
    for name, number, frame in track(frames, detector.name):
        started = perf_counter()
        faces = detector.find(frame, smallest)
        if name == _STREET:
            seconds.append(perf_counter() - started)
        found.setdefault(name, {})[str(number)] = as_detections(faces)
    return found, 1000 * float(np.median(seconds))
