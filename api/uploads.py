"""A file's bytes out of a request: the body itself, or the one file of a form. Held in memory, never on a disk."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.problems import Problem

_PICTURES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
# What a form puts around its file: the boundary, the part's headers, the file's name.
FORM_ROOM = 16_384
ZIPS = ("application/zip", "application/octet-stream")
TIMETABLES = ("text/calendar", "text/csv", "application/octet-stream")


def body_of(kinds: tuple[str, ...], name: str) -> dict[str, Any]:
    """Give the documentation of a body that is read by hand and so unknown to FastAPI."""
    file = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": [name], "properties": {name: file}}
    content = {**{kind: {"schema": file} for kind in kinds}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


PHOTO_BODY = body_of(_PICTURES, "photo")


class _InMemory(MultiPartParser):
    # The parser's own bound would write a larger photo to a temporary file; the body limit bounds it already.
    spool_max_size = 0  # never rolled over


async def read_photo(request: Request, *, within_s: float) -> bytes:
    """Read the photo.

    Raises:
        Problem: `unsupported_media_type`; `malformed_body` where the form holds no file, or several;
            `upload_too_slow` where it isn't all there in time.
    """
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, _PICTURES)
    except TimeoutError as error:
        raise Problem("upload_too_slow", f"a photo must arrive within {within_s:g} s: send it again") from error


async def read_file(request: Request, kinds: tuple[str, ...], *, within_s: float) -> bytes:
    """Read a file of one of these media types.

    Raises:
        Problem: as for a photo.
    """
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, kinds)
    except TimeoutError as error:
        raise Problem("upload_too_slow", f"the file must arrive within {within_s:g} s: send it again") from error


async def _read(request: Request, kinds: tuple[str, ...]) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _file_of_form(request)
    if kind in kinds:
        return await request.body()
    detail = f"send the file as the body with one of the types {', '.join(kinds)}, or as the file of a form"
    raise Problem("unsupported_media_type", detail)


async def _file_of_form(request: Request) -> bytes:
    stream: AsyncGenerator[bytes, None] = request.stream()
    try:
        form = await _InMemory(request.headers, stream, max_files=1, max_fields=0).parse()
    except MultiPartException as error:
        raise Problem("malformed_body", f"the form can't be read ({error.message}): send one file") from error
    try:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if not files:
            raise Problem("malformed_body", "there is no file in the form: send one")
        return await files[0].read()
    finally:
        await form.close()
