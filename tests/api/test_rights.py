"""Every route, with every role and with none; and whose objects are hidden from whom."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI

from api.access import ACCESS
from api.guard import GuardedRoute
from api.routes import ROUTERS
from attendance.rights import Principal, Role
from tests.api.callers import Caller, body_of, problem_of
from tests.api.rights_table import Reach, Route, read_table
from tests.api.school import CONSENT, School, an_id

A, R, OFFICER, T, SUBSTITUTE, ADVISER, ANALYST, S, D, C = Role
# What these ask for isn't there with an ordinary meeting: a sighting, a word to take back, a code.
ASKS_FOR_MORE = {
    ("POST", "/v1/meetings/{meeting_id}/roll/{student_id}/not-this-person"),
    ("POST", "/v1/meetings/{meeting_id}/roll/{student_id}/undo"),
    ("POST", "/v1/meetings/{meeting_id}/code"),  # a meeting that is on
    ("GET", "/v1/meetings/{meeting_id}/code"),
    ("DELETE", "/v1/meetings/{meeting_id}/code"),
    ("POST", "/v1/codes/start"),
    ("POST", "/v1/codes/redeem"),
}
TABLE = read_table()
EXPECTED: dict[Route, frozenset[Role | None]] = {
    route: frozenset(role for role, reach in row.items() if reach is not Reach.NOTHING) for route, row in TABLE.items()
}
OF_OTHERS = [
    (method, template, role)
    for (method, template), row in TABLE.items()
    for role, reach in row.items()
    if reach is Reach.OWN and "{" in template and role is not None
]


@dataclass(frozen=True)
class Campus:
    """Ids of one of each, tokens by role for their own, and tokens by role for somebody else's."""

    ids: dict[str, str]
    own: dict[Role | None, Caller]
    others: dict[Role, Caller]

    def path(self, template: str, **ids: str) -> str:
        return template.format(**(self.ids | ids))

    def body(self, method: str, template: str) -> dict[str, Any]:
        """Give what makes a request to this route a sound one."""
        bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("POST", "/v1/tokens"): {"json": {"role": "registrar"}},
            ("POST", "/v1/students"): {"json": {"given_name": "Ada"}},
            ("PUT", "/v1/students/{student_id}/consent"): {"json": CONSENT},
            ("POST", "/v1/students/{student_id}/consent/decline"): {"json": {"notice_version": "2026-08"}},
            ("PUT", "/v1/students/{student_id}/hold"): {"json": {"reason": "an appeal"}},
            ("POST", "/v1/privacy-notices"): {"json": {"version": "2026-09", "title": "Notice", "text": "Cameras."}},
            ("POST", "/v1/students/{student_id}/photos"): {
                "content": b"no picture",
                "headers": {"Content-Type": "image/jpeg"},
            },
            ("POST", "/v1/rooms"): {"json": {"title": "Hall"}},
            ("POST", "/v1/cameras"): {"json": {"room_id": self.ids["room_id"]}},
            ("POST", "/v1/classes"): {"json": {"title": "Compilers"}},
            ("PUT", "/v1/classes/{class_id}/enrollments/{student_id}"): {"json": {}},
            ("POST", "/v1/meetings"): {
                "json": {
                    "class_id": self.ids["class_id"],
                    "room_ids": [self.ids["room_id"]],
                    "start": "2026-03-02T10:00:00Z",
                    "end": "2026-03-02T10:50:00Z",
                }
            },
            ("PATCH", "/v1/rooms/{room_id}"): {"json": {}},
            ("PATCH", "/v1/students/{student_id}"): {"json": {}},
            ("PATCH", "/v1/classes/{class_id}"): {"json": {}},
            ("PATCH", "/v1/cameras/{camera_id}"): {"json": {}},
            ("PUT", "/v1/meetings/{meeting_id}/roll/{student_id}"): {"json": {"status": "present"}},
            ("PATCH", "/v1/meetings/{meeting_id}"): {"json": {}},
            ("POST", "/v1/meetings/{meeting_id}/cancel"): {"json": {}},
            ("POST", "/v1/meetings/{meeting_id}/restore"): {"json": {}},
            ("POST", "/v1/meetings/{meeting_id}/split"): {"json": {"at": "2026-03-02T10:25:00Z"}},
            ("POST", "/v1/meetings/{meeting_id}/roll/confirm"): {"json": {}},
            ("POST", "/v1/meetings/{meeting_id}/roll/all-present"): {"json": {}},
            ("POST", "/v1/meetings/{meeting_id}/roll/{student_id}/confirm"): {"json": {}},
            ("POST", "/v1/meetings/{meeting_id}/roll/{student_id}/not-this-person"): {"json": {"sighting_id": "a"}},
            ("POST", "/v1/meetings/{meeting_id}/roll/{student_id}/undo"): {"json": {}},
            ("POST", "/v1/students/{student_id}/notices"): {
                "json": {"first_day": "2026-03-02", "last_day": "2026-03-03", "reason": "ill"}
            },
            ("POST", "/v1/meetings/{meeting_id}/code"): {"json": {}},
            ("POST", "/v1/codes/start"): {"json": {"code": "BCDFGH"}},
            ("POST", "/v1/codes/redeem"): {"json": {"code": "BCDFGH"}},
            ("POST", "/v1/readers"): {"json": {"title": "door", "room_id": self.ids["room_id"]}},
            ("PUT", "/v1/students/{student_id}/card"): {"json": {"number": "04A2"}},
            ("POST", "/v1/cards/taps"): {"json": {"card": "0000"}},
            ("GET", "/v1/recogniser/mistakes"): {"params": {"from": "2026-03-02", "to": "2026-03-03"}},
        }
        return bodies.get((method, template), {})

    async def call(self, caller: Caller, method: str, template: str, **ids: str) -> Any:
        if template.endswith("/erasure"):  # what is asked about them afterwards needs the others to be there
            ids = {"student_id": self.ids["erased_id"], **ids}
        return await caller.request(method, self.path(template, **ids), **self.body(method, template))


@pytest.fixture(scope="module")
async def campus(app: FastAPI, school: School, calling: Callable[[str | None], Caller]) -> Campus:
    app.state.services.streams.end()  # a live roll then ends after its beginning
    sourced_id = an_id()
    student, other_student = await school.student(sourced_id=sourced_id), await school.student()
    class_id, other_class = await school.class_(student), await school.class_(other_student)
    camera = await school.camera()
    ids = {
        "student_id": student,
        "sourced_id": sourced_id,
        "class_id": class_id,
        "meeting_id": await school.meeting(class_id),
        "room_id": await school.room(),
        "camera_id": camera,
        "photo_id": an_id(),
        "notice_id": an_id(),
        "erased_id": await school.student(),
        "version": "2026-08",
        "token_id": "0123456789ab",
    }
    own: dict[Role | None, Caller] = {
        None: calling(None),
        A: calling(await school.token("administrator")),
        R: calling(await school.token("registrar")),
        OFFICER: calling(await school.token("officer")),
        T: calling(await school.token("teacher", class_id)),
        SUBSTITUTE: calling(await school.token("substitute", class_id, expires_at="2999-01-01T00:00:00Z")),
        ADVISER: calling(await school.token("adviser", student)),
        ANALYST: calling(await school.token("analyst")),
        S: calling(await school.token("student", student)),
        D: calling(await school.token("device", await school.camera())),  # deleting one revokes its tokens
        C: calling(await school.reader(ids["room_id"])),
    }
    others = {
        T: calling(await school.token("teacher", other_class)),
        SUBSTITUTE: calling(await school.token("substitute", other_class, expires_at="2999-01-01T00:00:00Z")),
        ADVISER: calling(await school.token("adviser", other_student)),
        S: calling(await school.token("student", other_student)),
    }
    return Campus(ids, own, others)


def test_every_route_has_an_entry_in_the_table_and_every_entry_a_route() -> None:
    routes = {
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, GuardedRoute)
        for method in route.methods or ()
    }
    assert all(isinstance(route, GuardedRoute) for router in ROUTERS for route in router.routes)
    assert routes == ACCESS.keys() == TABLE.keys()


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("route", TABLE)
def test_the_apis_table_says_what_the_page_says(route: Route, role: Role | None) -> None:
    rule = ACCESS[route]
    if role is None:
        reach = Reach.ALL if rule.public else Reach.NOTHING
    else:
        principal = Principal("t", role)
        named = Reach.ALL if rule.public or rule.shows_names_to(principal) else Reach.NO_NAMES
        everything = named if rule.opens_everything_to(principal) or rule.asks_nothing else Reach.OWN
        reach = everything if rule.lets_in(principal) else Reach.NOTHING
    assert TABLE[route][role] is reach


def test_a_route_without_an_entry_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        GuardedRoute("/v1/everything", lambda: None, methods=["GET"])


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(("method", "template"), EXPECTED)
async def test_a_role_gets_in_where_it_may_and_nowhere_else(
    campus: Campus, method: str, template: str, role: Role | None
) -> None:
    answer = await campus.call(campus.own[role], method, template)
    if role in EXPECTED[method, template]:
        assert answer.status_code not in (401, 403), answer.text
        assert answer.status_code < 500
    elif role is None:
        problem_of(answer, 401, "not_authenticated")
    else:
        problem_of(answer, 403, "forbidden")


@pytest.mark.parametrize(("method", "template", "role"), OF_OTHERS)
async def test_to_whoever_it_is_not_for_it_looks_as_if_there_were_nothing(
    campus: Campus, method: str, template: str, role: Role
) -> None:
    await hidden(campus, campus.others[role], method, template)


async def hidden(campus: Campus, stranger: Caller, method: str, template: str) -> None:
    """What is there is answered in the very words for what is not."""
    nowhere = {name: an_id() for name in ("student_id", "sourced_id", "class_id", "meeting_id")}
    there = problem_of(await campus.call(stranger, method, template), 404, "not_found")["detail"]
    nothing = problem_of(await campus.call(stranger, method, template, **nowhere), 404, "not_found")["detail"]
    for name, its_id in nowhere.items():
        there, nothing = there.replace(campus.ids[name], name), nothing.replace(its_id, name)
    assert there == nothing


@pytest.mark.parametrize(
    ("method", "template"), [route for route, roles in EXPECTED.items() if T in roles and route not in ASKS_FOR_MORE]
)
async def test_a_teacher_is_served_for_their_own_class(campus: Campus, method: str, template: str) -> None:
    await campus.call(campus.own[A], "PUT", "/v1/classes/{class_id}/enrollments/{student_id}")
    assert (await campus.call(campus.own[T], method, template)).status_code == 200


@pytest.mark.parametrize(
    ("method", "template"), [route for route, roles in EXPECTED.items() if S in roles and route not in ASKS_FOR_MORE]
)
async def test_a_student_is_served_for_themself(campus: Campus, school: School, method: str, template: str) -> None:
    await campus.call(campus.own[A], "PUT", "/v1/classes/{class_id}/enrollments/{student_id}")
    await campus.call(campus.own[A], "PUT", "/v1/students/{student_id}/consent")
    assert (await campus.call(campus.own[S], method, template)).is_success


async def test_a_forbidden_role_learns_nothing_from_a_wrong_id_or_body(campus: Campus) -> None:
    student = campus.own[S]
    for its_id in (campus.ids["meeting_id"], an_id(), "7"):
        problem_of(await student.get(f"/v1/meetings/{its_id}/roll"), 403, "forbidden")
        problem_of(await student.put(f"/v1/meetings/{its_id}/roll/{an_id()}", {"x": 1}), 403, "forbidden")


async def test_an_analyst_reads_reports_and_exports_without_a_name(campus: Campus, school: School) -> None:
    analyst, ids = campus.own[ANALYST], campus.ids
    await school.enroll(ids["class_id"], ids["student_id"])
    await school.mark(ids["meeting_id"], ids["student_id"], "absent")
    answers = [
        await analyst.get(path)
        for path in (
            f"/v1/reports/classes/{ids['class_id']}/students",
            f"/v1/reports/students/{ids['student_id']}",
            "/v1/reports/at-risk?from=2026-03-01&below=1",
            f"/v1/exports/records?class_id={ids['class_id']}&format=csv",
            f"/v1/events?student_id={ids['student_id']}",
        )
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert ids["student_id"] in answer.text
        assert not any(word in answer.text for word in ("Ada", "Lovelace", ids["sourced_id"], "said so"))
    problem_of(await analyst.get("/v1/exports/records?names=true"), 403, "forbidden")


async def test_an_adviser_sees_their_own_students_only(campus: Campus, school: School) -> None:
    adviser, student = campus.own[ADVISER], campus.ids["student_id"]
    await school.mark(campus.ids["meeting_id"], student, "absent")
    other_class = await school.class_(other := await school.student())
    await school.mark(await school.meeting(other_class), other, "absent")
    assert [each["id"] for each in body_of(await adviser.get("/v1/students"))["items"]] == [student]
    at_risk = body_of(await adviser.get("/v1/reports/at-risk?from=2026-03-01&below=1"))
    assert [each["student_id"] for each in at_risk["items"]] == [student]
    assert body_of(await adviser.get(f"/v1/students?sourced_id={campus.ids['sourced_id']}"))["items"]
    sourced = an_id()
    await school.student(sourced_id=sourced)
    assert not body_of(await adviser.get(f"/v1/students?sourced_id={sourced}"))["items"]
