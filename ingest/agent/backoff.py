"""How long to wait before the next try."""

import random


class Backoff:
    """Waits that double from `first` to `most` seconds; each is shortened by up to half at random.

    Without the chance in it, all cameras that one restart cut off would come back in the same moment, again and again.

    >>> backoff = Backoff(first=1.0, most=8.0)
    >>> [0.5 <= backoff.next() <= 1.0, 1.0 <= backoff.next() <= 2.0]
    [True, True]
    """

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def next(self) -> float:
        """Give the seconds to wait now."""
        wait = self._next
        self._next = min(self._most, wait * 2)
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def reset(self) -> None:
        """Begin anew: it worked."""
        self._next = self._first
