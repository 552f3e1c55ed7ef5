"""Answers to fixed lists of trials, each asking whether a face is one of a roster, and which, or nobody's.

Each trial is answered from its gallery and its probe alone, never from its `mate`.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recognition.by_group import Outcome
from recognition.faces import Template
from recognition.gallery import Gallery
from recognition.matcher import Matcher
from recognition.scoring import fuse

__all__ = ["Answer", "Trial", "TrialLists", "answer", "outcomes", "write_answers"]


class _Templates(Protocol):
    def __getitem__(self, picture: str, /) -> NDArray[np.float32] | None: ...


@dataclass(frozen=True)
class Trial:
    """One question: the pictures of a face and the gallery (by name) that it may be in."""

    name: str
    gallery: str
    probe: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The most similar person of the gallery, how similar, and the name given or None; all None without a face."""

    trial: str
    best: str | None
    score: float | None
    decision: str | None


@dataclass(frozen=True)
class TrialLists:
    """Trials, and for each gallery its people's pictures."""

    trials: tuple[Trial, ...]
    galleries: Mapping[str, Mapping[str, Sequence[str]]]

    @classmethod
    def read(cls, trials: Path, galleries: Path, fold: str | None = None) -> "TrialLists":
        """Read JSON lines, gzipped or not; `fold` keeps the trials of that fold and the galleries that they need."""
        rows = [row for row in _lines(trials) if fold is None or row["fold"] == fold]
        kept = tuple(Trial(row["trial"], row["gallery"], tuple(row["probe"])) for row in rows)
        needed = {trial.gallery for trial in kept}
        return cls(kept, {row["gallery"]: row["people"] for row in _lines(galleries) if row["gallery"] in needed})

    def pictures(self) -> list[str]:
        """Return every picture that a gallery or a probe names, sorted."""
        return sorted({*self.enrolled(), *self.probes()})

    def enrolled(self) -> list[str]:
        """Return every picture that a gallery names, sorted."""
        return sorted({each for people in self.galleries.values() for photos in people.values() for each in photos})

    def probes(self) -> list[str]:
        """Return every picture that a probe names, sorted."""
        return sorted({picture for trial in self.trials for picture in trial.probe})


def answer(
    lists: TrialLists,
    enrolled: _Templates,
    probes: _Templates,
    matcher: Matcher,
    told: Callable[[int], None] = lambda _: None,
    *,
    fused: bool = True,
) -> list[Answer]:
    """Answer every trial; `told` is called with the number answered since the last call.

    `enrolled`, `probes`: the templates of pictures that galleries and that probes name; one picture may have two. A
    probe of several pictures is fused into one template, or else (`fused` False) its best picture counts, as it does to
    who compares frame by frame.
    """
    asked: dict[str, list[Trial]] = {}
    for trial in lists.trials:
        asked.setdefault(trial.gallery, []).append(trial)
    answers: list[Answer] = []
    for name, trials in asked.items():
        photos = [(person, each) for person, own in lists.galleries[name].items() for each in own]
        gallery = Gallery.of(matcher.encoder, _present(photos, enrolled, matcher.encoder))
        for trial in trials:
            looks = [each for _, each in _present([("", p) for p in trial.probe], probes, matcher.encoder)]
            answers.append(_answer(trial.name, gallery, looks, matcher, fused=fused))
        told(len(trials))
    return answers


def write_answers(path: Path, answers: Iterable[Answer]) -> None:
    """Write a CSV with the columns trial, best, score, decision; what is None is empty."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["trial", "best", "score", "decision"])
        for each in answers:
            row = (each.trial, each.best, each.score, each.decision)
            writer.writerow(["" if value is None else value for value in row])


def outcomes(trials: Path, answers: Iterable[Answer]) -> list[Outcome]:
    """Return what the answers came to, by the `mate` of each trial; a picture's first folder says whose face it is."""
    given = {each.trial: each.decision for each in answers}
    return [
        Outcome(row["probe"][0].partition("/")[0], row["mate"] is not None, given[row["trial"]] != row["mate"])
        for row in _lines(trials)
        if row["trial"] in given
    ]


def _answer(trial: str, gallery: Gallery, looks: Sequence[Template], matcher: Matcher, *, fused: bool) -> Answer:
    if not looks or not len(gallery):
        return Answer(trial, None, None, None)
    probes = fuse(looks).vector[None] if fused else np.stack([look.vector for look in looks])
    scores = matcher.scores(gallery, probes).max(axis=0)
    place = int(scores.argmax())
    best, score = gallery.people[place], float(scores[place])
    return Answer(trial, best, score, best if score >= matcher.threshold else None)


def _present(pictures: Iterable[tuple[str, str]], templates: _Templates, encoder: str) -> list[tuple[str, Template]]:
    found = ((person, templates[picture]) for person, picture in pictures)
    return [(person, Template(encoder, vector)) for person, vector in found if vector is not None]


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            yield json.loads(line)
