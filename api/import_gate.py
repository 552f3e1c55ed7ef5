"""One import at a time: two that compare with the same state would each undo half of the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import Problem


class ImportGate:
    """Lets one import in, in this process; of two in two processes the store lets one win."""

    def __init__(self) -> None:
        self._taken = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold the place, from before the file is read.

        Raises:
            Problem: `busy`, where it is taken.
        """
        if self._taken:
            raise Problem("busy", "another import runs: send this one again later", headers={"Retry-After": "30"})
        self._taken = True
        try:
            yield
        finally:
            self._taken = False
