"""Fits the ranges of the 8-bit encoder on faces in given pictures, and writes them as JSON.

    python -m recognition.quantise FOLDER_OR_PICTURE... --out recognition/models/encoder_ranges.json

Some 300 faces are enough; more change the last digit. No picture and no template goes into the file.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.alignment import face_chip
from recognition.detectors import FastDetector
from recognition.errors import PictureError
from recognition.models import ModelCache
from recognition.models.dlib_encoder import encoder_graph, network_input
from recognition.models.ranges import fit_ranges
from recognition.picture import decode

__all__ = ["main"]

# Small faces, enlarged to the chip, have nothing sharp in them that larger ones lack.
_SMALLEST = 60.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; exits with a sentence where no face is found."""
    parser = argparse.ArgumentParser(prog="python -m recognition.quantise", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="pictures, or folders searched for .jpg and .png")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    given = parser.parse_args(arguments)
    batches = list(_batches(_files(given.pictures)))
    if not batches:
        parser.exit(1, "No face was found in these pictures: give photos of faces.\n")
    ranges = fit_ranges(encoder_graph(ModelCache()), batches)
    rounded = {name: [float(f"{value:.6g}") for value in pair] for name, pair in ranges.items()}
    given.out.write_text(json.dumps(rounded, indent=1) + "\n")
    parser.exit(0, f"{len(rounded)} ranges from {sum(map(len, batches)) // 2} faces: {given.out}\n")


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in (".jpg", ".jpeg", ".png"))
        else:
            yield path


def _batches(paths: Iterator[Path]) -> Iterator[NDArray[np.float32]]:
    detector = FastDetector()
    for path in paths:
        try:
            picture = decode(path.read_bytes())
        except (PictureError, OSError):
            continue  # a calibration doesn't stand or fall by one file
        for face in detector.find(picture, _SMALLEST):
            if face.points is not None:
                chip = face_chip(picture, face.points)
                yield network_input(np.stack([chip, chip[:, ::-1]]))


if __name__ == "__main__":
    main()
