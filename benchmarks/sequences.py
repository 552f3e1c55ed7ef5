"""Whole meetings: how often an outsider is named over all looks and tracks, and how often someone enrolled is not.

Identities are split by `sha256(NAME)[1] % 2`: the decision is fitted on one half as the one that ships was on all, and
meetings are played with the other half, both ways. A meeting has a roster with one photo each, ten of them present, and
ten outsiders. Everyone is seen about once a second, twelve times, as one of up to three photos or a degraded view of it
(a shift, a smaller scale, blur, brightness, JPEG), and at random a track breaks. The tracker is the one that runs on a
camera, and spends the meeting's error budget as it ships.
"""

import hashlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.face_views import Photos, photos_of
from recognition import Box, Face, Gallery, Matcher, Template
from recognition.calibration import Crowd, fit_calibration
from recognition.calibration.fit import SPLITS
from recognition.scoring import CalibratedMatcher
from recognition.tracking import (
    Frame,
    Fused,
    Ledger,
    Margins,
    Seen,
    Settings,
    Spending,
    Tracker,
    margins_of,
    spending_of,
)

__all__ = ["main"]

_PROMISED_FPIR = 0.003
_PRESENT, _OUTSIDERS = 10, 10
_LOOKS = 12
# The share of looks after which a track is broken: someone turns away, or walks behind another.
_BREAKS = 0.15
_GAP = 6
_PHOTOS = 3
# A dense group is so many people around the one whose surroundings are densest: some campuses are like that.
_DENSE = 120
_STEPS = (0.0, 0.25, 0.5, 1.0)
_FULL, _QUICK = 400, 100
_ENCODER = "sequences"


@dataclass(frozen=True)
class Kind:
    """Meetings of one kind. `dense`: played with one group of people that the encoder tells apart badly."""

    name: str
    roster: int
    dense: bool = False


_KINDS = (Kind("random", 30), Kind("dense", 30, dense=True), Kind("hall", 200))


@dataclass(frozen=True)
class Person:
    """`enrolled`: the template of one photo; `seen`: those of other photos with their views, or of this one's views."""

    name: str
    enrolled: NDArray[np.float32]
    seen: tuple[NDArray[np.float32], ...]
    has_other_photos: bool


@dataclass
class Record:
    """What one person's meeting came to. `looks`: greatest margin, own margin, and the chances spent of each."""

    person: str
    is_mate: bool
    looks: list[tuple[float, float, int, int]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    named_alone: bool = False
    first_named: int | None = None


def main(*, quick: bool) -> None:
    """Print the figures; the last line is JSON."""
    if os.environ.get("OMP_NUM_THREADS") != "1":  # many small products: with two threads they take twice as long
        os.execve(sys.executable, sys.orig_argv, os.environ | {"OMP_NUM_THREADS": "1"})  # noqa: S606
    photos = photos_of(_PHOTOS, quick=quick)
    meetings = _QUICK if quick else _FULL
    generator = np.random.default_rng(1)
    records: dict[str, list[Record]] = defaultdict(list)
    for fitted in (0,) if quick else (0, 1):
        matcher = _matcher({name: own for name, own in photos.items() if _half(name) == fitted}, 2 if quick else SPLITS)
        judged = [_person(name, own) for name, own in photos.items() if _half(name) != fitted]
        for kind in _KINDS[: 2 if quick else 3]:
            crowd = _densest(judged) if kind.dense else judged
            records[kind.name] += _simulate(crowd, matcher, kind, meetings, generator)

    figures: dict[str, object] = {"benchmark": "sequences", "quick": quick}
    print(
        f"{'':9}{'meetings':>9}{'FPIR %':>8}{'to %':>7}{'each look alone':>17}{'no spending':>13}{'FNIR %':>8}"
        f"{'wrong %':>9}{'s':>5}"
    )
    for name, found in ((name, _figures(each)) for name, each in records.items()):
        end = "" if name == "random" else f"_{name}"
        count = int(found["outsiders"]) // _OUTSIDERS
        figures |= {f"{key}{end}": value for key, value in found.items()} | {f"meetings{end}": count}
        shares = [100 * found[f"fpir_meeting{key}"] for key in ("", "_high", "_each_look", "_no_spending")]
        print(
            f"{name:9}{count:9}{shares[0]:8.2f}{shares[1]:7.2f}{shares[2]:17.2f}{shares[3]:13.2f}"
            f"{100 * found['fnir_meeting']:8.1f}{100 * found['wrong_name_meeting']:9.2f}{found['seconds_to_name']:5.1f}"
        )
    spending = spending_of(matcher)
    figures["spending"] = [spending.base, spending.per_chance, spending.keep]
    print(f"margin asked for: {spending}")
    if not quick:  # a few meetings don't show the tail that this is about
        fits = _fit(list(records.values()))
        figures["spending_refitted"] = [fits.base, fits.per_chance, fits.keep]
        print(f"what would hold {100 * _PROMISED_FPIR} % in every kind of these very meetings: {fits}")
    print(json.dumps(figures))


def _half(name: str) -> int:
    return hashlib.sha256(name.encode()).digest()[1] % 2


def _matcher(photos: Photos, splits: int) -> CalibratedMatcher:
    crowd = Crowd.of_people({name: [views[0] for views in own] for name, own in photos.items()})
    return CalibratedMatcher(fit_calibration(crowd, _ENCODER, f"{len(photos)} identities", splits=splits))


def _person(name: str, photos: Sequence[NDArray[np.float32]]) -> Person:
    # Enrolled by the photo that has the fewest views, because the others are what a camera sees.
    ordered = sorted(photos, key=len)
    return Person(name, ordered[0][0], tuple(ordered[1:]) or tuple(ordered), len(ordered) > 1)


def _densest(people: Sequence[Person]) -> Sequence[Person]:
    rows = np.stack([person.enrolled for person in people])
    cosines = rows @ rows.T
    centre = int(np.sort(cosines, axis=1)[:, -_DENSE:].mean(axis=1).argmax())
    return [people[place] for place in np.argsort(-cosines[centre], kind="stable")[:_DENSE]]


def _simulate(
    crowd: Sequence[Person], matcher: Matcher, kind: Kind, meetings: int, generator: np.random.Generator
) -> list[Record]:
    records: list[Record] = []
    for number in track(range(meetings), kind.name):
        drawn = [crowd[place] for place in generator.permutation(len(crowd))]
        mates = [person for person in drawn if person.has_other_photos][:_PRESENT]
        rest = [person for person in drawn if person not in mates]
        outsiders, absent = rest[:_OUTSIDERS], rest[_OUTSIDERS:][: kind.roster - len(mates)]
        roster = [(person.name, Template(_ENCODER, person.enrolled)) for person in (*mates, *absent)]
        meeting = _Meeting(f"{kind.name} {number}", mates, outsiders, Gallery.of(_ENCODER, roster), matcher)
        records += meeting.play(generator)
    return records


class _Meeting:
    """One meeting: what is seen of everyone, and what the tracker makes of it."""

    def __init__(
        self, title: str, mates: Sequence[Person], outsiders: Sequence[Person], gallery: Gallery, matcher: Matcher
    ) -> None:
        self._attending = [*mates, *outsiders]
        self._records = [Record(person.name, place < len(mates)) for place, person in enumerate(self._attending)]
        self._gallery = gallery
        self._columns = {name: column for column, name in enumerate(gallery.people)}
        self._margins = margins_of(matcher)
        self._compared: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._tracker = Tracker(title, self._recording(), Settings(spending=spending_of(matcher)))

    def play(self, generator: np.random.Generator) -> list[Record]:
        frames: dict[int, list[tuple[int, NDArray[np.float32]]]] = defaultdict(list)
        for place, person in enumerate(self._attending):
            looks = list(_looks(person, generator))
            for second, look in looks:
                frames[second].append((place, look))
            self._records[place].named_alone = self._is_named_alone([look for _, look in looks])
        ledger = Ledger.empty()
        for second in sorted(frames):
            faces = [_face(place, look) for place, look in frames[second]]
            seen = self._tracker.see(Frame(str(second), float(second), tuple(faces)), self._gallery, ledger)
            self._note([place for place, _ in frames[second]], seen, ledger)
            ledger = seen.ledger
        return self._records

    def _is_named_alone(self, looks: Sequence[NDArray[np.float32]]) -> bool:
        alone = [Fused(Template(_ENCODER, look), 1, 1.0) for look in looks]
        return bool((self._margins(self._gallery, alone) >= 0).any())

    def _recording(self) -> Margins:
        """Return the same margins, the last table kept; faces stand from left to right, so its order is theirs."""

        def recorded(gallery: Gallery, fused: Sequence[Fused]) -> NDArray[np.float32]:
            self._compared = self._margins(gallery, fused)
            return self._compared

        return recorded

    def _note(self, places: Sequence[int], seen: Seen, ledger: Ledger) -> None:
        for place, followed, row in zip(places, seen.tracks, self._compared, strict=True):
            record, best = self._records[place], int(row.argmax())
            own = self._columns.get(record.person)
            record.looks.append(
                (
                    float(row[best]),
                    -np.inf if own is None else float(row[own]),
                    ledger.spent(self._gallery.people[best]),
                    ledger.spent(record.person),
                )
            )
            if followed.person is not None:
                record.named.append(followed.person)
                if record.first_named is None and followed.person == record.person:
                    record.first_named = len(record.looks)


def _looks(person: Person, generator: np.random.Generator) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Seconds and templates; of one photo or several (someone else's moments are as varied), in any order."""
    own = [person.seen[place] for place in generator.permutation(len(person.seen))]
    views = np.concatenate(own[: int(generator.integers(1, len(own) + 1))])
    second = int(generator.integers(0, 4))
    for _ in range(_LOOKS):
        yield second, views[int(generator.integers(len(views)))]
        second += _GAP if generator.random() < _BREAKS else 1


def _face(place: int, look: NDArray[np.float32]) -> Face:
    return Face(Box(300.0 * place, 0, 300.0 * place + 80, 80), 1.0, template=Template(_ENCODER, look))


def _fit(groups: Sequence[Sequence[Record]]) -> Spending:
    """Return the spending that names the most people enrolled, of those that hold the promise in every group."""
    choices = []
    for step in _STEPS:
        worst = [np.array([_greatest(each, step) for each in records if not each.is_mate]) for records in groups]
        base = max(float(np.quantile(each, 1 - _PROMISED_FPIR, method="higher")) for each in worst)
        tail = max(float(np.mean(each[each >= np.quantile(each, 0.98)]) - np.quantile(each, 0.98)) for each in worst)
        own = [max(m - step * np.log1p(k) for _, m, _, k in each.looks) for each in groups[0] if each.is_mate]
        choices.append((float(np.mean(np.array(own) <= base)), Spending(max(base, 0.0), step, tail)))
    return min(choices, key=lambda choice: choice[0])[1]


def _greatest(record: Record, step: float) -> float:
    return max(margin - step * float(np.log1p(chances)) for margin, _, chances, _ in record.looks)


def _figures(records: Sequence[Record]) -> dict[str, float]:
    outsiders, mates = [r for r in records if not r.is_mate], [r for r in records if r.is_mate]
    named = np.array([bool(each.named) for each in outsiders])
    first = [each.first_named for each in mates if each.first_named is not None]
    return {
        "fpir_meeting": float(named.mean()),
        "fpir_meeting_high": _high(named, [each.person for each in outsiders]),
        "fpir_meeting_each_look": float(np.mean([each.named_alone for each in outsiders])),
        "fpir_meeting_no_spending": float(np.mean([_greatest(each, 0.0) >= 0 for each in outsiders])),
        "fnir_meeting_no_spending": float(np.mean([max(own for _, own, _, _ in each.looks) < 0 for each in mates])),
        "fnir_meeting": float(np.mean([each.first_named is None for each in mates])),
        "wrong_name_meeting": float(np.mean([bool(set(each.named) - {each.person}) for each in mates])),
        "seconds_to_name": float(np.mean(first)) if first else 0.0,
        "outsiders": len(outsiders),
        "identities": len({each.person for each in outsiders}),
    }


def _high(hits: NDArray[np.bool_], names: Sequence[str]) -> float:
    """Return the upper end of the share's 95 % interval, by bootstrap over identities."""
    _, index = np.unique(names, return_inverse=True)
    size = int(index.max()) + 1
    if not hits.any():
        return min(1.0, 3 / size)
    hit, count = np.bincount(index, hits, size), np.bincount(index, minlength=size)
    weights = np.random.default_rng(1).multinomial(size, np.full(size, 1 / size), 1000)
    return float(np.quantile(weights @ hit / (weights @ count), 0.975))
