"""What `up` and `down` show while they wait."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import Progress as RichBars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Progress(Protocol):
    """Told of each step's begin, of news during it, and of its end."""

    def update(self, step: str, text: str) -> None:
        """Say what a step does now."""

    def done(self, step: str, text: str) -> None:
        """Say how a step ended."""


class NoProgress:
    """Shows nothing."""

    def update(self, step: str, text: str) -> None:
        """Show nothing."""

    def done(self, step: str, text: str) -> None:
        """Show nothing."""


class TerminalProgress:
    """A line for each step, with its time. Where the output is no terminal, a line for each change instead.

    >>> with TerminalProgress() as progress:
    ...     progress.update("kafka", "starting")
    ...     progress.done("kafka", "ready")
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._bars = RichBars(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.fields[step]:<10}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._last: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def update(self, step: str, text: str) -> None:
        """Say what a step does now."""
        if self._say(step, text):
            return
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task("", total=1, step=step)
        self._bars.update(self._tasks[step], description=text)

    def done(self, step: str, text: str) -> None:
        """Say how a step ended."""
        self.update(step, text)
        if step in self._tasks:
            self._bars.update(self._tasks[step], completed=1)

    def _say(self, step: str, text: str) -> bool:
        if self._console.is_terminal:
            return False
        if self._last.get(step) != text:
            self._last[step] = text
            self._console.print(f"{step}: {text}", markup=False, soft_wrap=True)
        return True
