"""Who the tracks in sight are, decided together and within a meeting's error budget. Pure.

A matcher's threshold holds the promised rate (0.3 % of outsiders named) for one comparison. A meeting is many: a track
is compared again with each frame, and an outsider whose track breaks is compared anew. Looks and tracks of one person
in one meeting are far from independent, so dividing the rate by their number would cost most of the people enrolled
their names. Instead what a name asks for rises with the chances taken (alpha spending), and how steeply is fitted by
simulating whole meetings on identities kept for fitting, so that an outsider's greatest excess over all looks and all
tracks of a meeting holds the rate: to name someone takes a margin of

    base + per_chance x ln(1 + unnamed tracks of the meeting that were most like that person)

above the matcher's threshold. `base` pays for looking again at one track, `per_chance` for broken ones.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.assignment import assign
from recognition.errors import EncoderMismatch
from recognition.gallery import Gallery
from recognition.matcher import Matcher
from recognition.scoring import CalibratedMatcher
from recognition.tracking.fusion import Fused
from recognition.tracking.state import Ledger, TrackState

__all__ = [
    "DISTANCE_SPENDING",
    "LOG_ODDS_SPENDING",
    "Candidate",
    "Margins",
    "Spending",
    "decide",
    "margins_of",
    "spending_of",
]

# By how much each track's score is above what would name it as each person at one look: float32 (tracks, people), in
# the gallery's order of people.
Margins = Callable[[Gallery, Sequence[Fused]], NDArray[np.float32]]


@dataclass(frozen=True)
class Spending:
    """How a meeting's error budget is spent, in the units of the matcher's scores.

    `base`, `per_chance`: see the module. `keep`: a name once given stands while the margin is at most so much below
    what giving it asked for; without it a score at the threshold would name and unname a track with every frame.
    """

    base: float = 0.0
    per_chance: float = 0.0
    keep: float = 0.0

    def required(self, chances: int) -> float:
        """Return the margin that a name asks for after so many unnamed tracks that were most like this person."""
        return self.base + self.per_chance * math.log1p(chances)


# For matchers whose scores are log odds, as `recognition.scoring` fits them. Chosen on 1,800 simulated meetings with
# calibrations fitted on one half of Labeled Faces in the Wild and people of the other, both ways (the benchmark
# `sequences` plays others of the same people: docs/recognition.md has the figures). Without it 0.39 % of outsiders are
# named, and 0.86 % in a group of people who are alike; at 0.6 and more everyone pays a point or more of FNIR.
LOG_ODDS_SPENDING = Spending(base=0.4, per_chance=0.25, keep=1.08)


# For scores that are distances or cosines, a few hundredths of which lie between a stranger and a friend. It asks for
# little: what such a matcher gets wrong is its one threshold for every roster, and that can't be mended here.
DISTANCE_SPENDING = Spending(base=0.01, per_chance=0.005, keep=0.03)


@dataclass(frozen=True)
class Candidate:
    """What a decision gives a track: `person` and their margin; `most_like` is for the ledger alone, never told."""

    person: str | None
    margin: float | None
    most_like: str | None


def margins_of(matcher: Matcher, look: float | None = None) -> Margins:
    """Return the margins of a matcher; they raise EncoderMismatch or BadTemplate where templates can't be compared.

    `look`: for a matcher that reads from a fused template's length how many looks it is worth (`Fused.shortened`); a
    CalibratedMatcher says it itself. Without it a fused template is compared like any other.
    """
    if look is None and isinstance(matcher, CalibratedMatcher):
        look = matcher.calibration.plda.look

    def margins(gallery: Gallery, fused: Sequence[Fused]) -> NDArray[np.float32]:
        if gallery.encoder != matcher.encoder:
            raise EncoderMismatch(
                f"The gallery holds templates of the encoder {gallery.encoder!r}, the tracker's matcher compares those "
                f"of {matcher.encoder!r}: enrol the photos again, or choose that engine."
            )
        for each in fused:
            gallery.check(each.template)
        probes = [each.template.vector if look is None else each.shortened(look) for each in fused]
        return matcher.scores(gallery, np.stack(probes)) - np.float32(matcher.threshold)

    return margins


def spending_of(matcher: Matcher) -> Spending:
    """Return how a meeting's budget is spent in the units of this matcher's scores."""
    return LOG_ODDS_SPENDING if isinstance(matcher, CalibratedMatcher) else DISTANCE_SPENDING


def decide(
    tracks: Sequence[tuple[TrackState, Fused | None]],
    gallery: Gallery,
    margins: Margins,
    spending: Spending,
    ledger: Ledger,
    elsewhere: Mapping[str, float],
) -> list[Candidate]:
    """Return a Candidate for each track in sight, in their order; a person is given to one track at most.

    A track without a template keeps its person at the margin that its state holds. `elsewhere`: people who are being
    seen in other rooms, with their margins there: a person is at one place, where they are surest.
    """
    people = gallery.people
    columns = {person: column for column, person in enumerate(people)}
    if not people:
        return [Candidate(None, None, None)] * len(tracks)
    found = np.full((len(tracks), len(people)), -np.inf, np.float32)
    encoded = [(row, fused) for row, (_, fused) in enumerate(tracks) if fused is not None]
    if encoded:
        found[[row for row, _ in encoded]] = margins(gallery, [fused for _, fused in encoded])
    required = np.array([spending.required(ledger.spent(person)) for person in people], np.float32)
    excess = found - required
    for row, (state, fused) in enumerate(tracks):
        if state.person in columns:
            column = columns[state.person]
            if fused is None and state.margin is not None:
                found[row, column] = state.margin
                excess[row, column] = state.margin - required[column]
            excess[row, column] += spending.keep
        for person in state.blocked & columns.keys():
            excess[row, columns[person]] = -np.inf
    for person in elsewhere.keys() & columns.keys():
        column = columns[person]
        excess[found[:, column] <= elsewhere[person], column] = -np.inf

    answers = []
    for row, given in enumerate(assign(excess, 0.0)):
        best = int(found[row].argmax())
        most_like = people[best] if np.isfinite(found[row, best]) else None
        if given is None:
            answers.append(Candidate(None, None, most_like))
        else:
            answers.append(Candidate(people[given], float(found[row, given]), most_like))
    return answers
