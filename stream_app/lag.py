"""How far behind a worker is, partition by partition, and whether one stands still.

An acknowledged frame is of no use before Kafka has its commit: a commit that hangs makes all since come again. So what
counts as progress is the committed offset, as far as Kafka confirmed it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from faust.types import TP

from stream_app import metrics

# Behind for so long without a commit: stuck, whatever the reason. Above the frame deadline and what follows it.
STUCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one partition is.

    `committed`: as Kafka confirmed, None for never. `position`: the next offset to be asked for; `end`: the next to be
    written. `done_until`: all before it is acknowledged here, None where nothing was taken yet. `under_way`: frames;
    `waits_s`: how long ago the oldest of those came to Kafka.
    """

    committed: int | None
    position: int
    end: int
    done_until: int | None
    under_way: int
    waits_s: float

    @property
    def lag(self) -> int:
        """Messages that are not committed."""
        since = self.position if self.committed is None and self.done_until is None else self.committed or 0
        return max(self.end - since, self.under_way)

    @property
    def is_behind(self) -> bool:
        """Tell whether a commit is due."""
        uncommitted = self.done_until is not None and self.done_until > (self.committed or 0)
        return uncommitted or self.under_way > 0 or self.position < self.end


class Lag:
    """What was last seen of the partitions that are this worker's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[TP, tuple[int | None, float | None]] = {}  # None: it isn't behind

    def note(self, standings: Mapping[TP, Standing]) -> None:
        """Take in how far each partition is, and tell the metrics; those that are gone are forgotten."""
        for gone in self._since.keys() - standings.keys():
            del self._since[gone]
            metrics.PARTITION_LAG_FRAMES.remove(gone.partition)
            metrics.PARTITION_LAG_SECONDS.remove(gone.partition)
        now = self._clock()
        for partition, standing in standings.items():
            metrics.PARTITION_LAG_FRAMES.labels(partition.partition).set(standing.lag)
            metrics.PARTITION_LAG_SECONDS.labels(partition.partition).set(standing.waits_s)
            committed, since = self._since.get(partition, (None, None))
            if not standing.is_behind:
                since = None
            elif since is None or committed != standing.committed:
                since = now
            self._since[partition] = standing.committed, since

    def excuse(self) -> None:
        """Count from now on: nobody can commit while the database or the broker is away."""
        now = self._clock()
        self._since = {
            partition: (committed, None if since is None else now)
            for partition, (committed, since) in self._since.items()
        }

    def stuck(self) -> list[int]:
        """Give the partitions that are behind and had no commit for too long."""
        now = self._clock()
        return sorted(
            partition.partition
            for partition, (_, since) in self._since.items()
            if since is not None and now - since > STUCK_SECONDS
        )
