"""Lines in batches, each sealed together with the seal of the one before.

The seal is an HMAC: whoever can write to the database but hasn't the key can't seal what they changed. What they can do
is cut off the end; that is found by the head, the number and seal of the last batch, which is kept outside of it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

# The seal before the first batch.
BEGINNING = "0" * 64
# What a line says that was done where the beginning of the chain was deleted, because it is old.
_TRIMMED = "the audit's oldest batches were deleted"


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


def trimmed(last: Head, *, at: str, by: str) -> Line:
    """Give the line that has to be written before the batches up to this one are deleted."""
    return Line(at, by, "", _TRIMMED, 0, about=(("through", str(last.number)), ("seal", last.seal)))


class Check:
    """Finds where batches, given in the order of their numbers, aren't what was written.

    `anchored`: the head as it is kept outside of the database; without one a cut-off end can't be seen. Where the
    beginning is gone, a later line has to say, under the seal, that just these batches were deleted for their age.

    >>> check = Check(key.seal, head_file.read())
    >>> faults = [fault for batch in batches for fault in check.take(batch)] + check.end()
    """

    def __init__(self, sealed_by: Callable[[bytes], str], anchored: Head | None) -> None:
        self._sealed_by = sealed_by
        self._anchored = anchored
        self._head = Head()
        self._is_met = anchored is None or anchored.number == 0
        # What the first batch that is there says of the one before it, until a line says that it was deleted.
        self._untold: Head | None = None

    def take(self, batch: Batch) -> list[Fault]:
        """Check the next batch."""
        faults: list[str] = []
        if self._head.number == 0 and batch.number > 1:
            self._untold = self._head = Head(batch.number - 1, batch.previous)
        expected = self._head.number + 1
        if batch.number > expected:
            faults.append(f"{_gone(expected, batch.number - 1)} before it")
        elif batch.number < expected:
            faults.append("it is there twice, or out of order")
        elif batch.previous != self._head.seal:
            faults.append("it doesn't follow the batch before it")
        if batch.seal != self._sealed_by(_content(batch.number, batch.previous, batch.lines)):
            faults.append("it was changed, or sealed with another key")
        elif self._untold and any(_tells_of(line, self._untold) for line in batch.lines):
            self._untold = None
        if self._anchored and batch.number == self._anchored.number:
            self._is_met = True
            if batch.seal != self._anchored.seal:
                faults.append("it isn't the batch whose seal is kept outside of the database")
        self._head = batch.head
        return [Fault(batch.number, what) for what in faults]

    def end(self) -> list[Fault]:
        """Check that no batch is missing before the first one, or after the last one."""
        faults: list[Fault] = []
        if self._untold:
            faults.append(Fault(self._untold.number + 1, f"{_gone(1, self._untold.number)} before it"))
        if self._anchored is not None and not self._is_met:
            cut = f"the end is cut off: batch {self._anchored.number} was written"
            faults.append(Fault(self._head.number + 1, cut))
        return faults


def verify(batches: Iterable[Batch], sealed_by: Callable[[bytes], str], anchored: Head | None) -> list[Fault]:
    """Give where batches, in the order of their numbers, aren't what was written: nowhere, where they are."""
    check = Check(sealed_by, anchored)
    return [fault for batch in batches for fault in check.take(batch)] + check.end()


def _gone(first: int, last: int) -> str:
    return f"batch {first} is gone" if first == last else f"batches {first} to {last} are gone"


def _tells_of(line: Line, last: Head) -> bool:
    return line.do == _TRIMMED and dict(line.about) == {"through": str(last.number), "seal": last.seal}


def _content(number: int, previous: str, lines: tuple[Line, ...]) -> bytes:
    content = [number, previous, [asdict(line) for line in lines]]
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()
