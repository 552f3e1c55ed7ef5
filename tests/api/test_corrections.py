"""Confirming, 'not this person', taking back, all present: over REST, on the real database."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from attendance import rules
from attendance.coverage import Coverage
from attendance.records import Record, Sighting
from attendance.store import Store
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
WHOLE = Coverage(((START - timedelta(minutes=10), START + timedelta(minutes=50)),))


def entry_path(meeting: str, student: str) -> str:
    return f"/v1/meetings/{meeting}/roll/{student}"


@pytest.fixture
def store(app: FastAPI) -> Store:
    store: Store = app.state.services.store
    return store


async def machine_sees(
    store: Store, meeting_id: str, student_id: str, minute: float, *, track: str = "track", camera: str = "camera"
) -> None:
    meeting, moment = await store.meetings.get(meeting_id), START + timedelta(minutes=minute)
    sighting = Sighting(track, student_id, camera, moment, moment, 0.9, 1)

    def decide(record: Record | None) -> Record | None:
        return rules.see(record, sighting, meeting, counts_from=meeting.opens_at, coverage=WHOLE, now=moment)

    await store.records.change(meeting, student_id, decide, now=moment)


async def machine_closes(store: Store, meeting_id: str, student_id: str) -> None:
    meeting = await store.meetings.get(meeting_id)

    def decide(record: Record | None) -> Record:
        return rules.close(record, student_id, meeting, has_template=True, coverage=WHOLE, now=meeting.end)

    await store.records.change(meeting, student_id, decide, now=meeting.end)


async def test_a_teacher_confirms_one_absence_and_then_all(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller], store: Store
) -> None:
    students = [await school.student() for _ in range(4)]
    class_id = await school.class_(*students)
    meeting = await school.meeting(class_id)
    for student in students[:2]:
        await machine_closes(store, meeting, student)
    await machine_sees(store, meeting, students[2], 20)
    await machine_sees(store, meeting, students[3], 2)
    teacher = calling(await school.token("teacher", class_id))
    one = body_of(await teacher.post(f"{entry_path(meeting, students[0])}/confirm", {"revision": 1}))
    assert (one["entry"]["status"], one["entry"]["provisional"]) == ("absent", False)
    assert one["history"][-1]["cause"] == "confirmation"
    assert one["history"][-1]["by"] == body_of(await teacher.get("/v1/me"))["token_id"]
    everything = body_of(await teacher.post(f"/v1/meetings/{meeting}/roll/confirm", {}))
    assert sorted(everything["student_ids"]) == sorted(students[1:3])
    roll = body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))
    assert {entry["provisional"] for entry in roll["entries"]} == {False}
    assert body_of(await teacher.post(f"/v1/meetings/{meeting}/roll/confirm", {}))["changed"] == 0


async def test_a_confirmation_of_a_state_that_is_past_gets_the_present_one(
    administrator: Caller, school: School, store: Store
) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    await machine_closes(store, meeting, student)
    await machine_sees(store, meeting, student, 20)
    late = await administrator.post(f"{entry_path(meeting, student)}/confirm", {}, headers={"If-Match": '"1"'})
    current = problem_of(late, 409, "stale_revision")["current"]
    assert (current["status"], current["revision"]) == ("late", 2)


async def test_of_two_people_who_correct_in_different_ways_at_once_one_is_told(
    administrator: Caller, school: School, store: Store
) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    await machine_closes(store, meeting, student)
    path = entry_path(meeting, student)
    answers = await asyncio.gather(
        administrator.post(f"{path}/confirm", {"revision": 1}),
        administrator.put(path, {"status": "present", "revision": 1}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(body_of(await administrator.get(path))["history"]) == 2


async def test_not_this_person_takes_a_sighting_off_by_its_id_and_undo_gives_it_back(
    administrator: Caller, school: School, store: Store
) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    await machine_sees(store, meeting, student, 2, track="one")
    await machine_sees(store, meeting, student, 20, track="two")
    path = entry_path(meeting, student)
    sightings = body_of(await administrator.get(path))["sightings"]
    assert [(each["id"], each["camera_id"]) for each in sightings] == [("one", "camera"), ("two", "camera")]
    denied = body_of(await administrator.post(f"{path}/not-this-person", {"sighting_id": "one", "reason": "a twin"}))
    assert [each["id"] for each in denied["sightings"]] == ["two"]
    assert denied["history"][-1]["reason"] == "a twin"
    assert denied["entry"]["status"] == "unmarked"  # nobody is known to have looked before minute 20
    problem_of(await administrator.post(f"{path}/not-this-person", {"sighting_id": "one"}), 404, "not_found")
    back = body_of(await administrator.post(f"{path}/undo", {"reason": "it was her after all"}))
    assert [each["id"] for each in back["sightings"]] == ["one", "two"]
    assert (back["entry"]["status"], back["history"][-1]["cause"]) == ("present", "undo")
    problem_of(await administrator.post(f"{path}/undo", {}), 409, "nothing_to_undo")


async def test_all_present_leaves_what_people_said_and_those_with_a_notice(
    administrator: Caller, school: School, store: Store
) -> None:
    unseen, late, said, away = [await school.student() for _ in range(4)]
    meeting = await school.meeting(await school.class_(unseen, late, said, away))
    await machine_sees(store, meeting, late, 20)
    await school.mark(meeting, said, "absent")
    notice = {"first_day": "2026-03-01", "last_day": "2026-03-02", "reason": "conference"}
    body_of(await administrator.post(f"/v1/students/{away}/notices", notice), 201)
    answer = body_of(await administrator.post(f"/v1/meetings/{meeting}/roll/all-present", {}))
    assert sorted(answer["student_ids"]) == sorted([unseen, late])
    roll = body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))["entries"]
    assert {entry["student_id"]: (entry["status"], entry["method"]) for entry in roll} == {
        unseen: ("present", "manual"),
        late: ("present", "manual"),
        said: ("absent", "manual"),
        away: ("pending", None),
    }


async def test_an_excuse_carries_the_institutions_code(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    body = {"status": "excused", "reason": "jury duty", "reason_code": "J2"}
    record = body_of(await administrator.put(entry_path(meeting, student), body))
    assert (record["entry"]["reason_code"], record["history"][-1]["reason_code"]) == ("J2", "J2")


async def test_of_a_cancelled_meeting_nothing_is_said(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    assert body_of(await administrator.post(f"/v1/meetings/{meeting}/cancel", {}))["state"] == "cancelled"
    path = entry_path(meeting, student)
    problem_of(await administrator.put(path, {"status": "absent"}), 409, "meeting_cancelled")
    for call in (f"{path}/undo", f"{path}/confirm", f"/v1/meetings/{meeting}/roll/all-present"):
        problem_of(await administrator.post(call, {}), 409, "meeting_cancelled")
    (entry,) = body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))["entries"]
    assert entry["status"] == "not_expected"
    assert body_of(await administrator.post(f"/v1/meetings/{meeting}/restore", {}))["state"] == "open"
    body_of(await administrator.put(path, {"status": "absent"}))


async def test_who_has_no_entry_or_no_record_cannot_be_corrected(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    for call, body in (("confirm", {}), ("undo", {}), ("not-this-person", {"sighting_id": "x"})):
        problem_of(await administrator.post(f"{entry_path(meeting, student)}/{call}", body), 404, "not_found")
        problem_of(await administrator.post(f"{entry_path(meeting, an_id())}/{call}", body), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_day": "2026-03-03", "last_day": "2026-03-02", "reason": "ill"}, "last_day"),
        ({"first_day": "2026-03-03", "last_day": "2028-03-02", "reason": "ill"}, "last_day"),
        ({"first_day": "soon", "last_day": "2026-03-02", "reason": "ill"}, "first_day"),
        ({"first_day": "2026-03-02", "last_day": "2026-03-02"}, "reason"),
        (
            {"first_day": "2026-03-02", "last_day": "2026-03-02", "reason": "ill", "reason_code": "x" * 21},
            "reason_code",
        ),
    ],
)
async def test_a_wrong_notice_is_refused_by_its_field(
    administrator: Caller, school: School, body: object, field: str
) -> None:
    assert fields_of(await administrator.post(f"/v1/students/{await school.student()}/notices", body)) == {field}


async def test_a_student_sees_their_own_notices_withdrawn_ones_too(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller]
) -> None:
    student, other = await school.student(), await school.student()
    body = {"first_day": "2026-03-02", "last_day": "2026-03-06", "reason": "ill", "reason_code": "M"}
    given = body_of(await administrator.post(f"/v1/students/{student}/notices", body), 201)
    problem_of(await administrator.delete(f"/v1/students/{other}/notices/{given['id']}"), 404, "not_found")
    for _ in range(2):
        withdrawn = body_of(await administrator.delete(f"/v1/students/{student}/notices/{given['id']}"))
    own = calling(await school.token("student", student))
    (shown,) = body_of(await own.get(f"/v1/students/{student}/notices"))["items"]
    assert shown["withdrawn_at"] == withdrawn["withdrawn_at"] is not None
    assert shown | body == shown


async def test_a_moved_meeting_keeps_its_id_and_a_split_one_its_first_part(
    administrator: Caller, school: School
) -> None:
    meeting = await school.meeting(await school.class_(await school.student()))
    path = f"/v1/meetings/{meeting}"
    later = {"start": "2026-03-02T11:00:00Z", "end": "2026-03-02T12:00:00Z"}
    moved = body_of(await administrator.request("PATCH", path, json=later))
    assert (moved["id"], moved["start"]) == (meeting, "2026-03-02T11:00:00.000Z")
    for field, body in (
        ("end", {"end": "2026-03-02T10:00:00Z"}),
        ("room_ids.0", {"room_ids": [an_id()]}),
        ("zone", {"zone": "Mars"}),
    ):
        assert fields_of(await administrator.request("PATCH", path, json=body)) == {field}
    parts = body_of(await administrator.post(f"{path}/split", {"at": "2026-03-02T11:30:00Z"}))
    assert body_of(await administrator.post(f"{path}/split", {"at": "2026-03-02T11:30:00Z"})) == parts
    assert (parts["first"]["id"], parts["first"]["end"]) == (meeting, parts["second"]["start"])
    assert body_of(await administrator.get(f"/v1/meetings/{parts['second']['id']}")) == parts["second"]
    assert fields_of(await administrator.post(f"{path}/split", {"at": "2026-03-02T11:45:00Z"})) == {"at"}


async def test_the_recognisers_mistakes_are_counted_by_camera(
    administrator: Caller, school: School, store: Store
) -> None:
    students = [await school.student() for _ in range(3)]
    room, door = await school.room(), an_id()
    camera = body_of(await administrator.post("/v1/cameras", {"room_id": room}), 201)["camera"]["id"]
    meeting = await school.meeting(
        await school.class_(*students), "2027-03-02T10:00:00Z", "2027-03-02T10:50:00Z", room_ids=[room]
    )
    of = await store.meetings.get(meeting)

    async def decide(student: str, *minutes: int) -> None:
        def seen(record: Record | None) -> Record | None:
            for minute in minutes:
                moment = of.start + timedelta(minutes=minute)
                one = Sighting(f"track {minute}", student, door, moment, moment, 0.9, 1)
                record = rules.see(record, one, of, counts_from=of.opens_at, coverage=Coverage(), now=moment)
            whole = Coverage(((of.opens_at, of.end),))
            return rules.close(record, student, of, has_template=True, coverage=whole, now=of.end)

        await store.records.change(of, student, seen, now=of.end)

    await decide(students[0], 2, 4)
    await decide(students[1], 3)
    await decide(students[2])
    denied = {"sighting_id": "track 2"}
    body_of(await administrator.post(f"{entry_path(meeting, students[0])}/not-this-person", denied))
    await school.mark(meeting, students[1], "absent")
    await school.mark(meeting, students[2], "present")
    days = "from=2027-03-02&to=2027-03-02"
    report = body_of(await administrator.get(f"/v1/recogniser/mistakes?{days}"))
    assert report["records"] == 3
    counts = {each.pop("camera_id"): each for each in report["cameras"]}
    assert counts == {
        door: {"denied": 1, "reversed": 0, "contradicted": 1, "missed": 0},
        camera: {"denied": 0, "reversed": 0, "contradicted": 0, "missed": 1},
    }
    body_of(await administrator.post(f"{entry_path(meeting, students[2])}/undo", {}))
    assert body_of(await administrator.get(f"/v1/recogniser/mistakes?{days}"))["records"] == 2
    assert fields_of(await administrator.get("/v1/recogniser/mistakes?from=2027-03-02&to=2027-03-01")) == {"to"}
