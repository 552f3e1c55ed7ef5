"""Values from the store, kept in memory until one is told that they changed."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

# A worker that has seen many rooms, meetings or cameras would keep them all; the longest unused go first.
MOST_KEPT = 4096
# A writer whose clock is minutes behind stamps a change so early that nobody is told of it. It shows after so long.
OLDEST_SECONDS = 60.0
# What nobody asked for lately isn't worth a read; a gallery of a meeting that is over shouldn't stay in memory.
UNUSED_SECONDS = 60.0
# So many are loaded anew at once: all of a campus at once would hold up the frames' own reads.
RENEWED_AT_ONCE = 8


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    loaded_at: float
    used_at: float


class Kept(Generic[Key, Value]):
    """Loads a value when it is first asked for; whoever asks meanwhile waits for the same load."""

    def __init__(self, load: Callable[[Key], Awaitable[Value]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._loading: dict[Key, asyncio.Future[Value]] = {}

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._entries)

    async def get(self, key: Key) -> Value:
        """Give a value. Raises what loading it raises, and then keeps nothing."""
        entry, now = self._entries.get(key), self._clock()
        if entry and now - entry.loaded_at < OLDEST_SECONDS:
            entry.used_at = now
            self._entries.move_to_end(key)
            return entry.value
        return await self._loaded(key)

    def forget(self, has_changed: Callable[[Key, Value], bool]) -> None:
        """Forget what has changed, and what nobody asked for lately."""
        # What is being loaded may have been read before the change: whoever waits gets it, and nobody after them.
        self._loading.clear()
        unused_since = self._clock() - UNUSED_SECONDS
        for key, entry in list(self._entries.items()):
            if entry.used_at < unused_since or has_changed(key, entry.value):
                del self._entries[key]

    async def renew(self, has_changed: Callable[[Key, Value], bool]) -> None:
        """Load anew what has changed, before anybody asks; forget what nobody asked for lately.

        Until its load is over, a value is given as it was. Raises what loading raises; what was not loaded then stays.
        """
        self.forget(lambda _key, _value: False)
        changed = [key for key, entry in self._entries.items() if has_changed(key, entry.value)]
        for start in range(0, len(changed), RENEWED_AT_ONCE):
            await asyncio.gather(*(self._renewed(key) for key in changed[start : start + RENEWED_AT_ONCE]))

    def drop(self) -> None:
        """Forget everything."""
        self._loading.clear()
        self._entries.clear()

    async def _renewed(self, key: Key) -> None:
        entry = self._entries.get(key)
        value = await self._load(key)
        if entry is not None and self._entries.get(key) is entry:
            entry.value, entry.loaded_at = value, self._clock()

    async def _loaded(self, key: Key) -> Value:
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.ensure_future(self._load(key))
            loading.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(loading)

    def _keep(self, key: Key, loading: asyncio.Future[Value]) -> None:
        if self._loading.get(key) is not loading:
            return
        del self._loading[key]
        if loading.cancelled() or loading.exception() is not None:
            return
        now = self._clock()
        self._entries[key] = _Entry(loading.result(), now, now)
        self._entries.move_to_end(key)
        while len(self._entries) > MOST_KEPT:
            self._entries.popitem(last=False)
