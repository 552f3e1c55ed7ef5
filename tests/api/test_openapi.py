"""The OpenAPI document and its page: complete, true, and without anything from outside."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi import FastAPI

from api.access import ACCESS
from api.problems import CATALOGUE
from attendance import rules
from attendance.coverage import Coverage
from attendance.records import Sighting
from attendance.store import Store
from tests.api.callers import Caller, body_of
from tests.api.school import School, an_id

VOID = {"meta"}
# Their examples hold while a meeting is on, or for a student's or a reader's token; `test_codes` goes through them.
OF_OTHERS = {"/v1/meetings/{meeting_id}/code", "/v1/codes/start", "/v1/codes/redeem", "/v1/cards/taps"}


@pytest.fixture(scope="module")
async def document(calling: Callable[[str | None], Caller]) -> dict[str, Any]:
    found: dict[str, Any] = body_of(await calling(None).get("/openapi.json"))
    return found


@pytest.fixture(scope="module")
async def page(calling: Callable[[str | None], Caller]) -> str:
    answer = await calling(None).get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            yield from references_in(value)
    elif isinstance(node, list):
        for each in node:
            yield from references_in(each)


def test_it_holds_every_route_but_those_of_the_documentation_itself(document: dict[str, Any]) -> None:
    described = {(method, path) for method, path, _ in operations_of(document)}
    assert described == ACCESS.keys() - {("GET", "/docs"), ("GET", "/openapi.json")}


def test_every_route_says_what_it_does_for_whom_and_how_it_refuses(document: dict[str, Any]) -> None:
    for method, path, operation in operations_of(document):
        rule = ACCESS[method, path]
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"] == ([] if rule.public else [{"token": []}])
        assert rule.public or "For: " in operation["description"]
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"500"} | (set() if rule.public else {"401", "503"}) <= errors.keys()
        for status, answer in errors.items():
            assert answer["content"].keys() == {"application/problem+json"}
            codes = re.findall(r"`(\w+)`", answer["description"])
            assert codes
            assert {CATALOGUE[code][0] for code in codes} == {int(status)}
    names = [operation["operationId"] for _, _, operation in operations_of(document)]
    assert len(names) == len(set(names))


async def test_what_a_filter_by_an_unknown_id_is_answered_with_is_described(
    document: dict[str, Any], administrator: Caller
) -> None:
    filtered = 0
    for method, path, operation in operations_of(document):
        for parameter in operation.get("parameters", ()):
            if method == "GET" and parameter["in"] == "query" and parameter["name"].endswith("_id") and "{" not in path:
                answer = await administrator.get(path, params={parameter["name"]: an_id()})
                assert str(answer.status_code) in operation["responses"], (path, parameter["name"])
                filtered += 1
    assert filtered > 3


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    found = set(references_in(document))
    for reference in found:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    assert {f"#/components/schemas/{name}" for name in document["components"]["schemas"]} <= found


async def a_meeting_with_a_record(app: FastAPI, school: School) -> dict[str, str]:
    """Make what the examples of bodies speak of: a record at revision 1 with the sighting that one of them names."""
    student = await school.student()
    class_id = await school.class_(student)
    meeting_id = await school.meeting(class_id, "2026-09-01T08:00:00Z", "2026-09-01T08:50:00Z")
    await school.mark(meeting_id, student, "absent")
    store: Store = app.state.services.store
    meeting = await store.meetings.get(meeting_id)
    track = "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90"
    seen = Sighting(track, student, "a camera", meeting.start, meeting.start, 0.9, 1)
    await store.records.change(
        meeting,
        student,
        lambda record: rules.see(
            record, seen, meeting, counts_from=meeting.start, coverage=Coverage(), now=meeting.start
        ),
        now=meeting.start,
    )
    others = {"room_id": await school.room(), "camera_id": await school.camera()}
    return {"student_id": student, "class_id": class_id, "meeting_id": meeting_id, **others}


async def test_every_example_of_a_body_is_taken(
    document: dict[str, Any], app: FastAPI, administrator: Caller, school: School
) -> None:
    tried = 0
    for method, path, operation in operations_of(document):
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            continue
        (example,) = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]["examples"]
        # Each on a meeting of its own: what one does mustn't stand in another's way.
        ids = await a_meeting_with_a_record(app, school)
        there = {
            "class_id": ids["class_id"],
            "room_id": await school.room(),
            "room_ids": [await school.room()],
            "subjects": [ids["class_id"]],
        }
        body = {name: there.get(name, value) for name, value in example.items()}
        answer = await administrator.request(method, path.format(**ids), json=body)
        if path in OF_OTHERS:
            assert "invalid_request" not in answer.text
            continue
        assert answer.is_success, (path, answer.text)
        tried += 1
    assert tried >= 9


class Reader(HTMLParser):
    """Reads a page: which elements are open, what it loads, where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_shows_every_route_and_schema(page: str, document: dict[str, Any]) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    shown = " ".join(" ".join(reader.text).split())
    for method, path, operation in operations_of(document):
        assert f"{method} {path} — {operation['summary']}" in shown
    for name in document["components"]["schemas"]:
        assert ("id", f"schema-{name}") in reader.attributes
    anchors = {value for name, value in reader.attributes if name == "id"}
    links = {value for name, value in reader.attributes if name == "href"}
    assert {link.removeprefix("#") for link in links - {"/openapi.json"}} <= anchors


async def test_the_page_loads_nothing_and_runs_nothing(page: str, calling: Callable[[str | None], Caller]) -> None:
    reader = Reader()
    reader.feed(page)
    assert not reader.elements & {"script", "link", "img", "iframe", "object", "form"}
    assert not [name for name, _ in reader.attributes if name == "src" or name.startswith("on")]
    assert "@import" not in page
    assert "url(" not in page
    policy = (await calling(None).get("/docs")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.findall(r"https?://", policy)
