"""A backup's folder: a file for each collection, and a manifest, written last, that says what each must hold.

A file is the collection's documents one after the other, as BSON, compressed by gzip, the form of `mongodump --gzip`.
The manifest has each file's size, its SHA-256 and its number of documents.
"""

import gzip
import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

MANIFEST = "manifest.json"
_LENGTH_BYTES = 4
_SMALLEST, _LARGEST = 5, 64_000_000  # an empty document; far above the 16 MB that MongoDB takes
_CHUNK = 1_000_000
_BATCH = 500
_BATCH_BYTES = 8_000_000
_LEVEL = 3  # a third of the size at a fifth of the time of the default


class BackupUnusable(Exception):
    """A folder is no whole and unchanged backup."""


class CollectionFile(BaseModel):
    """What the file of a collection must be."""

    model_config = ConfigDict(frozen=True)

    collection: str
    file: str
    documents: int
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds. `last_event`: the number of the last event of the log that is in it."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    database: str
    begun_at: datetime
    ended_at: datetime
    last_event: int
    collections: tuple[CollectionFile, ...]

    @property
    def documents(self) -> int:
        """How many documents there are in all."""
        return sum(each.documents for each in self.collections)

    @property
    def bytes(self) -> int:
        """How large the files are together."""
        return sum(each.bytes for each in self.collections)


class CollectionWriter:
    """Writes a collection's file; `end` gives what it must be from then on."""

    def __init__(self, folder: Path, collection: str) -> None:
        self._collection = collection
        self._path = folder / f"{quote(collection, safe='')}.bson.gz"
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._packed = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=_LEVEL, mtime=0, filename="")
        self._documents = 0

    def write(self, documents: Sequence[bytes]) -> None:
        """Add documents."""
        for document in documents:
            self._packed.write(document)
        self._documents += len(documents)

    def end(self) -> CollectionFile:
        """Finish the file; it is on the disk then."""
        self._packed.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return CollectionFile(
            collection=self._collection,
            file=self._path.name,
            documents=self._documents,
            bytes=self._path.stat().st_size,
            sha256=_sha256(self._path),
        )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make a folder a backup, all at once."""
    beside = folder / f".{MANIFEST}.part"
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / MANIFEST)


def verify(folder: Path) -> Manifest:
    """Look whether a backup is whole and as it was written, to the last document.

    Raises:
        BackupUnusable: it isn't, with what is wrong.
    """
    manifest = _manifest(folder)
    for each in manifest.collections:
        path = folder / each.file
        if path.name != each.file or not path.is_file():
            raise BackupUnusable(f"the backup has no file {each.file}")
        if path.stat().st_size != each.bytes or _sha256(path) != each.sha256:
            raise BackupUnusable(f"{path} was changed or cut off since it was written: its checksum is another")
        found = sum(len(batch) for batch in documents_of(path))
        if found != each.documents:
            raise BackupUnusable(f"{path} has {found:,} documents, and should have {each.documents:,}")
    return manifest


def documents_of(path: Path) -> Iterator[list[bytes]]:
    """Read a file's documents, some at a time.

    Raises:
        BackupUnusable: it holds something else.
    """
    batch: list[bytes] = []
    size = 0
    try:
        with gzip.open(path, "rb") as packed:
            while document := _next(packed, path):
                batch.append(document)
                size += len(document)
                if len(batch) >= _BATCH or size >= _BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
    except (OSError, EOFError, ValueError) as error:  # gzip's own ways to say that it is damaged
        raise BackupUnusable(f"{path} can't be read: {error}") from error
    if batch:
        yield batch


def _manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sentence = f"{folder} is no backup, or one that was broken off: it has no {MANIFEST}"
        raise BackupUnusable(sentence) from error
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise BackupUnusable(f"{folder / MANIFEST} can't be read, or is of a later version of Rollcall") from error


def _next(packed: "BinaryIO | gzip.GzipFile", path: Path) -> bytes:
    head = packed.read(_LENGTH_BYTES)
    if not head:
        return b""
    length = int.from_bytes(head, "little")
    if len(head) < _LENGTH_BYTES or not _SMALLEST <= length <= _LARGEST:
        raise BackupUnusable(f"{path} holds something that is no document")
    document = head + packed.read(length - _LENGTH_BYTES)
    if len(document) < length or document[-1] != 0:
        raise BackupUnusable(f"{path} holds something that is no document")
    return document


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
