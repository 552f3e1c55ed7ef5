"""A write sent again with its `Idempotency-Key` is done once, whatever went wrong in between."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from api.times import now
from attendance.store import Store, StoreUnavailable
from attendance.store.idempotency import KEPT, LONGEST_WORK, AnotherRequest, IdempotencyKeys, InProgress, KeptAnswer
from attendance.store.people import Students
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School

Call = Callable[[str | None], Caller]
ADA = {"given_name": "Ada", "family_name": "Lovelace"}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


@pytest.fixture
def store(app: FastAPI) -> Store:
    store: Store = app.state.services.store
    return store


async def add(caller: Caller, headers: dict[str, str], body: dict[str, Any] = ADA) -> httpx.Response:
    return await caller.post("/v1/students", body, headers=headers)


async def test_sent_again_it_is_done_once_and_answered_the_same(administrator: Caller) -> None:
    headers = key()
    first, again = await add(administrator, headers), await add(administrator, headers)
    assert body_of(first, 201) == body_of(again, 201)
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert body_of(await add(administrator, key()), 201)["id"] != first.json()["id"]


async def test_each_way_of_making_something_takes_a_key(administrator: Caller, school: School) -> None:
    class_id, room = await school.class_(), await school.room()
    times = {"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T10:50:00Z"}
    bodies: dict[str, dict[str, Any]] = {
        "/v1/students": ADA,
        "/v1/rooms": {"title": "Hall"},
        "/v1/classes": {"title": "Compilers"},
        "/v1/meetings": {"class_id": class_id, "room_ids": [room], **times},
    }
    for path, body in bodies.items():
        headers = key()
        ids = {body_of(await administrator.post(path, body, headers=headers), 201)["id"] for _ in range(3)}
        assert len(ids) == 1


async def test_a_key_used_for_something_else_is_refused(administrator: Caller) -> None:
    headers = key()
    body_of(await add(administrator, headers), 201)
    problem_of(await add(administrator, headers, {"given_name": "Alan"}), 422, "idempotency_key_reused")
    problem_of(await administrator.post("/v1/rooms", ADA, headers=headers), 422, "idempotency_key_reused")


async def test_each_token_has_keys_of_its_own(administrator: Caller, school: School, calling: Call) -> None:
    registrar = calling(await school.token("registrar"))
    headers = key()
    first, other = await add(administrator, headers), await add(registrar, headers)
    assert body_of(first, 201)["id"] != body_of(other, 201)["id"]


async def test_of_many_at_once_one_is_done_and_the_others_wait_or_get_its_answer(administrator: Caller) -> None:
    headers = key()
    answers = await asyncio.gather(*(add(administrator, headers) for _ in range(8)))
    done = [answer for answer in answers if answer.is_success]
    assert done
    assert len({answer.json()["id"] for answer in done}) == 1
    for answer in answers:
        if not answer.is_success:
            problem_of(answer, 409, "request_in_progress")
            assert answer.headers["retry-after"]
    assert body_of(await add(administrator, headers), 201)["id"] == done[0].json()["id"]


async def test_what_was_refused_may_be_mended_and_sent_with_the_same_key(administrator: Caller) -> None:
    headers = key()
    assert fields_of(await add(administrator, headers, {"given_name": ""})) == {"given_name"}
    body_of(await add(administrator, headers), 201)


async def test_where_the_answer_was_lost_with_the_database_nothing_is_made_twice(
    administrator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database took the write and went away before it said so: what a real one does between two packets."""
    headers = key()
    body = ADA | {"sourced_id": uuid4().hex}
    really_add = Students.add

    async def add_and_lose_the_answer(students: Students, student: Any) -> None:
        await really_add(students, student)
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Students, "add", add_and_lose_the_answer)
        problem_of(await add(administrator, headers, body), 503, "store_unavailable")
    made = body_of(await add(administrator, headers, body), 201)
    assert made["sourced_id"] == body["sourced_id"]
    problem_of(await add(administrator, key(), body), 409, "conflict")


async def test_where_the_process_died_amid_it_the_next_one_takes_over(store: Store) -> None:
    keys, began = store.idempotency_keys, now()
    name = uuid4().hex
    assert await keys.begin(name, "a request", "a worker", now=began) is None
    with pytest.raises(InProgress):
        await keys.begin(name, "a request", "a worker", now=began + LONGEST_WORK - timedelta(seconds=1))
    with pytest.raises(AnotherRequest):
        await keys.begin(name, "another", "a worker", now=began + LONGEST_WORK)
    taken = await asyncio.gather(
        *(keys.begin(name, "a request", f"worker {n}", now=began + LONGEST_WORK) for n in range(4)),
        return_exceptions=True,
    )
    assert sorted(map(str, map(type, taken))) == sorted(map(str, [type(None), *[InProgress] * 3]))


async def test_who_was_taken_over_from_neither_keeps_an_answer_nor_lets_the_key_go(store: Store) -> None:
    keys, began, later = store.idempotency_keys, now(), now() + LONGEST_WORK
    name = uuid4().hex
    assert await keys.begin(name, "a request", "slow", now=began) is None
    assert await keys.begin(name, "a request", "quick", now=later) is None
    await keys.forget(name, "slow")
    await keys.keep(name, "slow", KeptAnswer(200, (), b"slow"))
    with pytest.raises(InProgress):
        await keys.begin(name, "a request", "a third", now=later)
    await keys.keep(name, "quick", KeptAnswer(200, (), b"quick"))
    assert await keys.begin(name, "a request", "a third", now=later) == KeptAnswer(200, (), b"quick")


async def test_after_a_day_a_key_is_new(store: Store) -> None:
    keys, began = store.idempotency_keys, now()
    name = uuid4().hex
    answer = KeptAnswer(201, (("location", "/x"),), b"{}")
    assert await keys.begin(name, "a request", "a worker", now=began) is None
    await keys.keep(name, "a worker", answer)
    assert await keys.begin(name, "a request", "a worker", now=began + KEPT - timedelta(seconds=1)) == answer
    assert await keys.begin(name, "another", "a worker", now=began + KEPT) is None


async def test_what_is_too_old_is_dropped_by_the_database_itself(store: Store) -> None:
    assert isinstance(store.idempotency_keys, IdempotencyKeys)
    indexes = await store.idempotency_keys._collection.index_information()
    assert indexes["created_at_1"]["expireAfterSeconds"] == 24 * 3600


@pytest.mark.parametrize("text", ["", "x" * 256, "caf\xe9", "a\tb"])
async def test_what_can_be_no_key_is_refused(administrator: Caller, text: str) -> None:
    answer = await administrator.post("/v1/students", ADA, headers=[(b"Idempotency-Key", text.encode("latin-1"))])
    assert fields_of(answer) == {"Idempotency-Key"}


async def test_an_answer_that_shows_a_secret_is_not_kept(administrator: Caller, school: School) -> None:
    for path, body in (
        ("/v1/tokens", {"role": "registrar"}),
        ("/v1/cameras", {"room_id": await school.room()}),
        (f"/v1/cameras/{await school.camera()}/tokens", None),
    ):
        assert fields_of(await administrator.post(path, body, headers=key())) == {"Idempotency-Key"}
        assert (await administrator.post(path, body)).status_code == 201


async def test_a_correction_sent_again_is_one_revision(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    headers = key()
    path, body = f"/v1/meetings/{meeting}/roll/{student}", {"status": "present", "revision": 0}
    answers = [await administrator.put(path, body, headers=headers) for _ in range(2)]
    assert [body_of(answer)["entry"]["revision"] for answer in answers] == [1, 1]
    assert answers[1].headers["etag"] == '"1"'
