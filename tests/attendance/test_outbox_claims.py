"""Who holds which waiting events, on the real database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from attendance import rules
from attendance.events import AttendanceChanged, meeting_closed
from attendance.ids import attendance_event_id, new_id
from attendance.meetings import MeetingState
from attendance.records import Record
from attendance.status import Status
from attendance.store import Store
from attendance.store.outbox import Claim
from tests.attendance.building import MEETING, NOW, STUDENT, at, meeting
from tests.attendance.conftest import Documents

LEASE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


async def mark(store: Store, reason: str, student_id: str = STUDENT, now_minute: float = 0) -> Record:
    record = await store.records.change(
        meeting(),
        student_id,
        lambda before: rules.mark(
            before, MEETING, student_id, Status.PRESENT, by="t", reason=reason, now=at(now_minute)
        ),
        now=at(now_minute),
    )
    assert record
    return record


async def close(store: Store, counts: dict[Status, int] | None = None) -> None:
    of = await store.meetings.get(MEETING)
    event = meeting_closed(of, of.close_number + 1, taken=True, coverage=1, counts=counts or {}, now=NOW)
    assert await store.meetings.close(of, MeetingState.CLOSED, event)


def ids(claims: list[Claim]) -> list[str]:
    return [event.id for claim in claims for event in claim.events]


async def test_a_claim_holds_all_events_of_a_document_in_order_of_revision(store: Store) -> None:
    for reason in "abc":
        await mark(store, reason)
    (claim,) = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    assert [AttendanceChanged.model_validate_json(event.payload).data.revision for event in claim.events] == [1, 2, 3]
    assert ids([claim]) == [attendance_event_id(MEETING, STUDENT, number) for number in (1, 2, 3)]


async def test_what_is_confirmed_is_gone_and_the_document_waits_no_more(store: Store, documents: Documents) -> None:
    await mark(store, "a")
    claims = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    await store.pending_events.confirm("one", claims)
    document = await documents["records"].find_one({})
    assert document
    assert document["outbox"] == []
    assert not [field for field in document if field.startswith("outbox_")]
    assert await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=10) == []
    assert await store.pending_events.oldest() is None


async def test_what_one_holds_no_other_gets_until_the_lease_is_over(store: Store) -> None:
    await mark(store, "a")
    held = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    assert await store.pending_events.claim("two", now=NOW + LEASE - SECOND, lease=LEASE, limit=10) == []
    assert await store.pending_events.claim("two", now=NOW + LEASE + SECOND, lease=LEASE, limit=10) == held


async def test_what_is_released_can_be_had_at_once(store: Store) -> None:
    await mark(store, "a")
    held = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    await store.pending_events.release("another", held)  # not theirs to release
    assert await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=10) == []
    await store.pending_events.release("one", held)
    assert await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=10) == held


async def test_an_event_that_is_added_while_its_document_is_being_sent_waits_for_the_next(store: Store) -> None:
    await mark(store, "a")
    first = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    await mark(store, "b")
    assert await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=10) == []  # "one" still holds it
    await store.pending_events.confirm("one", first)
    second = await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=10)
    assert ids(second) == [attendance_event_id(MEETING, STUDENT, 2)]


async def test_one_whose_lease_ran_out_takes_off_only_what_it_sent(store: Store) -> None:
    await mark(store, "a")
    slow = await store.pending_events.claim("slow", now=NOW, lease=LEASE, limit=10)
    await mark(store, "b")
    quick = await store.pending_events.claim("quick", now=NOW + 2 * LEASE, lease=LEASE, limit=10)
    assert len(ids(quick)) == 2
    await store.pending_events.confirm("slow", slow)
    # "quick" still holds the document, with the second event in it.
    assert await store.pending_events.claim("third", now=NOW + 2 * LEASE, lease=LEASE, limit=10) == []
    await store.pending_events.confirm("quick", quick)
    assert await store.pending_events.oldest() is None


async def test_an_event_that_took_the_place_of_one_that_another_sent_is_not_taken_off(store: Store) -> None:
    await mark(store, "a")
    slow = await store.pending_events.claim("slow", now=NOW, lease=LEASE, limit=10)
    quick = await store.pending_events.claim("quick", now=NOW + 2 * LEASE, lease=LEASE, limit=10)
    await store.pending_events.confirm("quick", quick)
    await mark(store, "b")  # as many wait as "slow" holds, but not the same
    await store.pending_events.confirm("slow", slow)
    assert ids(await store.pending_events.claim("next", now=NOW, lease=LEASE, limit=10)) == [
        attendance_event_id(MEETING, STUDENT, 2)
    ]


async def test_confirming_twice_or_after_another_did_does_no_harm(store: Store) -> None:
    await mark(store, "a")
    claims = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    await store.pending_events.confirm("one", claims)
    await mark(store, "b")
    await store.pending_events.confirm("one", claims)
    assert ids(await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=10)) == [
        attendance_event_id(MEETING, STUDENT, 2)
    ]


async def test_the_longest_waiting_come_first_and_no_more_than_asked_for(store: Store) -> None:
    students = [new_id() for _ in range(5)]
    for minute in (3, 1, 4, 0, 2):
        await mark(store, "a", students[minute], now_minute=minute)
    assert await store.pending_events.oldest() == at(0)
    claims = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=2)
    assert {claim.events[0].key for claim in claims} == set(students[:2])
    rest = await store.pending_events.claim("two", now=NOW, lease=LEASE, limit=100)
    assert {claim.events[0].key for claim in rest} == set(students[2:])


async def test_a_later_event_does_not_hide_how_long_an_earlier_one_waits(store: Store) -> None:
    await mark(store, "a", now_minute=0)
    await mark(store, "b", now_minute=30)
    assert await store.pending_events.oldest() == at(0)
    await store.meetings.add(meeting())
    await close(store)
    await close(store, {Status.PRESENT: 1})
    claims = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    await store.pending_events.confirm("one", [claim for claim in claims if claim.collection == 0])
    assert await store.pending_events.oldest() == NOW


async def test_records_and_meetings_are_claimed_and_confirmed_alike(store: Store) -> None:
    await store.meetings.add(meeting())
    await mark(store, "a")
    await close(store)
    claims = await store.pending_events.claim("one", now=NOW, lease=LEASE, limit=10)
    assert {claim.events[0].key for claim in claims} == {STUDENT, MEETING}
    await store.pending_events.confirm("one", claims)
    assert await store.pending_events.oldest() is None


@pytest.mark.parametrize("limit", [7, 100])
async def test_no_two_who_claim_at_once_hold_the_same_document(
    store: Store, open_store: Callable[[], Store], limit: int
) -> None:
    students = [new_id() for _ in range(40)]
    await asyncio.gather(*(mark(store, "a", student_id) for student_id in students))
    stores = [store, *(open_store() for _ in range(3))]
    claimed = await asyncio.gather(
        *(stores[turn % 4].pending_events.claim(f"{turn}", now=NOW, lease=LEASE, limit=limit) for turn in range(12))
    )
    held = [claim.document_id for claims in claimed for claim in claims]
    assert len(held) == len(set(held))
    left = await store.pending_events.claim("last", now=NOW, lease=LEASE, limit=100)
    assert sorted([*held, *(claim.document_id for claim in left)]) == sorted(f"{MEETING}:{one}" for one in students)
