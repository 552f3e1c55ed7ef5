"""A bound on bodies, held while they are read: for a body whose length is declared and for one in chunks alike.

And on how long a body may take: a sender that gives a byte now and then would hold its place for ever.
"""

import asyncio
from collections.abc import Callable

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem

LimitOf = Callable[[Scope], int]


class BodyTooLarge(HTTPException):
    """More was sent than the limit. An HTTPException, because FastAPI lets no other out of its reading of a body."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"at most {limit:,} bytes are taken here")


class BodyTooSlow(HTTPException):
    """It took too long. An HTTPException, because FastAPI lets no other out of its reading of a body."""

    def __init__(self, within_s: float) -> None:
        super().__init__(408, f"a body has to arrive within {within_s:g} s")


class BodyLimit:
    """ASGI middleware; `limit_of` gives the bytes that a request may bring, `within_of` the seconds for them.

    A declared length above it is refused before anything is read, even where nobody would have read the body.
    """

    def __init__(self, app: ASGIApp, limit_of: LimitOf, within_of: Callable[[Scope], float]) -> None:
        self._app = app
        self._within_of = within_of
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless it is too large, and stop its reading where it gets so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        if _declared_length(scope) > limit:
            refusal = BodyTooLarge(limit)
            await Problem("body_too_large", refusal.detail).response()(scope, receive, send)
            return
        taken, is_whole, within = 0, False, self._within_of(scope)
        until = asyncio.get_running_loop().time() + within

        async def receive_within_limit() -> Message:
            nonlocal taken, is_whole
            if is_whole:  # what comes now is that the caller went away
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as error:
                raise BodyTooSlow(within) from error
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > limit:
                    raise BodyTooLarge(limit)
                is_whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_within_limit, send)


def _declared_length(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "0")
    # isdecimal() also takes other scripts' digits, and int() reads them: harmless, it stays a number.
    return int(declared) if declared.isdecimal() and len(declared) < 20 else 0
