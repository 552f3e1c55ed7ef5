"""The rules once more: slow, obvious, and written from the design alone. It imports nothing of the project.

Time is in whole ticks from the meeting's first start. What was looked at is the set of ticks that were; what happened
is a list, and each answer is worked out from the whole list.
"""

from dataclasses import dataclass, field
from fractions import Fraction

Standing = tuple[str, bool, str | None, str | None]  # status, provisional, method, reason

DOOR, KIOSK = "door", "kiosk"  # the tracks of an entrance and of a kiosk; all others are of the room's one camera


@dataclass
class ObviousMeeting:
    length: int
    opens_before: int
    on_time_for: int
    floor: Fraction
    attended_before: list[tuple[int, int]]  # meetings in the same room that the student attends too: start, end
    must_stay_until: int | None = None  # ticks before the end
    must_stay_for: int | None = None
    start: int = 0

    @property
    def end(self) -> int:
        return self.start + self.length

    def counts(self, tick: int) -> bool:
        """Being seen at this tick counts for this meeting."""
        if tick < self.start - self.opens_before or tick >= self.end:
            return False
        if tick >= self.start:
            return True
        return not any(start < self.start and tick < end for start, end in self.attended_before)


@dataclass(frozen=True)
class Telling:
    """What was once said of a track, cut to what counts."""

    track: str
    first: int
    last: int
    frames: int


@dataclass(frozen=True)
class Said:
    """A person's word: a status, agreement with one, or that the room's camera saw somebody else."""

    when: int
    standing: Standing | None
    agrees: bool = False
    denied: tuple[int, int] | None = None
    gone: tuple[Telling, ...] = ()


@dataclass
class ObviousRecord:
    meeting: ObviousMeeting
    told: list[Telling] = field(default_factory=list)
    given: dict[str, int] = field(default_factory=dict)  # card and code: when
    contradicted: dict[str, int] = field(default_factory=dict)  # track: until when it was somebody else
    looked_at: set[int] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    notice: tuple[int, str] | None = None  # when it was said, and why
    is_cancelled: bool = False
    is_expected: bool = True
    is_over: bool = False
    machine: Standing | None = None
    standings: list[Standing] = field(default_factory=list)

    def frame(self, tick: int) -> None:
        """A frame was looked at; it covers the tick before it and the one that it begins."""
        self.looked_at |= {tick - 1, tick}

    def sighting(self, track: str, first: int, last: int, frames: int) -> None:
        telling = self._cut(Telling(track, first, last, frames))
        if telling is None or (track in self.contradicted and last <= self.contradicted[track]):
            return
        if any(each.denied and _is_of_room(track) and _touch(telling, each.denied) for each in self.said):
            return
        self.told.append(telling)
        self._judge()

    def check_in(self, method: str, tick: int) -> None:
        if self.meeting.counts(tick) and tick < self.given.get(method, tick + 1):
            self.given[method] = tick
            self._judge()

    def take_back(self, track: str, until: int) -> None:
        if track not in self.tracks() or (track in self.contradicted and until <= self.contradicted[track]):
            return
        self.contradicted[track] = until
        self.told = [telling for telling in self.told if telling.track != track]
        self._judge()

    def deny(self, when: int, since: int, until: int) -> None:
        if not self.standings or any(each.denied == (since, until) for each in self.said):
            return
        wrong = {track for track, (first, last, _) in self.tracks().items() if _is_of_room(track)
                 and _touch(Telling(track, first, last, 0), (since, until))}  # fmt: skip
        gone = tuple(telling for telling in self.told if telling.track in wrong)
        self.told = [telling for telling in self.told if telling.track not in wrong]
        if gone:
            self.machine = self._by_evidence() or ("unmarked", False, None, None)
        self._say(Said(when, None, denied=(since, until), gone=gone))

    def close(self, *, has_template: bool) -> None:
        self.is_over = not self.is_cancelled
        if self.is_cancelled:
            self.machine = ("not_expected", False, None, "cancelled")
        elif not self.is_expected:
            self.machine = ("not_expected", False, None, "not_enrolled")
        elif self.told or self.given:
            self.machine = self._by_evidence()
        elif not has_template:
            self.machine = ("unmarked", False, None, "no_template")
        elif not self._enough_of(range(self.meeting.start, self.meeting.end)):
            self.machine = ("unmarked", False, None, "low_coverage")
        else:
            self.machine = ("absent", True, None, None)
        self._note()

    def say(self, when: int, status: str, reason: str | None) -> None:
        standing = (status, False, "manual", reason)
        if not (self._word() and self.standings[-1] == standing):
            self._say(Said(when, standing))

    def agree(self, when: int) -> None:
        if self.standings and self.standings[-1][1]:
            status, _, method, reason = self.standings[-1]
            self._say(Said(when, (status, False, method, reason), agrees=True))

    def undo(self) -> None:
        if not self.said:
            return
        last = self.said.pop()
        if last.gone:
            self.told += last.gone
            self.machine = self._by_evidence()
        self.standings.append(self._stands())

    def give_notice(self, notice: tuple[int, str] | None) -> None:
        """It holds from now on; of a record that isn't there yet, the close takes it in."""
        self.notice = notice
        if self.standings:
            self._note()

    def another_schedule(self) -> None:
        """The meeting was moved, cancelled or restored, or the enrolment changed; it isn't closed any more."""
        self.is_over = False
        if not self.standings:
            return
        if self.is_cancelled:
            self.machine = ("not_expected", False, None, "cancelled")
        else:
            self.told = [cut for cut in map(self._cut, self._whole()) if cut]
            self.given = {method: tick for method, tick in self.given.items() if self.meeting.counts(tick)}
            self.machine = None  # how long somebody stayed is judged by the close that is still to come
            seen = self._by_evidence() or ("unmarked", False, None, None)
            self.machine = seen if self.is_expected else ("not_expected", False, None, "not_enrolled")
        self._note()

    def tracks(self) -> dict[str, tuple[int, int, int]]:
        """Give each track's first and last moment and its frames, from all that was told of it."""
        return {each.track: (each.first, each.last, each.frames) for each in self._whole()}

    def _whole(self) -> list[Telling]:
        return [
            Telling(
                track,
                min(telling.first for telling in self.told if telling.track == track),
                max(telling.last for telling in self.told if telling.track == track),
                max(telling.frames for telling in self.told if telling.track == track),
            )
            for track in {telling.track for telling in self.told}
        ]

    def _cut(self, telling: Telling) -> Telling | None:
        counted = [tick for tick in range(telling.first, telling.last + 1) if self.meeting.counts(tick)]
        return (
            Telling(telling.track, counted[0], min(telling.last, self.meeting.end), telling.frames) if counted else None
        )

    def _judge(self) -> None:
        self.machine = self._by_evidence() or ("unmarked", False, None, None)
        self._note()

    def _say(self, said: Said) -> None:
        self.said.append(said)
        self.standings.append(self._stands())

    def _note(self) -> None:
        if not self.standings or self._stands() != self.standings[-1]:
            self.standings.append(self._stands())

    def _word(self) -> Said | None:
        standing: list[Said] = []
        for each in self.said:
            if each.standing:
                standing.append(each)
            elif each.gone:  # what was agreed with because of a face that was somebody else's
                standing = [
                    word for word in standing if not (word.agrees and word.standing and word.standing[2] == "face")
                ]
        return standing[-1] if standing else None

    def _stands(self) -> Standing:
        word, machine = self._word(), self.machine or ("unmarked", False, None, None)
        if machine[3] == "cancelled":
            return machine
        standing = word.standing if word and word.standing else machine
        if standing[0] == "absent" and self.notice and (word is None or word.when < self.notice[0]):
            return ("excused", False, None, self.notice[1])
        return standing

    def _by_evidence(self) -> Standing | None:
        if not self.told and not self.given:
            return None
        judges_stay = self.is_over or (
            self.machine is not None and (self.machine[0] == "left_early" or self.machine[3] == "short_stay")
        )
        first = min([each.first for each in self.told] + list(self.given.values()))
        last = max([each.last for each in self.told] + list(self.given.values()))
        at_first = {"face" for each in self.told if each.first == first}
        by_choice = {method for method, tick in self.given.items() if tick == first}
        at_kiosk = any(each.first == first and each.track == KIOSK for each in self.told)
        method = "face" if at_kiosk or not by_choice else min(by_choice)
        standing: Standing
        if first <= self.meeting.start + self.meeting.on_time_for:
            standing = ("present", False, method, None)
        elif at_kiosk or by_choice or self._enough_of(range(self.meeting.start, first)):
            standing = ("late", True, method, None)
        else:
            assert at_first
            standing = ("unmarked", False, "face", "low_coverage")
        if judges_stay and any(each.track not in (DOOR, KIOSK) for each in self.told):
            stay, after = self.meeting.must_stay_for, range(last, self.meeting.end)
            was_looked_for = self._enough_of(range(self.meeting.start, first)) and self._enough_of(after)
            if stay is not None and last - first < stay and was_looked_for:
                return ("absent", True, None, "short_stay")
            before_end = self.meeting.must_stay_until
            if (
                standing[0] == "present"
                and before_end is not None
                and len(after) > before_end
                and self._enough_of(after)
            ):
                return ("left_early", True, method, None)
        return standing

    def _enough_of(self, ticks: range) -> bool:
        looked = sum(1 for tick in ticks if tick in self.looked_at)
        return not ticks or Fraction(looked, len(ticks)) >= self.meeting.floor


def _is_of_room(track: str) -> bool:
    return track not in (DOOR, KIOSK)


def _touch(telling: Telling, denied: tuple[int, int]) -> bool:
    return any(denied[0] <= tick <= denied[1] for tick in range(telling.first, telling.last + 1))
