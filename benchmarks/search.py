"""Search of 50,000 people with 5 photos each, one thread, against face_recognition's `face_distance`."""

import json
import os
import statistics
import time
from collections.abc import Callable

# NumPy's matrix products read it when it is first imported; face_distance has one thread by nature.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from recognition import Gallery, Template
from recognition.scoring import nearest, unit

_PEOPLE, _PHOTOS, _SIZE = 50_000, 5, 128
_QUICK_PEOPLE = 10_000
# Photos of one person: 1 − cosine of two is 0.045 on average in the encoder's own templates.
_SPREAD = 0.15


def main(*, quick: bool) -> None:
    """Print a table, and as the last line one JSON object."""
    from face_recognition import face_distance

    people, rounds = (_QUICK_PEOPLE, 3) if quick else (_PEOPLE, 7)
    gallery, probes = _drawn(people)
    # What a user of face_recognition holds: a list of float64 encodings, here as one array, its fastest form.
    theirs = gallery.matrix.astype(np.float64)
    doubles = probes.astype(np.float64)

    def ours(count: int) -> NDArray[np.intp]:
        return nearest(gallery, probes[:count])[0]

    def peer(count: int) -> NDArray[np.intp]:
        return np.array([int(gallery.owners[face_distance(theirs, probe).argmin()]) for probe in doubles[:count]])

    one = _race(lambda: ours(1), lambda: peer(1), rounds)
    twenty = _race(lambda: ours(20), lambda: peer(20), max(2, rounds // 2))
    same = float((ours(len(probes)) == peer(len(probes))).mean())
    print(f"{people:,} people with {_PHOTOS} photos each, one thread, medians")
    for name, (own, other) in (("one probe", one), ("twenty probes", twenty)):
        print(f"{name:14} {1e3 * own:9.1f} ms   face_distance {1e3 * other:9.1f} ms   {other / own:6.1f}x")
    print(f"top-1 the same in {100 * same:.1f} % of {len(probes)} probes")
    figures = {
        "benchmark": "search",
        "people": people,
        "photos": _PHOTOS,
        "one_ms": 1e3 * one[0],
        "peer_one_ms": 1e3 * one[1],
        "ratio_one": one[1] / one[0],
        "twenty_ms": 1e3 * twenty[0],
        "peer_twenty_ms": 1e3 * twenty[1],
        "ratio_twenty": twenty[1] / twenty[0],
        "top1_same": same,
    }
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}))


def _drawn(people: int) -> tuple[Gallery, NDArray[np.float32]]:
    generator = np.random.default_rng(1)
    own = unit(generator.standard_normal((people, _SIZE)).astype(np.float32))
    gallery = Gallery("drawn")
    for _ in range(_PHOTOS):
        noise = unit(generator.standard_normal(own.shape).astype(np.float32))
        for person, row in enumerate(unit(own + _SPREAD * noise)):
            gallery.add(str(person), Template("drawn", row))
    asked = generator.integers(people, size=40)
    noise = unit(generator.standard_normal((len(asked), _SIZE)).astype(np.float32))
    return gallery, unit(own[asked] + _SPREAD * noise)


def _race(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each, run in turns after one of each that doesn't count."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(rounds + 1):
        for taken, each in zip(times, (ours, peer), strict=True):
            started = time.perf_counter()
            each()
            if run:
                taken.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])
