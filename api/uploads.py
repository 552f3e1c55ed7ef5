"""A photo's bytes out of a request: the body itself, or the one file of a form. Held in memory, never on a disk."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.problems import Problem

_PICTURES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
# What a form puts around its file: the boundary, the part's headers, the file's name.
FORM_ROOM = 16_384
# The documentation of the body, which is read by hand and so unknown to FastAPI.
PHOTO_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in _PICTURES},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "properties": {"photo": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


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
            return await _read(request)
    except TimeoutError as error:
        raise Problem("upload_too_slow", f"a photo must arrive within {within_s:g} s: send it again") from error


async def _read(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _file_of_form(request)
    if kind in _PICTURES:
        return await request.body()
    detail = f"send the picture as the body with one of the types {', '.join(_PICTURES)}, or as the file of a form"
    raise Problem("unsupported_media_type", detail)


async def _file_of_form(request: Request) -> bytes:
    stream: AsyncGenerator[bytes, None] = request.stream()
    try:
        form = await _InMemory(request.headers, stream, max_files=1, max_fields=0).parse()
    except MultiPartException as error:
        raise Problem("malformed_body", f"the form can't be read ({error.message}): send one file, `photo`") from error
    try:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if not files:
            raise Problem("malformed_body", "there is no file in the form: send one, `photo`")
        return await files[0].read()
    finally:
        await form.close()
