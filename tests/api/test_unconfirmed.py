"""What the machine says against students stays on a list until a person has looked."""

from collections.abc import Callable

from fastapi import FastAPI

from attendance import rules
from attendance.coverage import Coverage
from attendance.records import Record
from attendance.store import Store
from tests.api.callers import Caller, body_of, problem_of
from tests.api.school import School

Calling = Callable[[str | None], Caller]


async def absent_by_machine(app: FastAPI, meeting_id: str, student_id: str) -> None:
    """Let the machine find somebody absent, as the closer does."""
    store: Store = app.state.services.store
    meeting = await store.meetings.get(meeting_id)
    whole = Coverage.of([(meeting.start, meeting.end)])

    def decide(record: Record | None) -> Record:
        return rules.close(record, student_id, meeting, has_template=True, coverage=whole, now=meeting.end)

    await store.records.change(meeting, student_id, decide, now=meeting.end)


async def test_an_absence_by_machine_is_listed_until_somebody_confirms_or_corrects_it(
    app: FastAPI, school: School, administrator: Caller, calling: Calling
) -> None:
    one, two = await school.student("Ada"), await school.student("Bob")
    class_id, other = await school.class_(one, two), await school.class_()
    days = ("2026-03-02", "2026-03-03")
    meetings = [await school.meeting(class_id, f"{day}T10:00:00Z", f"{day}T11:00:00Z") for day in days]
    for meeting in meetings:
        for student in (one, two):
            await absent_by_machine(app, meeting, student)
    teacher, stranger = [calling(await school.token("teacher", each)) for each in (class_id, other)]

    async def waiting(caller: Caller = teacher, query: str = "") -> list[tuple[str, str]]:
        found = body_of(await caller.get(f"/v1/unconfirmed{query}"))
        return [(each["meeting_id"], each["student_id"]) for each in found["items"]]

    pairs = {(meeting, student) for meeting in meetings for student in (one, two)}
    assert set(await waiting()) == pairs
    assert [meeting for meeting, _ in await waiting()] == [meetings[1], meetings[1], meetings[0], meetings[0]]
    assert pairs <= set(await waiting(administrator, "?limit=200"))
    assert await waiting(stranger) == []
    problem_of(await stranger.get(f"/v1/unconfirmed?class_id={class_id}"), 404, "not_found")

    paged, cursor = [], ""
    for _ in range(4):
        page = body_of(await teacher.get(f"/v1/unconfirmed?limit=1{cursor}"))
        paged += [(each["meeting_id"], each["student_id"]) for each in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == await waiting()
    assert page["next_cursor"] is None

    body_of(await teacher.post(f"/v1/meetings/{meetings[0]}/roll/{one}/confirm", {}))
    body_of(await teacher.put(f"/v1/meetings/{meetings[1]}/roll/{two}", {"status": "present"}))
    assert set(await waiting()) == pairs - {(meetings[0], one), (meetings[1], two)}


async def test_a_report_for_a_sanction_counts_none_of_them(app: FastAPI, school: School, administrator: Caller) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    meeting = await school.meeting(class_id)
    await absent_by_machine(app, meeting, student)
    path = f"/v1/reports/students/{student}?purpose="
    assert body_of(await administrator.get(f"{path}overview"))["rate"]["value"] == 0
    assert body_of(await administrator.get(f"{path}sanction"))["rate"]["value"] is None
    at_risk = "/v1/reports/at-risk?from=2026-03-01&below=1&limit=200&purpose="
    risky = [each["student_id"] for each in body_of(await administrator.get(f"{at_risk}overview"))["items"]]
    assert student in risky
    assert not any(
        each["student_id"] == student for each in body_of(await administrator.get(f"{at_risk}sanction"))["items"]
    )
    problem_of(await administrator.get(f"{path}sanction&provisional=true"), 422, "invalid_request")
    body_of(await administrator.post(f"/v1/meetings/{meeting}/roll/{student}/confirm", {}))
    assert body_of(await administrator.get(f"{path}sanction"))["rate"]["value"] == 0
