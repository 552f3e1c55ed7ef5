"""The school's own login: whose tokens are taken, and whom they stand for."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jwt
import pytest
from fastapi import FastAPI

from api import ApiSettings
from api.oidc import IdentityProvider
from api.problems import Problem
from attendance.people import Teacher, Teaching
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.init import Initialised
from tests.api.callers import Caller, body_of, problem_of
from tests.api.conftest import running
from tests.api.identity_provider import AUDIENCE, Provider, in_base64, providing
from tests.api.school import School, an_id


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@pytest.fixture(scope="module")
def settings(provider: Provider) -> ApiSettings:
    return ApiSettings(oidc_issuer=provider.url, oidc_audience=AUDIENCE, oidc_roles={"staff": "teacher"})


@pytest.fixture(scope="module")
async def app(places: ConnectionSettings, initialised: Initialised, settings: ApiSettings) -> AsyncIterator[FastAPI]:
    assert initialised
    async with running(places, settings) as started:
        yield started


Calling = Callable[[str | None], Caller]


async def test_a_student_of_the_school_is_known_by_the_schools_id(
    provider: Provider, calling: Calling, school: School
) -> None:
    sourced_id = an_id()
    student, other = await school.student(sourced_id=sourced_id), await school.student()
    caller = calling(provider.token("student", sub=sourced_id))
    me = body_of(await caller.get("/v1/me"))
    assert (me["role"], me["subjects"]) == ("student", [student])
    assert sourced_id not in me["token_id"]
    body_of(await caller.get(f"/v1/students/{student}/attendance"))
    problem_of(await caller.get(f"/v1/students/{other}/attendance"), 404, "not_found")


async def test_a_teachers_classes_are_those_that_the_roster_gives_them_today(
    provider: Provider, calling: Calling, school: School, store: Store
) -> None:
    today, day = datetime.now(UTC).date(), timedelta(days=2)
    spans = {"now": (None, None), "substitute": (today - day, today + day), "past": (None, today - day)}
    spans["later"] = (today + day, None)
    teacher = Teacher(an_id(), "Ada", "Lovelace", sourced_id=an_id())
    await store.teachers.add(teacher)
    classes = {name: await school.class_(title=name) for name in spans}
    for name, (begin, end) in spans.items():
        teaching = Teaching(classes[name], teacher.id, begin=begin, end=end, source=an_id())
        await store.teachings.add_many([teaching], lambda _: None)
    caller = calling(provider.token("staff", sub=teacher.sourced_id))
    assert set(body_of(await caller.get("/v1/me"))["subjects"]) == {classes["now"], classes["substitute"]}
    body_of(await caller.get(f"/v1/classes/{classes['substitute']}"))
    problem_of(await caller.get(f"/v1/classes/{classes['past']}"), 404, "not_found")


async def test_an_advisers_students_are_those_that_the_provider_lists(
    provider: Provider, calling: Calling, school: School
) -> None:
    sourced_id = an_id()
    student = await school.student(sourced_id=sourced_id)
    caller = calling(provider.token("adviser", advisees=[sourced_id, "nobody", 7]))
    assert body_of(await caller.get("/v1/me"))["subjects"] == [student]


async def test_who_has_several_roles_says_in_which_they_act(
    provider: Provider, calling: Calling, school: School
) -> None:
    sourced_id = an_id()
    await school.student(sourced_id=sourced_id)
    caller = calling(provider.token("student", "registrar", "sorcerer", sub=sourced_id))
    assert body_of(await caller.get("/v1/me"))["role"] == "registrar"
    assert body_of(await caller.get("/v1/me", headers={"Rollcall-Role": "student"}))["role"] == "student"
    answer = await caller.get("/v1/me", headers={"Rollcall-Role": "administrator"})
    problem_of(answer, 401, "not_authenticated")


async def test_roles_may_stand_inside_another_claim(provider: Provider, store: Store, settings: ApiSettings) -> None:
    nested = settings.model_copy(update={"oidc_roles_claim": "realm_access.roles"})
    token = provider.token(realm_access={"roles": ["analyst"]})
    principal = await IdentityProvider(nested, store).principal_of(token, None, datetime.now(UTC))
    assert principal is not None
    assert principal.role is Role.ANALYST


REFUSED: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "payroll"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://elsewhere.example"},
    "expired": {"exp": datetime(2026, 1, 1, tzinfo=UTC)},
    "without an end": {"exp": None},
    "not in force yet": {"nbf": datetime(2999, 1, 1, tzinfo=UTC)},
    "of nobody": {"sub": None},
    "without a role": {"roles": None},
    "of a role that isn't one": {"roles": ["root", "device", "reader", "substitute"]},
    "roles of another form": {"roles": {"registrar": True}},
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_token_is_refused_that_is(provider: Provider, calling: Calling, why: str) -> None:
    body_of(await calling(provider.token("registrar")).get("/v1/me"))
    problem_of(await calling(provider.token("registrar", **REFUSED[why])).get("/v1/me"), 401, "not_authenticated")


@pytest.mark.parametrize("role", ["student", "teacher"])
async def test_whom_the_school_does_not_know_gets_in_as_nobody(provider: Provider, calling: Calling, role: str) -> None:
    problem_of(await calling(provider.token(role, sub=an_id())).get("/v1/me"), 401, "not_authenticated")


async def test_a_token_that_nobody_signed_or_somebody_else_did_is_refused(provider: Provider, calling: Calling) -> None:
    token = provider.token("administrator")
    head, body, signature = token.split(".")
    with providing() as stranger:
        forged = stranger.token("administrator", iss=provider.url)
    claims = jwt.decode(token, options={"verify_signature": False})
    shared = jwt.encode(claims, b"s" * 32, algorithm="HS256", headers={"kid": "shared"})
    # The public key taken for a shared secret: what a library that lets the token choose would fall for.
    public = provider.keys["first"].public_key().public_numbers().n.to_bytes(256, "big")
    confused = jwt.encode(claims, public, algorithm="HS256", headers={"kid": "first"})
    none = in_base64(b'{"alg":"none","typ":"JWT","kid":"first"}')
    for spoilt in (
        forged,
        shared,
        confused,
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{in_base64(b'{}')}.{signature}",
        "a.b.c",
        "..",
    ):
        problem_of(await calling(spoilt).get("/v1/me"), 401, "not_authenticated")


async def test_a_key_that_is_new_is_asked_for_and_made_up_ones_do_not_ask_again_and_again(
    provider: Provider, store: Store, settings: ApiSettings
) -> None:
    clock = [100.0]
    here = IdentityProvider(settings, store, clock=lambda: clock[0])
    now = datetime.now(UTC)
    assert await here.principal_of(provider.token("registrar"), None, now)
    provider.add_key("second")
    clock[0] += 31
    assert await here.principal_of(provider.token("registrar", key_id="second"), None, now)
    asked = len(provider.asked)
    for number in range(20):
        made_up = jwt.encode({"sub": "u"}, "s" * 32, algorithm="HS256", headers={"kid": f"k{number}"})
        assert await here.principal_of(made_up, None, now) is None
    assert len(provider.asked) == asked


async def test_while_the_provider_is_away_known_keys_count_and_else_it_is_said(
    provider: Provider, store: Store, settings: ApiSettings
) -> None:
    clock = [100.0]
    here, fresh = (IdentityProvider(settings, store, clock=lambda: clock[0]) for _ in range(2))
    now, token = datetime.now(UTC), provider.token("registrar")
    assert await here.principal_of(token, None, now)
    provider.is_away = True
    try:
        clock[0] += 4000
        assert await here.principal_of(token, None, now)
        asked = len(provider.asked)
        for _ in range(3):
            with pytest.raises(Problem, match="identity_provider_unavailable"):
                await fresh.principal_of(token, None, now)
        assert len(provider.asked) == asked + 1
    finally:
        provider.is_away = False
    clock[0] += 6
    assert await fresh.principal_of(token, None, now)


async def test_without_a_provider_no_token_of_one_is_taken(provider: Provider, store: Store) -> None:
    assert not IdentityProvider(ApiSettings(), store).is_set


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"oidc_issuer": "https://id.example"}, "AUDIENCE"),
        ({"oidc_issuer": "http://id.example", "oidc_audience": "a"}, "https only"),
        ({"oidc_issuer": "https://id.example", "oidc_audience": "a", "oidc_keys_url": "http://id.example/k"}, "https"),
        ({"oidc_issuer": "https://id.example", "oidc_audience": "a", "oidc_roles": {"staff": "root"}}, "root"),
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ApiSettings(**given)


def test_dates_of_a_roster_include_both_days() -> None:
    teaching = Teaching("c", "t", begin=date(2026, 3, 1), end=date(2026, 3, 2))
    assert [teaching.holds_on(date(2026, 3, day)) for day in (1, 2, 3)] == [True, True, False]
    assert not teaching.holds_on(date(2026, 2, 28))
