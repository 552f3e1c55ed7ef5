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


@dataclass
class ObviousRecord:
    meeting: ObviousMeeting
    seen: list[int] = field(default_factory=list)
    looked_at: set[int] = field(default_factory=set)
    word: Standing | None = None
    is_closed: bool = False
    standings: list[Standing] = field(default_factory=list)

    def frame(self, tick: int) -> None:
        """A frame was looked at; it covers the tick before it and the one that it begins."""
        self.looked_at |= {tick - 1, tick}

    def sighting(self, tick: int) -> None:
        if self.meeting.counts(tick):
            self.seen.append(tick)
            self._note(self._machine(has_template=True))

    def close(self, *, has_template: bool) -> None:
        self._note(self._machine(has_template=has_template))

    def say(self, status: str, reason: str | None) -> None:
        before, self.word = self.word, (status, False, "manual", reason)
        if before != self.word:
            self.standings.append(self.word)

    def _note(self, standing: Standing) -> None:
        if self.word is None and (not self.standings or self.standings[-1] != standing):
            self.standings.append(standing)

    def _machine(self, *, has_template: bool) -> Standing:
        if self.seen:
            first = min(self.seen)
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
