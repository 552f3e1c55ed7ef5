"""The head of the chain in a file: what whoever can write to the database can't reach."""

import fcntl
import json
import os
from pathlib import Path

from attendance.audit.chain import Head


class HeadFile:
    """A file that several processes of one machine write: the higher number stays."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """Give the head; None where none was written here yet.

        Raises:
            ValueError: the file holds something else.
        """
        try:
            told = json.loads(self._path.read_text(encoding="ascii"))
            return Head(int(told["number"]), str(told["seal"]))
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self._path} holds no head of an audit") from error

    def write(self, head: Head) -> None:
        """Put a head into the file, unless a higher one is there.

        Raises:
            OSError: it can't be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            present = self.read()
            if present is not None and present.number >= head.number:
                return
            beside = self._path.with_suffix(".new")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(json.dumps({"number": head.number, "seal": head.seal}) + "\n")
            beside.replace(self._path)
