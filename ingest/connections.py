"""All open connections: how many there may be, and how they end together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.codes import Code, Refused
from ingest.connection import Connection


class Connections:
    """The connections that are open now."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[Connection, asyncio.Task[None] | None] = {}
        self.is_stopping = False

    def __len__(self) -> int:
        return len(self._open)

    def check_room(self) -> None:
        """Refuse one more where there are as many as may be.

        Raises:
            Refused: `too_many_connections`.
        """
        if len(self._open) >= self._most:
            raise Refused(Code.TOO_MANY_CONNECTIONS, f"{self._most} cameras are connected: try again later")

    @contextmanager
    def opened(self, connection: Connection) -> Iterator[None]:
        """Count a connection while it is served by this task."""
        self._open[connection] = asyncio.current_task()
        if self.is_stopping:
            connection.stop()
        try:
            yield
        finally:
            del self._open[connection]

    async def drain(self, within: float) -> None:
        """Let every connection answer what is under way and close; end those that take longer."""
        self.is_stopping = True
        tasks = {task for task in self._open.values() if task is not None}
        for connection in self._open:
            connection.stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=within)
            for task in late:
                task.cancel()
