"""Meetings, and that each is closed by one of those who try."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.events import MeetingClosed, meeting_closed
from attendance.ids import new_id
from attendance.meetings import ClassRules, Meeting, MeetingState
from attendance.status import Status
from attendance.store import Conflict, Missing, Store
from tests.attendance.building import CLASS, MEETING, NOW, ROOM, at, meeting
from tests.attendance.conftest import Documents

COUNTS = {Status.PRESENT: 2, Status.ABSENT: 1}


def closing(of: Meeting, counts: dict[Status, int] | None = None) -> MeetingClosed:
    return meeting_closed(of, of.close_number + 1, taken=True, coverage=0.9, counts=counts or COUNTS, now=NOW)


async def test_a_meeting_comes_back_as_it_was_added(store: Store) -> None:
    rules = ClassRules(timedelta(minutes=3), timedelta(seconds=90), 0.5)
    added = replace(meeting(rules=rules), course_id=new_id(), term_id=new_id(), room_ids=(ROOM, new_id()))
    await store.meetings.add(added)
    assert await store.meetings.get(MEETING) == added
    assert await store.meetings.get_many([MEETING, new_id()]) == {MEETING: added}


async def test_an_id_is_taken_once_and_an_unknown_one_is_missing(store: Store) -> None:
    await store.meetings.add(meeting())
    with pytest.raises(Conflict, match=MEETING):
        await store.meetings.add(meeting())
    with pytest.raises(Missing):
        await store.meetings.get(new_id())


async def test_of_many_closers_one_succeeds_and_one_event_is_stored(
    store: Store, open_store: Callable[[], Store], documents: Documents
) -> None:
    stores = [store, *(open_store() for _ in range(3))]
    await store.meetings.add(meeting())
    read = await store.meetings.get(MEETING)
    closed = await asyncio.gather(
        *(stores[turn % 4].meetings.close(read, MeetingState.CLOSED, closing(read)) for turn in range(20))
    )
    assert sorted(closed) == [False] * 19 + [True]
    now = await store.meetings.get(MEETING)
    assert (now.state, now.close_number) == (MeetingState.CLOSED, 1)
    document = await documents["meetings"].find_one({"_id": MEETING})
    assert document
    assert [event["id"] for event in document["outbox"]] == [closing(read).id]
    assert [event["payload"] for event in document["outbox"]] == [closing(read).frozen()]


async def test_a_meeting_closes_again_with_a_higher_number_when_its_counts_changed(
    store: Store, documents: Documents
) -> None:
    await store.meetings.add(meeting())
    assert await store.meetings.closed([MEETING]) == []
    first = await store.meetings.get(MEETING)
    assert await store.meetings.close(first, MeetingState.CLOSED, closing(first))
    second = await store.meetings.get(MEETING)
    event = closing(second, {Status.PRESENT: 3})
    assert await store.meetings.close(second, MeetingState.CLOSED, event)
    assert not await store.meetings.close(first, MeetingState.CLOSED, closing(first))
    assert not await store.meetings.close(second, MeetingState.CLOSED, event)
    assert (await store.meetings.get(MEETING)).close_number == 2
    [closed] = await store.meetings.closed([MEETING, "another"])
    assert (closed.meeting.id, closed.counts[Status.PRESENT]) == (MEETING, 3)
    document = await documents["meetings"].find_one({"_id": MEETING})
    assert document
    assert len({one["id"] for one in document["outbox"]}) == len(document["outbox"]) == 2


async def test_closing_a_meeting_that_is_not_there_makes_none(store: Store, documents: Documents) -> None:
    assert not await store.meetings.close(meeting(), MeetingState.CLOSED, closing(meeting()))
    assert await documents["meetings"].count_documents({}) == 0


async def test_only_open_meetings_that_are_over_are_to_be_closed_the_earliest_first(store: Store) -> None:
    over = [meeting(start, start + 50, meeting_id=new_id()) for start in (60, 0, 30)]
    others = [
        meeting(61, 111, meeting_id=new_id()),  # ends just after
        *(meeting(0, 50, meeting_id=new_id(), state=state) for state in MeetingState if state is not MeetingState.OPEN),
    ]
    for one in (*over, *others):
        await store.meetings.add(one)
    found = await store.meetings.open_and_over(at(110), limit=10)
    assert [one.end for one in found] == [at(50), at(80), at(110)]
    assert len(await store.meetings.open_and_over(at(110), limit=2)) == 2


def _tens(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most).map(lambda tens: 10 * tens)


_timetables = st.lists(
    st.tuples(
        _tens(-12, 12),  # in tens, so that moments are often exactly a meeting's start, end or opening
        _tens(1, 12),
        st.sampled_from([(ROOM,), ("b",), (ROOM, "b")]),
        st.sampled_from(list(MeetingState)),
        _tens(0, 2),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_timetables, _tens(-13, 25), _tens(0, 1))
async def test_a_rooms_meetings_are_those_that_are_on_between_two_moments(
    store: Store,
    documents: Documents,
    timetable: list[tuple[int, int, tuple[str, ...], MeetingState, int]],
    moment: int,
    length: int,
) -> None:
    await documents["meetings"].delete_many({})
    meetings = [
        replace(
            meeting(start, start + duration, meeting_id=new_id(), state=state),
            room_ids=rooms,
            rules=ClassRules(arrival_opens=timedelta(minutes=opens)),
        )
        for start, duration, rooms, state, opens in timetable
    ]
    for one in meetings:
        await store.meetings.add(one)
    found = await store.meetings.in_room(ROOM, opening_before=at(moment + length), ending_after=at(moment))
    expected = [
        one
        for one in meetings
        if ROOM in one.room_ids
        and one.state is not MeetingState.CANCELLED
        and one.opens_at <= at(moment + length)
        and one.end > at(moment)
    ]
    assert found == sorted(expected, key=lambda one: (one.start, one.id))
    watched = [one for one in meetings if ROOM in one.room_ids and one.is_watched_at(at(moment))]
    assert {one.id for one in watched} <= {one.id for one in found}


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_the_pages_of_a_class_hold_every_meeting_once_in_order(store: Store, limit: int) -> None:
    meetings = [meeting(60 * (turn // 3), meeting_id=new_id()) for turn in range(9)]
    for one in (*meetings, replace(meeting(meeting_id=new_id()), class_id=new_id())):
        await store.meetings.add(one)
    read: list[Meeting] = []
    after = None
    while page := await store.meetings.of_class(CLASS, after=after, limit=limit):
        assert len(page) <= limit
        read += page
        after = (page[-1].start, page[-1].id)
    assert read == sorted(meetings, key=lambda one: (one.start, one.id))
