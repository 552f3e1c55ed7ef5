"""Keeps the built networks on disk, so that only the first start pays for building them."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["ModelCache"]

_FOLDER = "ROLLCALL_MODEL_CACHE"
_DIGITS = 32


class ModelCache:
    """A folder of built files, each named by what it was built from and by the digest of its own content.

    >>> data = ModelCache().get("encoder", [dat_file.read_bytes()], lambda: build(dat_file))

    A name that holds its content's digest needs no second file beside it, so that a file is either whole or known to be
    damaged. `folder`: by default what the environment variable ROLLCALL_MODEL_CACHE says, or
    `~/.cache/rollcall/models`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(os.environ.get(_FOLDER) or Path.home() / ".cache/rollcall/models")

    def get(self, name: str, sources: list[bytes], build: Callable[[], bytes]) -> bytes:
        """Return the file built from `sources`, from the cache if it is there and whole, else by `build()`.

        Safe while other processes do the same: a file appears by being renamed, whole. A folder that can't be written
        to isn't an error: the file is then built at each start.
        """
        key = _digest(*sources)
        for path in sorted(self._folder.glob(f"{name}-{key}-*.onnx")):
            data = _read(path)
            if data is not None and path.stem.endswith(_digest(data)):
                return data
            path.unlink(missing_ok=True)
        data = build()
        self._keep(self._folder / f"{name}-{key}-{_digest(data)}.onnx", data)
        return data

    def _keep(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
                part.write(data)
            Path(part.name).replace(path)
        except OSError:
            pass


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # another process found it damaged and took it away
        return None


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()[:_DIGITS]
