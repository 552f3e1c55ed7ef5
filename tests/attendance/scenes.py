"""What may happen to one student's record of one meeting, generated as steps in ticks from the meeting's start."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from fractions import Fraction

from hypothesis import strategies as st

from attendance.cameras import CameraKind
from attendance.status import Method, Status
from tests.attendance.obvious_model import DOOR, KIOSK, ObviousMeeting

TICK = timedelta(seconds=30)


@dataclass(frozen=True)
class Frame:
    tick: int


@dataclass(frozen=True)
class Seen:
    track: str
    tick: int
    length: int
    frames: int

    @property
    def last(self) -> int:
        return self.tick + self.length


@dataclass(frozen=True)
class TakenBack:
    track: str
    until: int


@dataclass(frozen=True)
class Denied:
    since: int
    until: int


@dataclass(frozen=True)
class Close:
    has_template: bool


@dataclass(frozen=True)
class Word:
    status: Status
    reason: str | None


@dataclass(frozen=True)
class Given:
    method: Method
    tick: int


@dataclass(frozen=True)
class Moved:
    start: int
    length: int


@dataclass(frozen=True)
class Scheduled:
    is_cancelled: bool
    is_expected: bool


class Plain(Enum):
    CONFIRM = "confirm"
    UNDO = "undo"
    NOTICE = "notice"
    WITHDRAWN = "withdrawn"


Step = Frame | Seen | TakenBack | Denied | Close | Word | Given | Moved | Scheduled | Plain

_tracks = st.sampled_from(["a", "b", "c", DOOR, KIOSK])
KINDS = {DOOR: CameraKind.ENTRANCE, KIOSK: CameraKind.KIOSK}
_reasons = st.sampled_from([None, "a", "b"])

_meetings = st.builds(
    ObviousMeeting,
    length=st.integers(1, 24),
    opens_before=st.integers(0, 8),
    on_time_for=st.integers(0, 12),
    floor=st.integers(0, 20).map(lambda twentieths: Fraction(twentieths, 20)),
    attended_before=st.lists(
        st.tuples(st.integers(-20, 3), st.integers(1, 25)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=2
    ),
    must_stay_until=st.none() | st.integers(0, 12),
    must_stay_for=st.none() | st.integers(0, 12),
)


@st.composite
def _steps(draw: st.DrawFn, length: int) -> list[Step]:
    tick = st.integers(-12, length + 4)
    stretch = st.tuples(tick, st.integers(1, length)).map(
        lambda pair: [Frame(moment) for moment in range(pair[0], pair[0] + pair[1])]
    )
    one: st.SearchStrategy[list[Step]] = st.one_of(
        stretch.map(list),
        st.lists(st.builds(Seen, _tracks, tick, st.integers(0, length), st.integers(1, 9)), min_size=1, max_size=3).map(
            list
        ),
        st.builds(TakenBack, _tracks, tick).map(lambda step: [step]),
        st.builds(Given, st.sampled_from([Method.CARD, Method.CODE]), tick).map(lambda step: [step]),
        st.builds(Close, st.booleans()).map(lambda step: [step]),
    )
    denial = st.builds(lambda since, span: Denied(since, since + span), tick, st.integers(0, 6))
    word: st.SearchStrategy[list[Step]] = st.one_of(
        st.builds(Word, st.sampled_from(list(Status)), _reasons),
        denial,
        st.sampled_from(Plain),
        st.builds(Moved, st.integers(-6, 6), st.integers(1, 24)),
        st.builds(Scheduled, st.booleans(), st.booleans()),
    ).map(lambda step: [step])
    before = draw(st.lists(one, max_size=8))
    whole: list[Step] = [Frame(moment) for moment in range(length + 1)] if draw(st.booleans()) else []
    # What people say matters by its order against what else was said: a few steps, often the same.
    telling = st.sampled_from(
        [*Plain, Close(has_template=True), Word(Status.ABSENT, None), Denied(0, length), Seen("a", length // 2, 1, 1)]
    ).map(lambda step: [step])
    after = draw(st.lists(st.one_of(telling, telling, one, word), max_size=9))
    return [step for steps in (*before, whole, *after) for step in steps]


SCENES = _meetings.flatmap(lambda meeting: st.tuples(st.just(meeting), _steps(meeting.length)))
