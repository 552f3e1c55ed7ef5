"""The encoder: dlib's against the same weights on ONNX Runtime, float and 8 bits, one thread each, taking turns."""

import json
from collections import defaultdict
from time import perf_counter

import numpy as np
from rich.progress import track

from benchmarks.material import people
from recognition.alignment import face_chip
from recognition.detectors import FastDetector
from recognition.models.dlib_encoder import DlibEncoder
from recognition.models.packages import dlib_model
from recognition.models.processor import has_vnni, processor_flags

__all__ = ["main"]

_BATCH = 8
_TOLD = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8")


def main(*, quick: bool) -> None:
    """Print the figures; the last line is JSON."""
    import dlib

    detector = FastDetector()
    chips = []
    for picture in track(list(people(64 if quick else 560)), "faces"):
        chips += [face_chip(picture, face.points) for face in detector.find(picture, 60)[:1] if face.points is not None]
    peer = dlib.face_recognition_model_v1(str(dlib_model("dlib_face_recognition_resnet_model_v1.dat")))
    ours = {"float": DlibEncoder(precision="float"), "int8": DlibEncoder(precision="int8")}
    for encoder in ours.values():
        encoder.encode(np.stack(chips[:_BATCH]))

    seconds: dict[str, list[float]] = defaultdict(list)
    greatest, cosines = 0.0, []
    for place in track(range(len(chips)), "encoding"):
        chip = chips[place]
        started = perf_counter()
        expected = np.array(peer.compute_face_descriptor(chip))
        seconds["dlib"].append(perf_counter() - started)
        encodings = {}
        for name, encoder in ours.items():
            started = perf_counter()
            (encodings[name],) = encoder.encode(chip[None])
            seconds[name].append(perf_counter() - started)
        greatest = max(greatest, float(np.abs(encodings["float"] - expected).max()))
        lengths = np.linalg.norm(encodings["int8"]) * np.linalg.norm(expected)
        cosines.append(float(encodings["int8"] @ expected / lengths))
        if place % _BATCH == 0 and place + _BATCH <= len(chips):
            batch = np.stack(chips[place : place + _BATCH])
            for name, encoder in ours.items():
                started = perf_counter()
                encoder.encode(batch)
                seconds[f"{name}, batches of 8"].append((perf_counter() - started) / _BATCH)

    medians = {name: float(np.median(each)) for name, each in seconds.items()}
    for name, median in medians.items():
        print(f"{name:22}{1000 * median:8.2f} ms a face{medians['dlib'] / median:8.1f} x")
    figures = {
        "benchmark": "encoder",
        "quick": quick,
        "faces": len(chips),
        "ratio": medians["dlib"] / medians["float"],
        "ratio_batch8": medians["dlib"] / medians["float, batches of 8"],
        "ratio_int8": medians["dlib"] / medians["int8"],
        "ratio_int8_batch8": medians["dlib"] / medians["int8, batches of 8"],
        "max_abs_diff": greatest,
        "min_cosine_int8": min(cosines),
        "ms": {name: 1000 * median for name, median in medians.items()},
        "vnni": has_vnni(),
        "cpu_flags": [flag for flag in _TOLD if flag in processor_flags()],
    }
    print(json.dumps(figures))
