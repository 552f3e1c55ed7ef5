"""A meeting's roll: read, and corrected by hand, beside a machine that writes too."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from attendance import rules
from attendance.coverage import Coverage
from attendance.events import meeting_closed
from attendance.meetings import MeetingState
from attendance.records import Record, Sighting
from attendance.store import Store
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id

START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def entry_path(meeting: str, student: str) -> str:
    return f"/v1/meetings/{meeting}/roll/{student}"


@pytest.fixture
def store(app: FastAPI) -> Store:
    store: Store = app.state.services.store
    return store


async def machine_sees(store: Store, meeting_id: str, student_id: str, seen_at: datetime) -> None:
    """Do what the stream app does with a sighting."""
    meeting = await store.meetings.get(meeting_id)
    sighting = Sighting("track", student_id, "camera", seen_at, seen_at, 0.9, 1)

    def decide(record: Record | None) -> Record | None:
        everything = Coverage(((meeting.opens_at, meeting.end),))
        return rules.see(record, sighting, meeting, counts_from=meeting.opens_at, coverage=everything, now=seen_at)

    await store.records.change(meeting, student_id, decide, now=seen_at)


async def test_before_anything_was_said_everybody_on_the_roster_is_pending(
    administrator: Caller, school: School
) -> None:
    students = [await school.student("Ada", "Lovelace"), await school.student("Alan", "Turing")]
    meeting = await school.meeting(await school.class_(*students))
    roll = body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))
    assert [entry["student_id"] for entry in roll["entries"]] == students
    assert {(entry["status"], entry["revision"], entry["method"]) for entry in roll["entries"]} == {
        ("pending", 0, None)
    }
    assert roll["totals"]["pending"] == 2
    assert sum(roll["totals"].values()) == 2
    assert roll["meeting"]["state"] == "open"
    assert roll["coverage"] == 0


async def test_the_roll_shows_what_the_machine_saw_and_how_much_was_looked_at(
    administrator: Caller, school: School, store: Store
) -> None:
    students = [await school.student("Ada", "Lovelace"), await school.student("Alan", "Turing")]
    meeting = await school.meeting(await school.class_(*students))
    await machine_sees(store, meeting, students[0], START - timedelta(minutes=2))
    await machine_sees(store, meeting, students[1], START + timedelta(minutes=20))
    await store.progress.cover(meeting, "camera", Coverage(((START, START + timedelta(minutes=25)),)))
    roll = body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))
    first, second = roll["entries"]
    assert (first["status"], first["provisional"], first["method"]) == ("present", False, "face")
    assert first["first_seen"] == "2026-03-02T09:58:00.000Z"
    assert (second["status"], second["provisional"], second["given_name"]) == ("late", True, "Alan")
    assert roll["coverage"] == 0.5
    assert {status: count for status, count in roll["totals"].items() if count} == {"present": 1, "late": 1}


async def test_a_student_with_a_record_who_is_not_enrolled_any_more_stays_on_the_roll(
    administrator: Caller, school: School
) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    meeting = await school.meeting(class_id)
    await school.mark(meeting, student, "present")
    await school.enroll(class_id, student, end="2026-03-01")
    (entry,) = body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))["entries"]
    assert (entry["on_roster"], entry["status"]) == (False, "present")


async def test_a_mark_by_hand_is_final_with_its_reason_and_who_said_it(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller], store: Store
) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    meeting = await school.meeting(class_id)
    await machine_sees(store, meeting, student, START + timedelta(minutes=20))
    teacher = calling(await school.token("teacher", class_id))
    body = {"status": "present", "reason": "was there; the door was jammed"}
    answer = await teacher.put(entry_path(meeting, student), body)
    record = body_of(answer)
    assert record["entry"] | {"status": "present", "provisional": False, "method": "manual"} == record["entry"]
    assert record["entry"]["reason"] == body["reason"]
    seen, said = record["history"]
    assert (seen["status"], seen["by"], seen["cause"]) == ("late", "machine", "sighting")
    assert (said["status"], said["previous_status"], said["cause"]) == ("present", "late", "correction")
    assert said["by"] == body_of(await teacher.get("/v1/me"))["token_id"]
    assert body_of(await teacher.get(entry_path(meeting, student))) == record
    assert record["evidence"]["frames"] == 1
    await machine_sees(store, meeting, student, START + timedelta(minutes=30))
    assert body_of(await administrator.get(entry_path(meeting, student)))["entry"]["status"] == "present"


@pytest.mark.parametrize("status", ["present", "late", "left_early", "absent", "unmarked", "not_expected"])
async def test_every_status_can_be_said_by_hand(administrator: Caller, school: School, status: str) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    entry = body_of(await administrator.put(entry_path(meeting, student), {"status": status}))["entry"]
    assert (entry["status"], entry["provisional"]) == (status, False)


async def test_an_excuse_needs_a_reason(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    assert fields_of(await administrator.put(entry_path(meeting, student), {"status": "excused"})) == {"reason"}
    body = {"status": "excused", "reason": "jury duty"}
    assert body_of(await administrator.put(entry_path(meeting, student), body))["entry"]["status"] == "excused"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "pending"}, "status"),
        ({"status": "there"}, "status"),
        ({"status": "present", "reason": "a\x00b"}, "reason"),
        ({"status": "present", "reason": "x" * 1001}, "reason"),
        ({"status": "present", "revision": -1}, "revision"),
        ({"status": "present", "revision": "1"}, "revision"),
        ({"status": "present", "by": "somebody else"}, "by"),
    ],
)
async def test_a_wrong_mark_is_refused_by_its_field(
    administrator: Caller, school: School, body: object, field: str
) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    assert field in fields_of(await administrator.put(entry_path(meeting, student), body))
    assert body_of(await administrator.get(entry_path(meeting, student)))["history"] == []


async def test_the_same_mark_twice_is_one_revision(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    for _ in range(2):
        answer = await administrator.put(entry_path(meeting, student), {"status": "absent"})
        assert body_of(answer)["entry"]["revision"] == 1
        assert answer.headers["etag"] == '"1"'


async def test_who_corrects_a_state_that_is_past_gets_the_present_one(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    path = entry_path(meeting, student)
    first = await administrator.put(path, {"status": "absent", "revision": 0})
    assert body_of(first)["entry"]["revision"] == 1
    for late in (
        await administrator.put(path, {"status": "late", "revision": 0}),
        await administrator.put(path, {"status": "late"}, headers={"If-Match": '"0"'}),
    ):
        current = problem_of(late, 409, "stale_revision")["current"]
        assert (current["status"], current["revision"]) == ("absent", 1)
    again = await administrator.put(path, {"status": "late"}, headers={"If-Match": first.headers["etag"]})
    assert body_of(again)["entry"]["status"] == "late"


async def test_of_two_people_who_correct_at_once_one_is_told(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    path = entry_path(meeting, student)
    statuses = ["absent", "present", "late", "excused"]
    answers = await asyncio.gather(
        *(administrator.put(path, {"status": status, "reason": "x", "revision": 0}) for status in statuses)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    (winner,) = (status for status, answer in zip(statuses, answers, strict=True) if answer.status_code == 200)
    record = body_of(await administrator.get(path))
    assert record["entry"]["status"] == winner
    assert len(record["history"]) == 1


async def test_an_if_match_that_is_no_revision_or_another_one_than_the_bodys_is_refused(
    administrator: Caller, school: School
) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    for tag in ("1", '"x"', '"1', "*", '"1", "2"', '"' + "9" * 40 + '"'):
        answer = await administrator.put(entry_path(meeting, student), {"status": "late"}, headers={"If-Match": tag})
        assert fields_of(answer) == {"if-match"}
    both = await administrator.put(
        entry_path(meeting, student), {"status": "late", "revision": 0}, headers={"If-Match": '"1"'}
    )
    assert fields_of(both) == {"if-match"}


async def test_nobody_is_put_on_a_roll_by_a_mark(administrator: Caller, school: School) -> None:
    outsider = await school.student()
    meeting = await school.meeting(await school.class_(await school.student()))
    for student in (outsider, an_id()):
        problem_of(await administrator.put(entry_path(meeting, student), {"status": "present"}), 404, "not_found")
        problem_of(await administrator.get(entry_path(meeting, student)), 404, "not_found")
    problem_of(await administrator.put(entry_path(an_id(), outsider), {"status": "present"}), 404, "not_found")
    problem_of(await administrator.get(f"/v1/meetings/{an_id()}/roll"), 404, "not_found")


async def test_a_closed_meeting_says_so_and_can_still_be_corrected(
    administrator: Caller, school: School, store: Store
) -> None:
    student = await school.student()
    meeting_id = await school.meeting(await school.class_(student))
    meeting = await store.meetings.get(meeting_id)
    event = meeting_closed(meeting, 1, taken=False, coverage=0, counts={}, now=START)
    assert await store.meetings.close(meeting, MeetingState.NOT_TAKEN, event)
    await school.mark(meeting_id, student, "present")
    roll = body_of(await administrator.get(f"/v1/meetings/{meeting_id}/roll"))
    assert roll["meeting"]["state"] == "not_taken"
    assert roll["totals"]["present"] == 1
