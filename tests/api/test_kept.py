"""The right of access: everything that is kept of one student, with who looked, for machines and to be read."""

from collections.abc import Callable

import numpy as np
from fastapi import FastAPI

from api.times import now
from attendance.people import StoredTemplate
from attendance.store import Store
from recognition import Template
from tests.api.callers import Caller, body_of
from tests.api.school import CONSENT, School, an_id

Calling = Callable[[str | None], Caller]
NAME = "<b>Ada</b> & co"


async def test_a_student_gets_everything_that_is_kept_of_them_and_of_nobody_else(
    app: FastAPI, school: School, administrator: Caller, calling: Calling
) -> None:
    store: Store = app.state.services.store
    sourced_id = an_id()
    student, other = await school.student(NAME, "Lovelace", sourced_id=sourced_id), await school.student("Bob", "Other")
    for each in (student, other):
        body_of(await administrator.put(f"/v1/students/{each}/consent", CONSENT))
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    await store.biometrics.add_template(StoredTemplate(an_id(), student, Template("dlib", vector), now()))
    assert (await administrator.put(f"/v1/students/{student}/card", {"number": "04A2"})).status_code == 204
    class_id = await school.class_(student, other, title="Compilers")
    days = ("2026-03-02", "2026-03-03")
    meetings = [await school.meeting(class_id, f"{day}T10:00:00Z", f"{day}T11:00:00Z") for day in days]
    for meeting in meetings:
        await school.mark(meeting, student, "late")
        await school.mark(meeting, other, "absent")
    notice = {"first_day": "2026-04-02", "last_day": "2026-04-03", "reason": "ill"}
    body_of(await administrator.post(f"/v1/students/{student}/notices", notice), 201)
    body_of(await administrator.put(f"/v1/students/{student}/hold", {"reason": "an appeal"}))
    caller = calling(await school.token("student", student))
    body_of(await caller.get("/v1/me"))

    kept = body_of(await caller.get(f"/v1/students/{student}/kept"))
    assert kept["student"] == {
        "id": student,
        "given_name": NAME,
        "family_name": "Lovelace",
        "sourced_id": sourced_id,
        "email": None,
        "needs_guardian": False,
    }
    assert [each["step"] for each in kept["consent_history"]] == ["given"]
    assert kept["hold"]["reason"] == "an appeal"
    assert kept["consent"]["notice_version"] == CONSENT["notice_version"]
    assert len(kept["templates"]) == 1
    assert kept["has_card"]
    assert [each["class_title"] for each in kept["classes"]] == ["Compilers"]
    assert [each["meeting_id"] for each in kept["records"]] == meetings[::-1]
    assert [each["reason"] for each in kept["notices"]] == ["ill"]
    assert [each["last_used_at"] is None for each in kept["tokens"]] == [False]
    assert [event["data"]["status"] for event in kept["events"]] == ["late", "late"]
    assert {"POST /v1/students", "PUT /v1/meetings/{meeting_id}/roll/{student_id}"} <= {
        look["request"] for look in kept["looks"]
    }
    assert other not in str(kept)
    assert "Other" not in str(kept)

    again = body_of(await caller.get(f"/v1/students/{student}/kept"))
    assert again["looks"][0]["request"] == "GET /v1/students/{student_id}/kept"
    assert again["looks"][0]["role"] == "student"


async def test_the_page_reads_without_anything_else_and_runs_nothing(
    school: School, calling: Calling, administrator: Caller
) -> None:
    student = await school.student(NAME, "Lovelace")
    caller = calling(await school.token("student", student))
    answer = await caller.get(f"/v1/students/{student}/kept", headers={"Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "script" not in answer.text
    assert "&lt;b&gt;Ada&lt;/b&gt; &amp; co" in answer.text
    assert "<b>" not in answer.text
    assert "http" not in answer.text.replace("https://", "http")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "POST /v1/students" in answer.text
