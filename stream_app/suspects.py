"""Frames that may have killed the last holder of their partition are tried one at a time, so that the guilty one shows.

Of one camera they are tried in the order in which its lane takes them: to write what a frame showed is a part of its
try, and the lane doesn't do so before those that go first there.
"""

import asyncio

from stream_app.lanes import Work, first_of


class Suspects:
    """Whose turn it is.

    >>> if await suspects.turn(work):
    ...     ...  # try it
    ...     suspects.over()
    """

    def __init__(self) -> None:
        self._waiting: dict[Work, asyncio.Future[bool]] = {}
        self._is_busy = False

    async def turn(self, work: Work) -> bool:
        """Wait for this frame's turn; tell whether it is to be tried: one that was abandoned meanwhile is not."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._waiting[work] = turn
        # Not at once: others that came together with it may go before it.
        loop.call_soon(self._choose)
        try:
            is_mine = await turn
        except asyncio.CancelledError:
            self._waiting.pop(work, None)
            if not turn.cancelled() and turn.result():
                self.over()
            raise
        if is_mine and work.is_abandoned:
            self.over()
            return False
        return is_mine

    def over(self) -> None:
        """Say that the try that was under way is over."""
        self._is_busy = False
        self._choose()

    def _choose(self) -> None:
        if self._is_busy:
            return
        for work in [work for work in self._waiting if work.is_abandoned]:
            _tell(self._waiting.pop(work), is_mine=False)
        for lane in dict.fromkeys(work.lane for work in self._waiting):
            chosen = first_of(sorted((work for work in self._waiting if work.lane is lane), key=_offset))
            # One that arrived before it and doesn't wait here yet comes in a moment. Tried after it, that one would be
            # taken to show what is before the camera at the later one's time, and who left meanwhile was never there.
            if any(each not in self._waiting for each in lane.before(chosen)):
                continue
            self._is_busy = _tell(self._waiting.pop(chosen), is_mine=True)
            if not self._is_busy:
                self._choose()
            return


def _offset(work: Work) -> int:
    return work.message.offset


def _tell(turn: asyncio.Future[bool], *, is_mine: bool) -> bool:
    # Whoever waited may have been cancelled, and not have noticed yet.
    if not turn.done():
        turn.set_result(is_mine)
        return is_mine
    return False
