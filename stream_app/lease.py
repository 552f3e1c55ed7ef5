"""Values from the store that may be used for a time, and not a moment longer."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

# A worker that has seen many rooms, meetings or cameras would keep them all; the longest unused go first.
MOST_KEPT = 4096


class Leased(Generic[Key, Value]):
    """Loads a value when it is asked for and no younger one is at hand.

    A value older than the lease is never given: where it can't be loaded again, the error of loading is raised.
    """

    def __init__(
        self,
        load: Callable[[Key], Awaitable[Value]],
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    async def get(self, key: Key) -> Value:
        """Give the value, at most as old as the lease."""
        kept = self._kept.get(key)
        now = self._clock()
        if kept and now - kept[0] < self._seconds:
            self._kept.move_to_end(key)
            return kept[1]
        self._kept.pop(key, None)
        value = await self._load(key)
        self._kept[key] = (now, value)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return value
