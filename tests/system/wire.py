"""A proxy on MongoDB's wire that answers writes as a server does whose disk is full.

Reads go through. A write of one of the collections named, or of any, gets the server's own answer to a full disk
(OutOfDiskSpace, 14031), as an error of the whole command or of the single write.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bson import decode, encode

_OP_MSG = 2013
_HEADER = struct.Struct("<iiii")
_WRITES = ("insert", "update", "delete", "findAndModify")
_FULL = {"code": 14031, "codeName": "OutOfDiskSpace", "errmsg": "available disk space is less than required minimum"}


class FullDisk:
    """Between the clients and the database. `full`: the collections whose writes are refused. `refused` counts them.

    `by_write`: whether the error is that of the single write."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = host, port
        self._open: set[asyncio.Task[None]] = set()
        self.full: frozenset[str] = frozenset()
        self.by_write = False
        self.refused = 0
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def before(cls, mongo_url: str) -> AsyncIterator["FullDisk"]:
        """Listen on a free port before a database."""
        host, _, port = mongo_url.removeprefix("mongodb://").rstrip("/").partition(":")
        proxy = cls(host, int(port))
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            for task in proxy._open:
                task.cancel()

    @property
    def url(self) -> str:
        """The address that clients are to use: direct, or they would go on to where the server says that it is."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        server_reader, server_writer = await asyncio.open_connection(*self._upstream)
        back = asyncio.create_task(_copy(server_reader, writer))
        try:
            while message := await _message(reader):
                answer = self._answer(message)
                (server_writer if answer is None else writer).write(message if answer is None else answer)
        finally:
            self._open.discard(task)
            back.cancel()
            server_writer.close()
            writer.close()

    def _answer(self, message: bytes) -> bytes | None:
        _, request, _, kind = _HEADER.unpack_from(message)
        if kind != _OP_MSG or not self.full or message[20] != 0:
            return None
        command = decode(message[21 : 21 + struct.unpack_from("<i", message, 21)[0]])
        name = next(iter(command))
        if name not in _WRITES or command[name] not in self.full:
            return None
        self.refused += 1
        document: dict[str, Any] = {"ok": 0.0, **_FULL}
        if self.by_write and name != "findAndModify":
            document = {"ok": 1.0, "n": 0, "writeErrors": [{"index": 0, **_FULL}]}
        body = struct.pack("<i", 0) + b"\x00" + encode(document)
        return _HEADER.pack(_HEADER.size + len(body), 0, request, _OP_MSG) + body


async def _message(reader: asyncio.StreamReader) -> bytes | None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        length = await reader.readexactly(4)
        return length + await reader.readexactly(struct.unpack("<i", length)[0] - 4)
    return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
    writer.close()
