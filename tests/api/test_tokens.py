"""Tokens: made, shown once, revoked, expired."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from api.authentication import KEPT_SECONDS, Authenticator
from api.times import to_milliseconds
from attendance.rights import Role
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id


async def test_a_tokens_text_is_in_the_answer_that_made_it_and_in_no_other(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller]
) -> None:
    class_id = await school.class_()
    body = {"role": "teacher", "subjects": [class_id], "label": "A. Lovelace", "expires_at": "2999-01-01T00:00:00Z"}
    made = body_of(await administrator.post("/v1/tokens", body), 201)
    me = body_of(await calling(made["token"]).get("/v1/me"))
    assert (me["token_id"], me["role"], me["subjects"]) == (made["id"], "teacher", [class_id])
    assert me["expires_at"] == "2999-01-01T00:00:00.000Z"
    listing = await administrator.get("/v1/tokens?limit=200")
    (entry,) = (entry for entry in body_of(listing)["items"] if entry["id"] == made["id"])
    assert (entry["label"], entry["role"], entry["revoked_at"]) == ("A. Lovelace", "teacher", None)
    secret = made["token"].rsplit("_", 1)[-1]
    assert secret not in listing.text
    assert "digest" not in listing.text


async def test_a_revoked_token_stops_working_at_once(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller]
) -> None:
    made = body_of(await administrator.post("/v1/tokens", {"role": "registrar"}), 201)
    registrar = calling(made["token"])
    body_of(await registrar.get("/v1/students"))
    assert (await administrator.delete(f"/v1/tokens/{made['id']}")).status_code == 204
    answer = await registrar.get("/v1/students")
    problem_of(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await administrator.delete(f"/v1/tokens/{made['id']}")).status_code == 204


async def test_a_token_that_another_process_revoked_stops_working_within_seconds(
    app: FastAPI, administrator: Caller
) -> None:
    store = app.state.services.store
    now = datetime.now(UTC)
    token = await store.tokens.create(Role.REGISTRAR, now=now)
    clock = [100.0]
    authenticator = Authenticator(store, clock=lambda: clock[0])
    assert await authenticator.principal_of(token.text, now)
    assert await store.tokens.revoke(token.id, now)
    assert KEPT_SECONDS <= 5
    clock[0] += KEPT_SECONDS
    assert await authenticator.principal_of(token.text, now) is None


async def test_a_token_that_expires_while_it_is_remembered_stops_working(app: FastAPI) -> None:
    store = app.state.services.store
    now = datetime.now(UTC)
    token = await store.tokens.create(Role.REGISTRAR, now=now, expires_at=now + timedelta(seconds=1))
    authenticator = Authenticator(store, clock=lambda: 100.0)
    assert await authenticator.principal_of(token.text, now)
    assert await authenticator.principal_of(token.text, now + timedelta(seconds=1)) is None


async def test_a_token_is_asked_of_the_database_once_in_some_seconds(app: FastAPI) -> None:
    store = app.state.services.store
    token = await store.tokens.create(Role.REGISTRAR, now=datetime.now(UTC))
    authenticator = Authenticator(store, clock=time.monotonic)
    principal = await authenticator.principal_of(token.text, datetime.now(UTC))
    assert principal is not None
    assert await authenticator.principal_of(token.text, datetime.now(UTC)) is principal


async def test_the_last_administrators_token_stays(
    administrator: Caller, calling: Callable[[str | None], Caller]
) -> None:
    me = body_of(await administrator.get("/v1/me"))["token_id"]
    problem_of(await administrator.delete(f"/v1/tokens/{me}"), 409, "last_administrator")
    second = body_of(await administrator.post("/v1/tokens", {"role": "administrator"}), 201)
    assert (await administrator.delete(f"/v1/tokens/{second['id']}")).status_code == 204
    body_of(await administrator.get("/v1/me"))


@pytest.mark.parametrize("role", ["teacher", "student", "device"])
async def test_a_token_that_is_for_somebodys_own_says_whose(administrator: Caller, role: str) -> None:
    assert fields_of(await administrator.post("/v1/tokens", {"role": role})) == {"subjects"}
    unknown = {"role": role, "subjects": [an_id()]}
    assert fields_of(await administrator.post("/v1/tokens", unknown)) == {"subjects"}


async def test_a_students_token_is_of_one_student(administrator: Caller, school: School) -> None:
    two = [await school.student(), await school.student()]
    assert fields_of(await administrator.post("/v1/tokens", {"role": "student", "subjects": two})) == {"subjects"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "role"),
        ({"role": "root"}, "role"),
        ({"role": "registrar", "subjects": [an_id()]}, "subjects"),
        ({"role": "registrar", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"role": "registrar", "label": ""}, "label"),
    ],
)
async def test_a_wrong_token_is_refused_by_its_field(administrator: Caller, body: object, field: str) -> None:
    assert fields_of(await administrator.post("/v1/tokens", body)) == {field}


async def test_an_unknown_token_cannot_be_revoked(administrator: Caller) -> None:
    problem_of(await administrator.delete("/v1/tokens/0123456789ab"), 404, "not_found")
    problem_of(await administrator.delete("/v1/tokens/none"), 422, "invalid_request")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer rc_0123456789ab_" + "x" * 43,
        "Bearer rc_0123456789ab_short",
        "Basic cm9vdDpyb290",
        "Bearer " + "x" * 5000,
        "token rc_0123456789ab_" + "x" * 43,
    ],
)
async def test_without_a_good_token_nothing_is_told(
    calling: Callable[[str | None], Caller], header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/v1/me", "/v1/students", f"/v1/meetings/{an_id()}/roll"):
        answer = await calling(None).get(path, headers=headers)
        problem_of(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_in_the_url_is_not_taken(
    administrator_token: str, calling: Callable[[str | None], Caller]
) -> None:
    for name in ("token", "access_token"):
        answer = await calling(None).get("/v1/me", params={name: administrator_token})
        problem_of(answer, 401, "not_authenticated")


async def test_a_substitutes_token_says_until_when(administrator: Caller, school: School) -> None:
    body = {"role": "substitute", "subjects": [await school.class_()]}
    assert fields_of(await administrator.post("/v1/tokens", body)) == {"expires_at"}
    body |= {"begins_at": "2999-02-01T00:00:00Z", "expires_at": "2999-01-01T00:00:00Z"}
    assert fields_of(await administrator.post("/v1/tokens", body)) == {"expires_at"}


async def test_a_token_is_not_taken_before_it_begins(app: FastAPI) -> None:
    tokens, now = app.state.services.store.tokens, datetime.now(UTC)
    token = await tokens.create(Role.REGISTRAR, now=now, begins_at=now + timedelta(hours=1))
    assert await tokens.principal_of(token.text, now) is None
    assert await tokens.principal_of(token.text, now + timedelta(hours=1)) is not None


async def test_it_is_known_to_a_minute_when_a_token_was_last_used(app: FastAPI) -> None:
    tokens, now = app.state.services.store.tokens, to_milliseconds(datetime.now(UTC))
    token = await tokens.create(Role.REGISTRAR, now=now)
    assert (await tokens.get(token.id)).last_used_at is None
    later = now + timedelta(seconds=61)
    for moment, noted in ((now, now), (now + timedelta(seconds=59), now), (later, later)):
        await tokens.principal_of(token.text, moment)
        assert (await tokens.get(token.id)).last_used_at == noted
    await tokens.principal_of(token.text[:-1] + ("A" if token.text[-1] != "A" else "B"), later + timedelta(hours=1))
    assert (await tokens.get(token.id)).last_used_at == later


@pytest.mark.parametrize("role", ["adviser", "substitute"])
async def test_whose_an_advisers_and_a_substitutes_token_is_has_to_be_there(administrator: Caller, role: str) -> None:
    body = {"role": role, "expires_at": "2999-01-01T00:00:00Z"}
    assert fields_of(await administrator.post("/v1/tokens", body)) == {"subjects"}
    assert fields_of(await administrator.post("/v1/tokens", body | {"subjects": [an_id()]})) == {"subjects"}
