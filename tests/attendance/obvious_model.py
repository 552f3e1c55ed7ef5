"""The rules once more: slow, obvious, and written from the design alone. It imports nothing of the project.

Time is in whole ticks from the meeting's start. What was looked at is the set of ticks that were; what happened is a
list, and each answer is worked out from the whole list.
"""

from dataclasses import dataclass, field
from fractions import Fraction

Standing = tuple[str, bool, str | None, str | None]  # status, provisional, method, reason


@dataclass
class ObviousMeeting:
    length: int
    opens_before: int
    on_time_for: int
    floor: Fraction
    attended_before: list[tuple[int, int]]  # meetings in the same room that the student attends too: start, end

    def counts(self, tick: int) -> bool:
        """Being seen at this tick counts for this meeting."""
        if tick < -self.opens_before or tick >= self.length:
            return False
        if tick >= 0:
            return True
        return not any(start < 0 and tick < end for start, end in self.attended_before)


@dataclass(frozen=True)
class Telling:
    """What was once said of a track, cut to what counts."""

    track: str
    first: int
    last: int
    frames: int


@dataclass
class ObviousRecord:
    meeting: ObviousMeeting
    told: list[Telling] = field(default_factory=list)
    contradicted: dict[str, int] = field(default_factory=dict)  # track: until when it was somebody else
    denied: list[tuple[int, int]] = field(default_factory=list)  # a person's 'not this person': from, to
    looked_at: set[int] = field(default_factory=set)
    word: Standing | None = None
    standing: Standing | None = None
    standings: list[Standing] = field(default_factory=list)

    def frame(self, tick: int) -> None:
        """A frame was looked at; it covers the tick before it and the one that it begins."""
        self.looked_at |= {tick - 1, tick}

    def sighting(self, track: str, first: int, last: int, frames: int) -> None:
        counted = [tick for tick in range(first, last + 1) if self.meeting.counts(tick)]
        if not counted or (track in self.contradicted and last <= self.contradicted[track]):
            return
        telling = Telling(track, counted[0], min(last, self.meeting.length), frames)
        if any(_touch(telling.first, telling.last, *denied) for denied in self.denied):
            return
        self.told.append(telling)
        self._note(self._machine(has_template=True))

    def take_back(self, track: str, until: int) -> None:
        if track not in self.tracks() or (track in self.contradicted and until <= self.contradicted[track]):
            return
        self.contradicted[track] = until
        self.told = [telling for telling in self.told if telling.track != track]
        self._note(self._left())

    def deny(self, since: int, until: int, reason: str | None) -> None:
        if not self.standings or (since, until) in self.denied:
            return
        self.denied.append((since, until))
        wrong = {track for track, (first, last, _) in self.tracks().items() if _touch(first, last, since, until)}
        self.told = [telling for telling in self.told if telling.track not in wrong]
        if wrong and self.word is None:
            self.standing = self._left()
        assert self.standing
        self.standings.append((*self.standing[:3], reason or self.standing[3]))

    def close(self, *, has_template: bool) -> None:
        self._note(self._machine(has_template=has_template))

    def say(self, status: str, reason: str | None) -> None:
        before, self.word = self.word, (status, False, "manual", reason)
        if before != self.word:
            self.standing = self.word
            self.standings.append(self.word)

    def tracks(self) -> dict[str, tuple[int, int, int]]:
        """Give each track's first and last moment and its frames, from all that was told of it."""
        return {
            track: (
                min(telling.first for telling in self.told if telling.track == track),
                max(telling.last for telling in self.told if telling.track == track),
                max(telling.frames for telling in self.told if telling.track == track),
            )
            for track in {telling.track for telling in self.told}
        }

    def _note(self, standing: Standing) -> None:
        if self.word is None and standing != self.standing:
            self.standing = standing
            self.standings.append(standing)

    def _left(self) -> Standing:
        return self._machine(has_template=True) if self.told else ("unmarked", False, None, None)

    def _machine(self, *, has_template: bool) -> Standing:
        if self.told:
            first = min(telling.first for telling in self.told)
            if first <= self.meeting.on_time_for:
                return ("present", False, "face", None)
            if self._enough_of(range(first)):
                return ("late", True, "face", None)
            return ("unmarked", False, "face", "low_coverage")
        if not has_template:
            return ("unmarked", False, None, "no_template")
        if not self._enough_of(range(self.meeting.length)):
            return ("unmarked", False, None, "low_coverage")
        return ("absent", True, None, None)

    def _enough_of(self, ticks: range) -> bool:
        looked = sum(1 for tick in ticks if tick in self.looked_at)
        return Fraction(looked, len(ticks)) >= self.meeting.floor


def _touch(first: int, last: int, since: int, until: int) -> bool:
    return any(since <= tick <= until for tick in range(first, last + 1))
