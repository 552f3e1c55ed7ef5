"""`Idempotency-Key`: a write that is sent again, because its answer was lost, is done once.

The answer to the first request is kept for 24 hours and given again. Where there was none, because the process or the
database went away in between, the write is done again under the same new id, so that what the first one made is found
instead of made twice.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID, uuid5

import structlog
from fastapi import Depends, Request
from starlette.responses import Response

from api.problems import Problem, invalid_field
from api.times import now
from attendance.ids import new_id
from attendance.store import Conflict, Missing, Store, StoreUnavailable
from attendance.store.idempotency import LONGEST_WORK, AnotherRequest, IdempotencyKeys, InProgress, KeptAnswer

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
NOT_TAKEN = frozenset(
    {
        # Their answers show a secret, or what holds for seconds only.
        ("POST", "/v1/tokens"),
        ("POST", "/v1/cameras"),
        ("POST", "/v1/cameras/{camera_id}/tokens"),
        ("POST", "/v1/readers"),
        ("POST", "/v1/meetings/{meeting_id}/code"),
        ("POST", "/v1/codes/start"),
        # Their bodies are large and read by rules of their own; the same import again changes nothing.
        ("POST", "/v1/students/{student_id}/photos"),
        ("POST", "/v1/imports/oneroster"),
        ("POST", "/v1/imports/meetings"),
        ("POST", "/v1/imports/photos"),
    }
)
_METHODS = frozenset({"POST", "PUT", "PATCH"})
# What an answer says of itself; the rest is added to every answer anew.
_KEPT_HEADERS = frozenset({"content-type", "location", "etag"})
_NAMES = UUID("3b0f5f0a-6a3f-5a53-8e0e-0d4b1c7c9d11")
_AGAIN_SECONDS = 1.0

# A task that nobody holds may be collected before it is done.
_settling: set[asyncio.Task[None]] = set()

log = structlog.get_logger(__name__)


def takes_key(method: str, path: str) -> bool:
    """Tell whether a route's requests may carry a key."""
    return method in _METHODS and (method, path) not in NOT_TAKEN


async def once(
    request: Request, route: str, token_id: str, store: Store, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do what the request asks, or give the answer that it had already.

    Raises:
        Problem: `idempotency_key_reused`, `request_in_progress`, or `invalid_request` for a key that can't be one.
    """
    given = request.headers.get(HEADER)
    if given is None or request.method not in _METHODS:
        return await work()
    if not takes_key(request.method, route):
        raise invalid_field("header", HEADER, "not_taken", "what this answers isn't kept, so it can't be given again")
    if not 1 <= len(given) <= LONGEST_KEY or not (given.isascii() and given.isprintable()):
        raise invalid_field(
            "header", HEADER, "bad_key", f"1 to {LONGEST_KEY} printable ASCII signs, best a random UUID"
        )
    key = f"{token_id}:{hashlib.sha256(given.encode()).hexdigest()}"
    keys, worker = store.idempotency_keys, new_id()
    try:
        kept = await keys.begin(key, await _fingerprint(request), worker, now=now())
    except StoreUnavailable:
        await _settle(partial(keys.forget, key, worker))
        raise
    except AnotherRequest as error:
        detail = "another request was sent with this key: make a new key for each thing that is to be done"
        raise Problem("idempotency_key_reused", detail) from error
    except InProgress as error:
        detail = "the first request with this key is still being worked on: send it again in some seconds"
        raise Problem("request_in_progress", detail, headers={"Retry-After": "2"}) from error
    if kept is not None:
        return Response(kept.body, kept.status, headers={**dict(kept.headers), "Idempotency-Replayed": "true"})
    request.state.new_id = str(uuid5(_NAMES, key))
    return await _do(keys, key, worker, work)


async def _do(keys: IdempotencyKeys, key: str, worker: str, work: Callable[[], Awaitable[Response]]) -> Response:
    try:
        answer = await work()
    except BaseException:
        await _settle(partial(keys.forget, key, worker))
        raise
    if 200 <= answer.status_code < 300:
        headers = tuple((name, value) for name, value in answer.headers.items() if name in _KEPT_HEADERS)
        kept = KeptAnswer(answer.status_code, headers, bytes(answer.body))
        await _settle(partial(keys.keep, key, worker, kept))
    else:
        await _settle(partial(keys.forget, key, worker))
    return answer


async def _settle(step: Callable[[], Awaitable[None]]) -> None:
    """Settle a key, behind the answer's back where the database is away: until then the key can't be used again."""
    try:
        await step()
    except StoreUnavailable:
        task = asyncio.create_task(_settle_later(step), name="idempotency-key")
        _settling.add(task)
        task.add_done_callback(_settling.discard)


async def _settle_later(step: Callable[[], Awaitable[None]]) -> None:
    # After that time whoever sends the request again takes it over anyway.
    until = time.monotonic() + LONGEST_WORK.total_seconds()
    while time.monotonic() < until:
        await asyncio.sleep(_AGAIN_SECONDS)
        with contextlib.suppress(StoreUnavailable):
            await step()
            return
    log.warning("an idempotency key was not settled: the database is away for too long")


async def _fingerprint(request: Request) -> str:
    asked = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    asked.update(await request.body())
    return asked.hexdigest()


def _new_id(request: Request) -> str:
    return getattr(request.state, "new_id", None) or new_id()


NewId = Annotated[str, Depends(_new_id)]


async def made(its_id: str, add: Awaitable[None], is_there: Callable[[str], Awaitable[object]]) -> None:
    """Add something under a new id; where the same request added it before its answer was lost, it is there already.

    Raises:
        Conflict: something else stands in the way.
    """
    try:
        await add
    except Conflict as conflict:
        try:
            await is_there(its_id)
        except Missing:
            raise conflict from None
