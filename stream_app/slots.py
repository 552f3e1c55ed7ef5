"""The in-order acknowledger: of each partition, the longest finished run from the front is acknowledged, no more.

Kafka keeps one number a partition: everything before it is done. Faust commits the last of any consecutive run, so an
acknowledgement out of order would skip the frames before it; a kill would then lose them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Acknowledge = Callable[[], object]


@dataclass(eq=False, slots=True)
class Slot:
    """One unacknowledged frame: `size` is the bytes that it still holds in memory."""

    offset: int
    size: int
    acknowledge: Acknowledge
    is_finished: bool = field(default=False, init=False)


class PartitionSlots:
    """The unacknowledged frames of one partition, in order of offset."""

    def __init__(self) -> None:
        self._slots: deque[Slot] = deque()
        self._bytes = 0
        self._last = -1

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def is_untouched(self) -> bool:
        """Tell whether no frame was taken yet."""
        return self._last < 0

    @property
    def first_unfinished(self) -> int:
        """The offset before which all is done."""
        return self._slots[0].offset if self._slots else self._last + 1

    @property
    def read_until(self) -> int | None:
        """The offset of the next frame to come; None before the first."""
        return None if self.is_untouched else self._last + 1

    @property
    def bytes(self) -> int:
        """The bytes that the unacknowledged frames hold in memory."""
        return self._bytes

    def add(self, offset: int, size: int, acknowledge: Acknowledge) -> Slot:
        """Take the next frame of the partition.

        Raises:
            ValueError: its offset doesn't follow those before it.
        """
        if self.has_taken(offset):
            raise ValueError(f"offset {offset} came after {self._last}")
        self._last = offset
        slot = Slot(offset, size, acknowledge)
        self._slots.append(slot)
        self._bytes += size
        return slot

    def has_taken(self, offset: int) -> bool:
        """Tell whether this frame, or a later one, was taken already."""
        return offset <= self._last

    def free_bytes(self, slot: Slot, kept: int = 0) -> None:
        """Note that a frame's bytes were let go but for those `kept`; it stays unacknowledged."""
        self._bytes += kept - slot.size
        slot.size = kept

    def finish(self, slot: Slot) -> int:
        """Mark a frame as done and acknowledge what is done from the front; give how many were acknowledged."""
        self.free_bytes(slot)
        slot.is_finished = True
        acknowledged = 0
        while self._slots and self._slots[0].is_finished:
            self._slots.popleft().acknowledge()
            acknowledged += 1
        return acknowledged
