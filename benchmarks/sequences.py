"""Whole meetings: how often an outsider is named over all looks and tracks, and how often someone enrolled is not.

Identities are split by `sha256(NAME)[1] % 2`: on the even ones the matcher and the spending of the error budget are
fitted, the odd ones are judged. A simulated meeting has a roster of 30 with one photo each, some of them present, and
outsiders; everyone is seen about once a second, as one of several photos or a degraded view of it (a shift, a smaller
scale, blur, brightness, JPEG), and at random a track breaks. The tracker runs as it does on a camera.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.face_views import VIEWS, Vectors, templates_of_views
from recognition import Box, Face, Gallery, Template
from recognition.calibration import Crowd, fit_calibration
from recognition.scoring import CalibratedMatcher
from recognition.tracking import Frame, Fused, Ledger, Margins, Settings, Spending, Tracker, margins_of

__all__ = ["main"]

_PROMISED_FPIR = 0.003
_ROSTER, _PRESENT, _OUTSIDERS = 30, 10, 10
_LOOKS = 12
# The share of looks after which a track is broken: someone turns away, or walks behind another.
_BREAKS = 0.15
_GAP = 6
# Photos of a person beyond the one enrolled that they appear as.
_PHOTOS = 2
# A dense group is so many people around the one whose surroundings are densest: some campuses are like that.
_DENSE = 120
_STEPS = (0.0, 0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Person:
    """`enrolled`: the template of one photo, with its views where there is no other; `seen`: the others' views."""

    name: str
    enrolled: NDArray[np.float32]
    seen: tuple[NDArray[np.float32], ...]


@dataclass
class Record:
    """What one person's meeting came to. `looks`: greatest margin, own margin, chances spent, at each look."""

    person: str
    is_mate: bool
    looks: list[tuple[float, float, int, int]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    named_alone: bool = False
    first_named: int | None = None


def main(*, quick: bool) -> None:
    """Print the figures; the last line is JSON."""
    vectors = templates_of_views(1 + _PHOTOS, quick=quick)
    people = {half: _people(vectors, half) for half in (0, 1)}
    meetings = 40 if quick else 400
    generator = np.random.default_rng(1)

    # The spending is fitted on others than the matcher, because to whom it was fitted a matcher is kinder than to
    # newcomers; and for this one matcher, because another's scores have another scale.
    order = generator.permutation(len(people[0]))
    margins = _margins([people[0][place] for place in order[::2]])
    practice = [
        _simulate(crowd, margins, Spending(), meetings, generator, f"fit, {kind}")
        for kind, crowd in _crowds([people[0][place] for place in order[1::2]])
    ]
    spending = _fit(practice)
    judged = {
        kind: _simulate(crowd, margins, spending, meetings, generator, f"judge, {kind}")
        for kind, crowd in _crowds(people[1])
    }
    figures: dict[str, object] = {"benchmark": "sequences", "meetings": meetings, "quick": quick}
    print(f"margin above the threshold: {spending}")
    print(
        f"{'':9}{'FPIR %':>8}{'to %':>7}{'each look alone':>17}{'no spending':>13}{'FNIR %':>8}{'wrong %':>9}{'s':>5}"
    )
    for kind, records in judged.items():
        found = _figures(records)
        end = "" if kind == "random" else f"_{kind}"
        figures |= {f"{name}{end}": value for name, value in found.items()}
        shares = [100 * found[name] for name in ("fpir_meeting", "fpir_meeting_high", "fpir_meeting_each_look")]
        rest = [100 * found[name] for name in ("fpir_meeting_no_spending", "fnir_meeting", "wrong_name_meeting")]
        print(
            f"{kind:9}{shares[0]:8.2f}{shares[1]:7.2f}{shares[2]:17.2f}{rest[0]:13.2f}{rest[1]:8.1f}{rest[2]:9.2f}"
            f"{found['seconds_to_name']:5.1f}"
        )
    print(json.dumps(figures | {"spending": [spending.base, spending.per_chance, spending.keep]}))


def _margins(crowd: Sequence[Person]) -> Margins:
    photos = {person.name: [person.enrolled[0], *(views[0] for views in person.seen)] for person in crowd}
    calibration = fit_calibration(Crowd.of_people(photos), "sequences", f"{len(photos)} identities")
    return margins_of(CalibratedMatcher(calibration), look=calibration.plda.look)


def _crowds(people: Sequence[Person]) -> Iterator[tuple[str, Sequence[Person]]]:
    """Everyone, and those of one group that the encoder tells apart badly."""
    yield "random", people
    rows = np.stack([person.enrolled[0] for person in people])
    cosines = rows @ rows.T
    centre = int(np.sort(cosines, axis=1)[:, -_DENSE:].mean(axis=1).argmax())
    yield "dense", [people[place] for place in np.argsort(-cosines[centre], kind="stable")[:_DENSE]]


def _simulate(
    crowd: Sequence[Person],
    margins: Margins,
    spending: Spending,
    meetings: int,
    generator: np.random.Generator,
    title: str,
) -> list[Record]:
    records: list[Record] = []
    for number in track(range(meetings), title):
        drawn = [crowd[place] for place in generator.permutation(len(crowd))]
        mates = [person for person in drawn if len(person.seen)][:_PRESENT]
        others = [person for person in drawn if person not in mates]
        outsiders, absent = others[:_OUTSIDERS], others[_OUTSIDERS : _OUTSIDERS + _ROSTER - len(mates)]
        gallery = Gallery.of(
            "sequences", [(each.name, Template("sequences", each.enrolled[0])) for each in mates + absent]
        )
        records += _meeting(f"{title} {number}", mates, outsiders, gallery, margins, spending, generator)
    return records


def _meeting(
    title: str,
    mates: Sequence[Person],
    outsiders: Sequence[Person],
    gallery: Gallery,
    margins: Margins,
    spending: Spending,
    generator: np.random.Generator,
) -> list[Record]:
    attending = [*mates, *outsiders]
    records = [Record(person.name, place < len(mates)) for place, person in enumerate(attending)]
    frames: dict[int, list[tuple[int, NDArray[np.float32]]]] = defaultdict(list)
    for place, person in enumerate(attending):
        for second, look in _looks(person, is_mate=place < len(mates), generator=generator):
            frames[second].append((place, look))
    for place, looks in _by_place(frames).items():
        alone = margins(gallery, [Fused(Template("sequences", look), 1, 1.0) for look in looks])
        records[place].named_alone = bool((alone >= 0).any())
    found: list[NDArray[np.float32]] = []
    tracker = Tracker(title, _recording(margins, found), Settings(spending=spending))
    ledger, people = Ledger.empty(), gallery.people
    columns = {name: column for column, name in enumerate(people)}
    for second in sorted(frames):
        faces = [
            Face(Box(300.0 * place, 0, 300.0 * place + 80, 80), 1.0, template=Template("sequences", look))
            for place, look in frames[second]
        ]
        found.clear()
        seen = tracker.see(Frame(str(second), float(second), tuple(faces)), gallery, ledger)
        for (place, _), followed, row in zip(frames[second], seen.tracks, found[0], strict=True):
            record, best = records[place], int(row.argmax())
            own = columns.get(record.person)
            record.looks.append(
                (
                    float(row[best]),
                    -np.inf if own is None else float(row[own]),
                    ledger.spent(people[best]),
                    ledger.spent(record.person),
                )
            )
            if followed.person is not None:
                record.named.append(followed.person)
                if record.first_named is None and followed.person == record.person:
                    record.first_named = len(record.looks)
        ledger = seen.ledger
    return records


def _by_place(frames: dict[int, list[tuple[int, NDArray[np.float32]]]]) -> dict[int, list[NDArray[np.float32]]]:
    looks: dict[int, list[NDArray[np.float32]]] = defaultdict(list)
    for place, look in (each for frame in frames.values() for each in frame):
        looks[place].append(look)
    return looks


def _looks(
    person: Person, *, is_mate: bool, generator: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Seconds and templates; of one to three photos (someone else's moments are as varied), in any order."""
    own = person.seen if is_mate or person.seen else (person.enrolled,)
    photos = [own[place] for place in generator.permutation(len(own))[: int(generator.integers(1, _PHOTOS + 1))]]
    views = np.concatenate(photos)
    second = int(generator.integers(0, 4))
    for _ in range(_LOOKS):
        yield second, views[int(generator.integers(len(views)))]
        second += _GAP if generator.random() < _BREAKS else 1


def _recording(margins: Margins, found: list[NDArray[np.float32]]) -> Margins:
    """Return the same margins, each table kept; faces stand from left to right, so the tracker's order is theirs."""

    def recorded(gallery: Gallery, fused: Sequence[Fused]) -> NDArray[np.float32]:
        found.append(margins(gallery, fused))
        return found[-1]

    return recorded


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


def _people(vectors: Vectors, half: int) -> list[Person]:
    photos: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for picture in sorted(name for name in vectors if "#" not in name):
        name = picture.split("/")[0]
        views = [vectors[picture + view] for view in ("", *VIEWS) if picture + view in vectors]
        if len(photos[name]) <= _PHOTOS and hashlib.sha256(name.encode()).digest()[1] % 2 == half:
            photos[name].append(np.stack(views))
    return [Person(name, views[0], tuple(views[1:])) for name, views in sorted(photos.items()) if views]
