"""A bound on how much may be under way at the same time."""

import asyncio
from collections import deque


class Budget:
    """Frames and bytes that may be under way; who comes first is served first.

    One frame always fits an empty budget, whatever its size: it could never be taken otherwise.
    """

    def __init__(self, frames: int, size: int) -> None:
        self._most_frames = frames
        self._most_bytes = size
        self.frames = 0
        self.bytes = 0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    async def take(self, size: int) -> None:
        """Wait until a frame of so many bytes fits, and take its place; cancelled, it takes nothing."""
        if not self._waiting and self._fits(size):
            self._add(size)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, size))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give_back(size)  # served and cancelled in the same moment
            self._serve()  # a smaller one behind it may fit now
            raise

    def give_back(self, size: int) -> None:
        """Free a frame's place."""
        self.frames -= 1
        self.bytes -= size
        self._serve()

    def _fits(self, size: int) -> bool:
        return self.frames == 0 or (self.frames < self._most_frames and self.bytes + size <= self._most_bytes)

    def _add(self, size: int) -> None:
        self.frames += 1
        self.bytes += size

    def _serve(self) -> None:
        while self._waiting:
            turn, size = self._waiting[0]
            if not turn.cancelled():
                if not self._fits(size):
                    return
                self._add(size)
                turn.set_result(None)
            self._waiting.popleft()
