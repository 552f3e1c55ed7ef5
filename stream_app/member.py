"""Which member of the consumer group this process is: one that restarts gets its partitions back without a rebalance.

Kafka takes two processes with one id for one that has restarted. Each throws the other out, again and again, and both
do all of the work: no record is wrong for it, but the load doubles and nobody sees why. So on one machine the id is
held by a lock of the operating system, and a process that is thrown out again and again stops.
"""

import fcntl
import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TextIO

# Kafka takes the characters of a topic's name, and the host's name goes before a number here.
_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
# A worker that was stopped for longer than its session is thrown out once; only a duel does it so often.
MOST_REJOINS = 5
WITHIN_SECONDS = 60.0


# A rebalance takes a minute at the most, and a little more where a member was killed in it.
OUTSIDE_SECONDS = 90.0


class MemberIdTaken(Exception):
    """The id that was asked for can't be had: another process of this machine has it, or it can't be one."""


class Duel(Exception):
    """Another process, on another machine, is this member too."""


class Outside(Exception):
    """The group gave this process no partitions for too long."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member's id, held for as long as `lock` is open: the kernel lets it go however the process ends."""

    id: str
    lock: TextIO


def hold_member(home: Path, asked: str | None) -> Member:
    """Hold the id that was asked for, or else the first free one of this machine: `HOST.worker-0`, `HOST.worker-1`, ...

    The host's name is in it because two machines, each with a first worker, may be in one group.

    Raises:
        MemberIdTaken: the id asked for is held by another process, or isn't one.
    """
    folder = home / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    if not asked:
        host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
        names = (f"{host}.worker-{number}" for number in count())
        return next(Member(name, lock) for name in names if (lock := _locked(folder / name)))
    if not _ID.fullmatch(asked):
        raise MemberIdTaken(f"ROLLCALL_WORKER is {asked[:60]!r}: it must be 1 to 200 letters, digits and . _ -")
    lock = _locked(folder / asked)
    if lock is None:
        raise MemberIdTaken(
            f"the worker {asked!r} runs already on this machine (process {_holder(folder / asked)}): "
            "give each its own ROLLCALL_WORKER, or none, and each gets one by itself"
        )
    return Member(asked, lock)


class DuelWatch:
    """Counts how often the group took this process for a member that was gone."""

    def __init__(self, member: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._member = member
        self._clock = clock
        self._known_as: str | None = None
        self._rejoins: deque[float] = deque(maxlen=MOST_REJOINS)

    def joined(self, known_as: str) -> None:
        """Note by which name the group's coordinator knows this process; one that was thrown out gets another.

        Raises:
            Duel: that was so often that another process must have the same id.
        """
        before, self._known_as = self._known_as, known_as
        if before in (None, known_as):
            return  # a rebalance like any other
        now = self._clock()
        self._rejoins.append(now)
        if len(self._rejoins) == MOST_REJOINS and now - self._rejoins[0] <= WITHIN_SECONDS:
            raise Duel(
                f"thrown out of the consumer group {MOST_REJOINS} times within {now - self._rejoins[0]:.0f} s: "
                f"another process is the worker {self._member!r} too; give the workers of each machine a "
                "ROLLCALL_WORKER of their own"
            )


class OutsideWatch:
    """Notices a process that the group has forgotten.

    aiokafka keeps an answer to a join that it doesn't know (Kafka gave an unknown error to one of two with one id) for
    whoever asks for messages next, and waits with the next join until then. Nobody asks before there are partitions.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._inside_until = clock()

    def note(self, *, is_assigned: bool) -> None:
        """Note whether the group gave this process its share, be it empty.

        Raises:
            Outside: it has not for longer than any rebalance takes.
        """
        now = self._clock()
        if is_assigned:
            self._inside_until = now
        elif now - self._inside_until > OUTSIDE_SECONDS:
            raise Outside(f"the consumer group has given this worker no partitions for {OUTSIDE_SECONDS:.0f} s")


def _locked(path: Path) -> TextIO | None:
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


def _holder(path: Path) -> str:
    return path.read_text().strip() or "unknown"  # it has the lock, and is about to write
