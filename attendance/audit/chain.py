"""Lines in batches, each sealed together with the seal of the one before.

The seal is an HMAC: whoever can write to the database but hasn't the key can't seal what they changed. What they can do
is cut off the end; that is found by the head, the number and seal of the last batch, which is kept outside of it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

# The seal before the first batch.
BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """One request, or a part of one that told of very many.

    Attributes:
        at: when, as in the API's answers.
        by: the id of the token, or what stands for whom the identity provider vouched for.
        role: in which they acted.
        do: method and path of the route.
        status: what was answered.
        about: ids of classes, meetings and the like that were named.
        subjects: whom it told of, or changed, as commitments.
    """

    at: str
    by: str
    role: str
    do: str
    status: int
    about: tuple[tuple[str, str], ...] = ()
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that were sealed together. `number` counts from 1 without a gap."""

    number: int
    previous: str
    lines: tuple[Line, ...]
    seal: str

    @property
    def head(self) -> "Head":
        """What is kept outside of the database, as long as this is the last batch."""
        return Head(self.number, self.seal)


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """The end of the chain. Of no batch: number 0."""

    number: int = 0
    seal: str = BEGINNING


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain isn't what was written, and what is wrong."""

    number: int
    what: str


def seal(head: Head, lines: Iterable[Line], sealed_by: Callable[[bytes], str]) -> Batch:
    """Make the next batch after a head."""
    number, some = head.number + 1, tuple(lines)
    return Batch(number, head.seal, some, sealed_by(_content(number, head.seal, some)))


class Check:
    """Finds where batches, given in the order of their numbers, aren't what was written.

    `anchored`: the head as it is kept outside of the database; without one a cut-off end can't be seen.

    >>> check = Check(key.seal, head_file.read())
    >>> faults = [fault for batch in batches for fault in check.take(batch)] + check.end()
    """

    def __init__(self, sealed_by: Callable[[bytes], str], anchored: Head | None) -> None:
        self._sealed_by = sealed_by
        self._anchored = anchored
        self._head = Head()
        self._is_met = anchored is None or anchored.number == 0

    def take(self, batch: Batch) -> list[Fault]:
        """Check the next batch."""
        faults: list[str] = []
        expected = self._head.number + 1
        if batch.number > expected:
            is_one = batch.number == expected + 1
            gone = f"batch {expected} is gone" if is_one else f"batches {expected} to {batch.number - 1} are gone"
            faults.append(f"{gone} before it")
        elif batch.number < expected:
            faults.append("it is there twice, or out of order")
        elif batch.previous != self._head.seal:
            faults.append("it doesn't follow the batch before it")
        if batch.seal != self._sealed_by(_content(batch.number, batch.previous, batch.lines)):
            faults.append("it was changed, or sealed with another key")
        if self._anchored and batch.number == self._anchored.number:
            self._is_met = True
            if batch.seal != self._anchored.seal:
                faults.append("it isn't the batch whose seal is kept outside of the database")
        self._head = batch.head
        return [Fault(batch.number, what) for what in faults]

    def end(self) -> list[Fault]:
        """Check that no batch is missing after the last one."""
        if self._anchored is None or self._is_met:
            return []
        return [Fault(self._head.number + 1, f"the end is cut off: batch {self._anchored.number} was written")]


def verify(batches: Iterable[Batch], sealed_by: Callable[[bytes], str], anchored: Head | None) -> list[Fault]:
    """Give where batches, in the order of their numbers, aren't what was written: nowhere, where they are."""
    check = Check(sealed_by, anchored)
    return [fault for batch in batches for fault in check.take(batch)] + check.end()


def _content(number: int, previous: str, lines: tuple[Line, ...]) -> bytes:
    content = [number, previous, [asdict(line) for line in lines]]
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()
