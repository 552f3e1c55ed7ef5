"""How far an import is, for whoever shows it."""

from typing import Protocol


class Progress(Protocol):
    """Shows how far an import is."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Begin a step of so many things; None where that isn't known."""
        ...

    def advance(self, count: int) -> None:
        """So many more are done."""
        ...


class Silent:
    """Shows nothing."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Begin a step."""

    def advance(self, count: int) -> None:
        """So many more are done."""
