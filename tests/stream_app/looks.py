"""Looks for the pool's processes that misbehave as a picture may make the real one do."""

import os
import time
from pathlib import Path

import numpy as np

from recognition import DetectorScale, Glance, Known, Look, NotAPicture, PictureHeader, Timings

_LOOK = Look(PictureHeader("JPEG", 1, 1), 1, 1, (), DetectorScale(0, 1), Timings(0, 0, 0))
SEEN = Glance(_LOOK, whole=True, thumbnail=np.zeros((1, 1), np.uint8))


def look(picture: bytes, _smallest_face: float, _known: Known | None) -> Glance:
    """Do what the picture says: a word, and for some a file that counts how often it was looked at."""
    word, _, path = picture.decode().partition(" ")
    if path:
        with Path(path).open("a") as file:
            file.write(".")
    if word == "die":
        os._exit(1)
    if word == "die-once" and Path(path).read_text() == ".":
        os._exit(1)
    if word == "hang":
        time.sleep(600)
    if word == "refuse":
        raise NotAPicture("no picture")
    if word == "pid":
        Path(path).write_text(str(os.getpid()))
    return SEEN
