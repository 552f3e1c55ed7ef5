"""The audit's key: it seals the chain, and hides whom a line is about from whoever only has the database."""

import hashlib
import hmac
from functools import cached_property
from pathlib import Path

from attendance.keys import read_audit_key


class AuditKey:
    """The key in its file, read when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _key(self) -> bytes:
        return read_audit_key(self._path)

    def require(self) -> None:
        """Read the key now rather than when it is first needed.

        Raises:
            KeyUnusable: the key's file can't be read; with the sentence that says what to do.
        """
        _ = self._key

    def commitment(self, student_id: str) -> str:
        """Give what stands for a student in the lines: who has the key and the id finds them, nobody else.

        Once a student is erased nobody has the id any more, and the lines tell of nobody.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._mac("student", student_id.encode())[:32]

    def seal(self, content: bytes) -> str:
        """Give the seal of a batch, as hex digits.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._mac("batch", content)

    def _mac(self, purpose: str, content: bytes) -> str:
        return hmac.new(self._key, purpose.encode() + b"\0" + content, hashlib.sha256).hexdigest()
