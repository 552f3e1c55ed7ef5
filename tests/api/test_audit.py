"""The audit over the API: a line for every request, before its answer; what is done to it in the database is found."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo import AsyncMongoClient
from typer.testing import CliRunner

from api.access import ACCESS
from api.audit_writer import AuditWriter
from attendance.audit import AuditKey, HeadFile, verify
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store, StoreUnavailable
from deploy.audit_cli import app as command
from tests.api.callers import Caller, body_of, problem_of
from tests.api.school import School, an_id
from tests.api.test_rights import ANALYST, Campus, campus

__all__ = ["campus"]

Calling = Callable[[str | None], Caller]
# What anybody may ask has no line: it tells of nobody, and nobody is known to have asked.
WALKED = [(route, role) for route, rule in ACCESS.items() if not rule.public for role in Role]


async def lines(store: Store) -> int:
    return sum([len(batch.lines) async for batch in store.audit.all()])


@pytest.mark.parametrize(("route", "role"), WALKED)
async def test_every_request_leaves_a_line(campus: Campus, store: Store, route: tuple[str, str], role: Role) -> None:
    method, template = route
    before = await store.audit.head()
    answer = await campus.call(campus.own[role], method, template)
    written = await store.audit.latest(limit=50)
    new = [line for number, line in written if number > before.number]
    assert new
    assert {line.do for line in new} == {f"{method} {template}"}
    assert new[0].status == answer.status_code
    assert new[0].role == role.value
    assert not any(campus.ids[name] in str(new) for name in ("student_id", "sourced_id"))


async def test_a_line_says_whom_an_answer_told_of(
    school: School, administrator: Caller, store: Store, places: ConnectionSettings
) -> None:
    one, two, outside = [await school.student() for _ in range(3)]
    class_id = await school.class_(one, two)
    meeting = await school.meeting(class_id)
    await school.mark(meeting, one, "absent")
    commitment = AuditKey(places.audit_key_file).commitment
    both = {commitment(one), commitment(two)}
    for path, told in (
        (f"/v1/meetings/{meeting}/roll", both),
        (f"/v1/classes/{class_id}/roster", both),
        (f"/v1/classes/{class_id}/enrollments?format=csv", both),
        (f"/v1/reports/classes/{class_id}/students", {commitment(one)}),
        (f"/v1/exports/records?class_id={class_id}&format=parquet", {commitment(one)}),
        (f"/v1/students/{one}", {commitment(one)}),
        (f"/v1/students/{one}/attendance", {commitment(one)}),
        (f"/v1/events?class_id={class_id}", {commitment(one)}),
        (f"/v1/unconfirmed?class_id={class_id}", set()),
    ):
        before = await store.audit.head()
        assert (await administrator.get(path)).status_code == 200
        new = [line for number, line in await store.audit.latest(limit=9) if number > before.number]
        assert {subject for line in new for subject in line.subjects} == told, path
    assert [line.do for _, line in await store.audit.about(commitment(outside))] == ["POST /v1/students"]


async def test_nothing_is_told_where_no_line_can_be_kept(
    app: FastAPI, school: School, administrator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = await school.student("Unheard", "Of")

    async def away(_batch: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(app.state.services.store.audit, "add", away)
    answer = await administrator.get(f"/v1/students/{student}")
    problem_of(answer, 503, "store_unavailable")
    assert "Unheard" not in answer.text
    monkeypatch.undo()
    assert "Unheard" in (await administrator.get(f"/v1/students/{student}")).text


async def test_requests_at_once_and_of_two_processes_make_one_chain(
    app: FastAPI, administrator: Caller, store: Store, places: ConnectionSettings
) -> None:
    key = AuditKey(places.audit_key_file)
    other = AuditWriter(store, key, HeadFile(places.audit_head_file))
    before = await lines(store)
    example = (await store.audit.latest(limit=1))[0][1]
    await asyncio.gather(*(administrator.get("/v1/me") for _ in range(30)), *(other.write(example) for _ in range(30)))
    batches = [batch async for batch in store.audit.all()]
    assert sum(len(batch.lines) for batch in batches) == before + 60
    assert verify(batches, key.seal, HeadFile(places.audit_head_file).read()) == []


async def test_the_officer_reads_who_looked_at_a_student(campus: Campus, school: School, calling: Calling) -> None:
    student, other = await school.student(), await school.student()
    analyst, officer = campus.own[ANALYST], calling(await school.token("officer"))
    body_of(await analyst.get(f"/v1/reports/students/{student}"))
    body_of(await analyst.get(f"/v1/reports/students/{other}"))
    looked = body_of(await officer.get("/v1/audit", params={"student_id": student}))["items"]
    assert [(each["role"], each["request"]) for each in looked][:2] == [
        ("analyst", "GET /v1/reports/students/{student_id}"),
        ("administrator", "POST /v1/students"),
    ]
    first = body_of(await officer.get("/v1/audit", params={"limit": 2}))
    second = body_of(await officer.get("/v1/audit", params={"limit": 2, "cursor": first["next_cursor"]}))
    assert {each["batch"] for each in first["items"]}.isdisjoint(each["batch"] for each in second["items"])


@pytest.fixture
async def audit(places: ConnectionSettings) -> AsyncIterator[Any]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(places.mongo_url)
    collection = client[places.database]["audit"]
    yield collection
    await client.close()


CHANGES: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "who": lambda audit, batch: audit.update_one({"_id": batch["_id"]}, {"$set": {"lines.0.by": "nobody"}}),
    "when": lambda audit, batch: audit.update_one({"_id": batch["_id"]}, {"$set": {"lines.0.at": batch["_id"]}}),
    "of another form": lambda audit, batch: audit.update_one({"_id": batch["_id"]}, {"$set": {"lines": "none"}}),
    "a line more": lambda audit, batch: audit.update_one({"_id": batch["_id"]}, {"$push": {"lines": {}}}),
    "a field more": lambda audit, batch: audit.update_one({"_id": batch["_id"]}, {"$set": {"lines.0.x": 1}}),
    "whom it is found by": lambda audit, batch: audit.update_one({"_id": batch["_id"]}, {"$set": {"subjects": ["x"]}}),
    "gone": lambda audit, batch: audit.delete_one({"_id": batch["_id"]}),
    "all gone": lambda audit, _batch: audit.delete_many({}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_the_command_finds_what_was_done_in_the_database(
    administrator: Caller, audit: Any, places: ConnectionSettings, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    body_of(await administrator.get("/v1/students"))
    for name, value in {
        "MONGO_URL": places.mongo_url,
        "ROLLCALL_DATABASE": places.database,
        "ROLLCALL_HOME": str(places.home),
    }.items():
        monkeypatch.setenv(name, value)
    sound = await asyncio.to_thread(CliRunner().invoke, command, ["verify"])
    assert (sound.exit_code, "as they were written" in sound.output) == (0, True), sound.output
    kept = await audit.find({}).sort("_id", 1).to_list(None)
    await CHANGES[change](audit, kept[len(kept) // 2])
    found = await asyncio.to_thread(CliRunner().invoke, command, ["verify"])
    shown = await asyncio.to_thread(CliRunner().invoke, command, ["show", "--limit", "3"])
    await audit.delete_many({})
    await audit.insert_many(kept)
    assert (found.exit_code, "not what was written" in found.output) == (1, True), found.output
    assert shown.exit_code == 0, shown.output


async def test_the_command_shows_who_looked_at_a_student(
    administrator: Caller, school: School, places: ConnectionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "MONGO_URL": places.mongo_url,
        "ROLLCALL_DATABASE": places.database,
        "ROLLCALL_HOME": str(places.home),
    }.items():
        monkeypatch.setenv(name, value)
    student = await school.student()
    body_of(await administrator.get(f"/v1/students/{student}/attendance"))
    shown = await asyncio.to_thread(CliRunner().invoke, command, ["show", "--student", student])
    assert "GET /v1/students/{student_id}/attendance" in shown.output
    nobody = await asyncio.to_thread(CliRunner().invoke, command, ["show", "--student", an_id()])
    assert "GET" not in nobody.output
    assert (await asyncio.to_thread(CliRunner().invoke, command, ["show", "--student", "Ada"])).exit_code == 1
