"""Which frames lie in the dead letters already: a worker that died may have refused them without acknowledging it.

Kafka would keep both letters, and whoever counts them would count one frame twice. So before a worker's first letter
of a partition the newest letters are read, and again whenever it can't be sure any more that they are all its own.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from stream_app.dead_topic import NoSuchLetter, letter_of, open_dead_topic
from stream_app.messages import Message

# Of each partition of the dead letters. What a worker leaves unacknowledged is bounded by 256 frames a partition; to
# read on would only cost time, for each letter brings its picture.
MOST_READ = 1024
# A worker that was stopped doesn't know it, and others may have refused its frames meanwhile. It loses its partitions
# after a session of 10 s; one that sent a letter more lately than this was there.
SURE_FOR_SECONDS = 5.0

Partition = tuple[str, int]


@dataclass(slots=True)
class _Known:
    sure_until: float
    offsets: dict[int, None]  # the newest last


class RefusedBefore:
    """Knows the frames of which a letter was sent by somebody else, or before a failure.

    >>> if not await refused_before.holds(message):
    ...     ...  # send its letter
    ...     refused_before.sent(message)
    """

    def __init__(self, bootstrap: str, topic: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._clock = clock
        self._known: dict[Partition, _Known] = {}
        self._reading = asyncio.Lock()

    async def holds(self, message: Message) -> bool:
        """Tell whether this frame's letter was sent.

        Raises:
            KafkaError: the broker is away.
        """
        partition = message.topic, message.partition
        async with self._reading:
            known = self._known.get(partition)
            if known is None or self._clock() > known.sure_until:
                offsets = await self._read(message)
                known = self._known[partition] = _Known(self._clock() + SURE_FOR_SECONDS, dict.fromkeys(offsets))
        return message.offset in known.offsets

    def sent(self, message: Message) -> None:
        """Note that a letter was confirmed: the partition was ours. It may come to us again after a rebalance."""
        known = self._known.get((message.topic, message.partition))
        if known is not None:
            known.sure_until = self._clock() + SURE_FOR_SECONDS
            known.offsets[message.offset] = None
            while len(known.offsets) > MOST_READ:
                del known.offsets[next(iter(known.offsets))]

    def failed(self, message: Message) -> None:
        """Note that a letter was not confirmed; it may be there all the same."""
        self._known.pop((message.topic, message.partition), None)

    async def _read(self, message: Message) -> list[int]:
        try:
            async with open_dead_topic(self._bootstrap, self._topic) as topic:
                await topic.begin_at(message.arrived_at)
                topic.keep_last(MOST_READ)
                letters = [letter_of(record) async for record in topic.records()]
        except NoSuchLetter:
            return []
        place = message.topic, message.partition
        return [each.source[1] for each in letters if (each.topic, each.source[0]) == place]
