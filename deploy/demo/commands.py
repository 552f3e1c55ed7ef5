"""The demo's people at their terminals: the commands that the docs show, run as they are written there."""

import os
import subprocess
from pathlib import Path

from rich.console import Console

from deploy.demo.failure import DemoFailed
from deploy.local.settings import LocalSettings

_SECONDS = 120


class Terminal:
    """Runs `rollcall` commands against the demo's stack, and shows each with what it answered."""

    def __init__(self, settings: LocalSettings, console: Console) -> None:
        self._rollcall = settings.scripts_dir / "rollcall"
        self._console = console
        self._environment = {
            **os.environ,
            **settings.child_environment(),
            "ROLLCALL_API": f"http://127.0.0.1:{settings.api_port}",
            "COLUMNS": "120",
        }
        self.folder = settings.home / "handed-over"

    def run(self, *words: str, token: str = "", who: str = "") -> str:
        """Run one command and give what it printed.

        Args:
            words: what is typed after `rollcall`.
            token: as whom the API is called.
            who: whose terminal it is, where that matters.

        Raises:
            DemoFailed: it ended with an error.
        """
        self._print(f"\n[b]{who + ' ' if who else ''}$ rollcall[/b]", " ".join(words))
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = subprocess.run(  # noqa: S603  # our own words
            [self._rollcall, *words],
            env={**self._environment, "ROLLCALL_TOKEN": token},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode:
            raise DemoFailed(f"rollcall {' '.join(words)} ended with {done.returncode}: {done.stderr or done.stdout}")
        self._console.print(done.stdout.rstrip(), markup=False, soft_wrap=True)
        return done.stdout

    def hand_over(self, name: str, data: bytes) -> str:
        """Lay a file where the commands are typed, and give its name."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / name).write_bytes(data)
        return name

    def path(self, name: str) -> Path:
        """Give where a file lies that a command wrote."""
        return self.folder / name

    def _print(self, prompt: str, typed: str) -> None:
        self._console.print(prompt, end=" ")
        self._console.print(typed, markup=False, soft_wrap=True)
