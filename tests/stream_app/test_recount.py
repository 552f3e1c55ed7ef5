"""Which closed meetings are looked at again, and that no change of one is missed."""

from datetime import UTC, datetime, timedelta

import pytest

from attendance import rules
from attendance.coverage import Coverage
from attendance.events import meeting_closed
from attendance.ids import new_id
from attendance.meetings import Meeting, MeetingState
from attendance.records import Record
from attendance.status import Status
from attendance.store import Store, StoreUnavailable
from attendance.store.meetings import Closed
from stream_app import recount
from stream_app.recount import Recount

NOW = datetime.now(UTC).replace(microsecond=0)


class Judged:
    """Notes which meetings it is asked about. `is_away`: the database can't be asked in the middle of it."""

    def __init__(self) -> None:
        self.meetings: list[str] = []
        self.is_away = False

    async def __call__(self, closed: Closed) -> None:
        if self.is_away:
            raise StoreUnavailable("away")
        self.meetings.append(closed.meeting.id)

    def taken(self) -> list[str]:
        taken, self.meetings = self.meetings, []
        return sorted(taken)


async def closed_meeting(store: Store, *, closed_at: datetime = NOW) -> Meeting:
    meeting = Meeting(new_id(), new_id(), ("hall",), NOW - timedelta(hours=2), NOW - timedelta(hours=1), "UTC")
    await store.meetings.add(meeting)
    event = meeting_closed(meeting, 1, taken=True, coverage=1.0, counts={}, now=closed_at)
    assert await store.meetings.close(meeting, MeetingState.CLOSED, event)
    return meeting


async def revise(store: Store, meeting: Meeting, *, at: datetime, status: Status = Status.PRESENT) -> None:
    def say(record: Record | None) -> Record:
        return rules.mark(record, meeting.id, "student", status, by="teacher", reason=None, now=at)

    await store.records.change(meeting, "student", say, now=at)


@pytest.fixture
def judged() -> Judged:
    return Judged()


async def test_a_meeting_is_judged_once_for_each_change_however_many_rounds_there_are(
    store: Store, judged: Judged
) -> None:
    one, other = await closed_meeting(store), await closed_meeting(store)
    looking = Recount(store)
    await revise(store, one, at=datetime.now(UTC))
    await looking.round(judged)
    assert judged.taken() == [one.id]
    await looking.round(judged)
    assert judged.taken() == []
    await store.progress.cover(other.id, "camera", Coverage.of([(other.start, other.end)]))
    await looking.round(judged)
    assert judged.taken() == [other.id]


async def test_a_second_change_stamped_with_the_same_moment_is_seen(store: Store, judged: Judged) -> None:
    meeting, moment = await closed_meeting(store), datetime.now(UTC)
    looking = Recount(store)
    await revise(store, meeting, at=moment)
    await looking.round(judged)
    await revise(store, meeting, at=moment, status=Status.ABSENT)
    await looking.round(judged)
    assert judged.taken() == [meeting.id, meeting.id]


async def test_a_change_by_a_writer_whose_clock_is_behind_is_seen(store: Store, judged: Judged) -> None:
    meeting, looking = await closed_meeting(store), Recount(store)
    await looking.round(judged)
    await revise(store, meeting, at=datetime.now(UTC) - recount.OVERLAP / 2)
    await looking.round(judged)
    assert judged.taken() == [meeting.id]


async def test_what_changed_long_before_the_close_is_in_its_counts_and_not_judged(store: Store, judged: Judged) -> None:
    meeting = await closed_meeting(store, closed_at=datetime.now(UTC))
    await revise(store, meeting, at=datetime.now(UTC) - 2 * recount.LONGEST_CLOSE)
    await Recount(store).round(judged)
    assert judged.taken() == []


async def test_a_round_that_failed_is_made_good_by_the_next(store: Store, judged: Judged) -> None:
    meeting, looking = await closed_meeting(store), Recount(store)
    await revise(store, meeting, at=datetime.now(UTC))
    judged.is_away = True
    with pytest.raises(StoreUnavailable):
        await looking.round(judged)
    judged.is_away = False
    await looking.round(judged)
    assert judged.taken() == [meeting.id]


async def test_an_open_meeting_is_left_to_its_close(store: Store, judged: Judged) -> None:
    meeting = Meeting(new_id(), new_id(), ("hall",), NOW, NOW + timedelta(hours=1), "UTC")
    await store.meetings.add(meeting)
    await revise(store, meeting, at=datetime.now(UTC))
    await Recount(store).round(judged)
    assert judged.taken() == []
