"""The rules against a slow, obvious model of them, over generated meetings."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from hypothesis import example, given, settings

from attendance import rules
from attendance.cameras import CameraKind
from attendance.coverage import Coverage
from attendance.meetings import ClassRules, Meeting, MeetingState, counts_from
from attendance.records import Block, CheckIn, Excuse, Record, Sighting
from attendance.status import AbsentReason, Status
from tests.attendance.building import CAMERA, CLASS, MEETING, NOW, ROOM, START, STUDENT
from tests.attendance.obvious_model import ObviousMeeting, ObviousRecord, Standing
from tests.attendance.scenes import (
    KINDS,
    SCENES,
    TICK,
    Close,
    Denied,
    Frame,
    Given,
    Moved,
    Plain,
    Scheduled,
    Seen,
    Step,
    TakenBack,
    Word,
)


def _real(meeting: ObviousMeeting) -> Meeting:
    return Meeting(
        id=MEETING,
        class_id=CLASS,
        room_ids=(ROOM,),
        start=START + meeting.start * TICK,
        end=START + meeting.end * TICK,
        zone="UTC",
        rules=ClassRules(
            meeting.opens_before * TICK,
            meeting.on_time_for * TICK,
            float(meeting.floor),
            None if meeting.must_stay_until is None else meeting.must_stay_until * TICK,
            None if meeting.must_stay_for is None else meeting.must_stay_for * TICK,
        ),
        state=MeetingState.OPEN,
    )


def _attended(meeting: ObviousMeeting) -> list[Meeting]:
    return [
        Meeting(f"m{index}", CLASS, (ROOM,), START + first * TICK, START + last * TICK, "UTC")
        for index, (first, last) in enumerate(meeting.attended_before)
    ]


class _ByTheRules:
    """The record as the rules have it, with all that whoever calls them must know."""

    def __init__(self, obvious: ObviousMeeting) -> None:
        self.meeting, self.attended = _real(obvious), _attended(obvious)
        self.record: Record | None = None
        self.coverage = Coverage()
        self.excuse: Excuse | None = None
        self.is_expected = True

    @property
    def since(self) -> datetime:
        return counts_from(self.meeting, [self.meeting, *self.attended])

    def take(self, number: int, step: Step) -> None:
        now = NOW + number * TICK
        match step:
            case Frame(tick):
                self.coverage = self.coverage.union(Coverage.of_frames([START + tick * TICK], TICK))
            case Seen(track, tick, _, frames):
                camera, kind = track if track in KINDS else CAMERA, KINDS.get(track, CameraKind.ROOM)
                first, last = START + tick * TICK, START + step.last * TICK
                one = Sighting(track, STUDENT, camera, first, last, 0.5, frames, kind)
                self.record = rules.see(
                    self.record, one, self.meeting, counts_from=self.since, coverage=self.coverage, now=now
                )
            case Given(method, tick):
                given = CheckIn(method, START + tick * TICK, "their token")
                self.record = rules.check_in(
                    self.record,
                    STUDENT,
                    self.meeting,
                    given,
                    counts_from=self.since,
                    coverage=self.coverage,
                    now=now,
                )
            case TakenBack(track, until):
                self.record = rules.take_back(
                    self.record, track, self.meeting, coverage=self.coverage, now=now, until=START + until * TICK
                )
            case Close(has_template):
                self.record = rules.close(
                    self.record,
                    STUDENT,
                    self.meeting,
                    has_template=has_template,
                    coverage=self.coverage,
                    now=now,
                    is_expected=self.is_expected,
                    excuse=self.excuse,
                )
                if self.meeting.state is not MeetingState.CANCELLED:
                    taken = rules.is_taken(self.meeting, self.coverage)
                    state = MeetingState.CLOSED if taken else MeetingState.NOT_TAKEN
                    self.meeting = replace(self.meeting, state=state)
            case Moved(start, length):
                begin = START + start * TICK
                self._reschedule(replace(self.meeting, start=begin, end=begin + length * TICK), now)
            case Scheduled(is_cancelled, is_expected):
                self.is_expected = is_expected
                state = MeetingState.CANCELLED if is_cancelled else MeetingState.OPEN
                self._reschedule(replace(self.meeting, state=state), now)
            case Word(status, reason):
                self.record = rules.mark(self.record, MEETING, STUDENT, status, by="teacher", reason=reason, now=now)
            case _:
                self._hear(step, now)

    def _hear(self, step: Step, now: datetime) -> None:
        if step is Plain.NOTICE:
            self.excuse = Excuse("a notice", now, "ill", "M")
        if step is Plain.WITHDRAWN:
            self.excuse = None
        if self.record is None:
            return
        match step:
            case Denied(first, last):
                block = Block(CAMERA, START + first * TICK, START + last * TICK)
                self.record = rules.deny(
                    self.record, block, self.meeting, by="teacher", reason=None, coverage=self.coverage, now=now
                )
            case Plain.CONFIRM:
                self.record = rules.confirm(self.record, by="teacher", now=now)
            case Plain.UNDO if self.record.words:
                self.record = rules.undo(self.record, self.meeting, by="teacher", coverage=self.coverage, now=now)
            case Plain.NOTICE | Plain.WITHDRAWN:
                self.record = rules.excuse(self.record, self.excuse, by="registrar", now=now)

    def _reschedule(self, meeting: Meeting, now: datetime) -> None:
        is_open = meeting.state in (MeetingState.CLOSED, MeetingState.NOT_TAKEN)
        self.meeting = replace(meeting, state=MeetingState.OPEN) if is_open else meeting
        if self.record:
            self.record = rules.reschedule(
                self.record,
                self.meeting,
                is_expected=self.is_expected,
                coverage=self.coverage,
                counts_from=self.since,
                now=now,
            )


def _by_the_rules(meeting: ObviousMeeting, steps: list[Step]) -> Record | None:
    real = _ByTheRules(meeting)
    for number, step in enumerate(steps):
        real.take(number, step)
    return real.record


def _by_the_model(meeting: ObviousMeeting, steps: list[Step]) -> ObviousRecord:
    record = ObviousRecord(replace(meeting))
    for number, step in enumerate(steps):
        match step:
            case Frame(tick):
                record.frame(tick)
            case Seen(track, tick, _, frames):
                record.sighting(track, tick, step.last, frames)
            case Given(method, tick):
                record.check_in(method.value, tick)
            case TakenBack(track, until):
                record.take_back(track, until)
            case Denied(first, last):
                record.deny(number, first, last)
            case Close(has_template):
                record.close(has_template=has_template)
            case Word(status, reason):
                record.say(number, status.value, reason)
            case Moved(start, length):
                record.meeting = replace(record.meeting, start=start, length=length)
                record.another_schedule()
            case Scheduled(is_cancelled, is_expected):
                record.is_cancelled, record.is_expected = is_cancelled, is_expected
                record.another_schedule()
            case Plain.CONFIRM:
                record.agree(number)
            case Plain.UNDO:
                record.undo()
            case Plain.NOTICE:
                record.give_notice((number, "ill"))
            case Plain.WITHDRAWN:
                record.give_notice(None)
    return record


def _standings(record: Record | None) -> list[Standing]:
    return [
        (step.status.value, step.provisional, step.method.value if step.method else None, step.reason)
        for step in (record.history if record else ())
    ]


LEFT_BEFORE_A_NEW_PLAN = (
    ObviousMeeting(1, 0, 0, Fraction(0), [], must_stay_until=0),
    [Close(has_template=False), Seen("a", 0, 0, 1), Moved(0, 1)],
)


@settings(max_examples=600)
@given(SCENES)
@example(LEFT_BEFORE_A_NEW_PLAN)
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
@given(SCENES)
def test_nobody_is_absent_below_the_floor_without_a_template_or_after_being_seen(
    scene: tuple[ObviousMeeting, list[Step]],
) -> None:
    meeting = scene[0]
    steps: list[Step] = [step for step in scene[1] if not isinstance(step, Moved)]
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
        assert record.provisional
        if record.reason == AbsentReason.SHORT_STAY:
            assert meeting.must_stay_for
            continue
        looked = len(ticks & set(range(meeting.length)))
        assert step.has_template
        assert not record.sightings
        assert not record.check_ins
        assert Fraction(looked, meeting.length) >= meeting.floor
