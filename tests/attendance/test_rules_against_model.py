"""The rules against a slow, obvious model of them, over generated meetings."""

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import ClassRules, Meeting, MeetingState, counts_from
from attendance.records import Block, Record, Sighting
from attendance.status import Status
from tests.attendance.building import CAMERA, CLASS, MEETING, NOW, ROOM, START, STUDENT
from tests.attendance.obvious_model import ObviousMeeting, ObviousRecord, Standing

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
    reason: str | None


@dataclass(frozen=True)
class Close:
    has_template: bool


@dataclass(frozen=True)
class Word:
    status: Status
    reason: str | None


Step = Frame | Seen | TakenBack | Denied | Close | Word

_tracks = st.sampled_from(["a", "b", "c"])
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
        st.builds(Close, st.booleans()).map(lambda step: [step]),
    )
    denial = st.builds(
        lambda since, span, reason: Denied(since, since + span, reason), tick, st.integers(0, 6), _reasons
    )
    word: st.SearchStrategy[list[Step]] = st.one_of(
        st.builds(Word, st.sampled_from(list(Status)), _reasons), denial
    ).map(lambda step: [step])
    before = draw(st.lists(one, max_size=8))
    after = draw(st.lists(st.one_of(one, word), max_size=4))
    return [step for steps in (*before, *after) for step in steps]


_scenes = _meetings.flatmap(lambda meeting: st.tuples(st.just(meeting), _steps(meeting.length)))


def _real(meeting: ObviousMeeting) -> Meeting:
    return Meeting(
        id=MEETING,
        class_id=CLASS,
        room_ids=(ROOM,),
        start=START,
        end=START + meeting.length * TICK,
        zone="UTC",
        rules=ClassRules(meeting.opens_before * TICK, meeting.on_time_for * TICK, float(meeting.floor)),
        state=MeetingState.OPEN,
    )


def _attended(meeting: ObviousMeeting) -> list[Meeting]:
    return [
        Meeting(f"m{index}", CLASS, (ROOM,), START + first * TICK, START + last * TICK, "UTC")
        for index, (first, last) in enumerate(meeting.attended_before)
    ]


def _by_the_rules(meeting: ObviousMeeting, steps: list[Step]) -> Record | None:
    real, attended = _real(meeting), _attended(meeting)
    since = counts_from(real, [real, *attended])
    record: Record | None = None
    coverage = Coverage()
    for step in steps:
        match step:
            case Frame(tick):
                coverage = coverage.union(Coverage.of_frames([START + tick * TICK], TICK))
            case Seen(track, tick, _, frames):
                one = Sighting(track, STUDENT, CAMERA, START + tick * TICK, START + step.last * TICK, 0.5, frames)
                record = rules.see(record, one, real, counts_from=since, coverage=coverage, now=NOW)
            case TakenBack(track, until):
                moment = START + until * TICK
                record = rules.take_back(record, track, real, coverage=coverage, now=NOW, until=moment)
            case Denied(first, last, reason) if record:
                block = Block(CAMERA, START + first * TICK, START + last * TICK)
                record = rules.deny(record, block, real, by="teacher", reason=reason, coverage=coverage, now=NOW)
            case Close(has_template):
                record = rules.close(record, STUDENT, real, has_template=has_template, coverage=coverage, now=NOW)
            case Word(status, reason):
                record = rules.mark(record, MEETING, STUDENT, status, by="teacher", reason=reason, now=NOW)
    return record


def _by_the_model(meeting: ObviousMeeting, steps: list[Step]) -> ObviousRecord:
    record = ObviousRecord(meeting)
    for step in steps:
        match step:
            case Frame(tick):
                record.frame(tick)
            case Seen(track, tick, _, frames):
                record.sighting(track, tick, step.last, frames)
            case TakenBack(track, until):
                record.take_back(track, until)
            case Denied(first, last, reason):
                record.deny(first, last, reason)
            case Close(has_template):
                record.close(has_template=has_template)
            case Word(status, reason):
                record.say(status.value, reason)
    return record


def _standings(record: Record | None) -> list[Standing]:
    return [
        (step.status.value, step.provisional, step.method.value if step.method else None, step.reason)
        for step in (record.history if record else ())
    ]


@settings(max_examples=600)
@given(_scenes)
def test_the_rules_agree_with_the_obvious_model_in_every_revision(scene: tuple[ObviousMeeting, list[Step]]) -> None:
    meeting, steps = scene
    real, model = _by_the_rules(meeting, steps), _by_the_model(meeting, steps)
    assert _standings(real) == model.standings
    found = {
        each.id: ((each.first_seen - START) // TICK, (each.last_seen - START) // TICK, each.frames)
        for each in (real.sightings if real else ())
    }
    assert found == model.tracks()
    if real and found:
        assert real.first_seen == START + min(first for first, _, _ in found.values()) * TICK
        assert real.last_seen == START + max(last for _, last, _ in found.values()) * TICK
        assert real.evidence
        assert real.evidence.frames == sum(frames for _, _, frames in found.values())


@settings(max_examples=300)
@given(_scenes)
def test_nobody_is_absent_below_the_floor_without_a_template_or_after_being_seen(
    scene: tuple[ObviousMeeting, list[Step]],
) -> None:
    meeting, steps = scene
    ticks: set[int] = set()
    for number, step in enumerate(steps):
        if isinstance(step, Frame):
            ticks |= {step.tick - 1, step.tick}
        if not isinstance(step, Close):
            continue
        record = _by_the_rules(meeting, steps[: number + 1])
        assert record
        if record.is_said_by_person or record.status is not Status.ABSENT:
            continue
        looked = len(ticks & set(range(meeting.length)))
        assert step.has_template
        assert not record.sightings
        assert Fraction(looked, meeting.length) >= meeting.floor
        assert record.provisional
