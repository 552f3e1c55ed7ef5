"""The files of what is imported, out of a folder or a zip, read within bounds. Nothing is unpacked to a disk."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

# More than any roster needs; without a bound a zip of some kilobytes could ask for any amount of memory.
MOST_FILES = 200_000
MOST_BYTES_A_FILE = 250_000_000
MOST_BYTES = 500_000_000

Read = Callable[[], bytes]


class Unreadable(ValueError):
    """A folder, a zip or a file of it that can't be taken in. `file` is the file's name, `code` is stable."""

    def __init__(self, code: str, detail: str, file: str) -> None:
        super().__init__(detail)
        self.code = code
        self.file = file


@dataclass(frozen=True, slots=True)
class Files:
    """Files by their names below the root, each read when it is asked for."""

    source: str
    _readers: Mapping[str, Read]

    @property
    def names(self) -> list[str]:
        """The files' names, in order."""
        return sorted(self._readers)

    def read(self, name: str) -> bytes:
        """Give a file's bytes.

        Raises:
            Unreadable: it is damaged, or too large.
        """
        return self._readers[name]()


def open_files(path: Path) -> Files:
    """Open a folder, or a file that is a zip.

    Raises:
        Unreadable: there is neither.
    """
    try:
        if path.is_dir():
            return _of_folder(path)
        with path.open("rb") as file:
            head = file.read(4)
        if not zipfile.is_zipfile(path):
            what = "it is empty" if not head else "it is neither a folder nor a zip"
            raise Unreadable("not_a_bundle", f"{what}: give a folder, or a zip of one", path.name)
        return _of_zip(zipfile.ZipFile(path), path.name)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unreadable("unreadable", f"it can't be read: {error}", path.name) from error


def read_file(path: Path) -> bytes:
    """Read one file.

    Raises:
        Unreadable: it can't be read, or is too large.
    """
    return _reader_of_path(path, path.parent)()


def open_zip(data: bytes, name: str = "upload") -> Files:
    """Open a zip that is in memory.

    Raises:
        Unreadable: it is none.
    """
    try:
        return _of_zip(zipfile.ZipFile(BytesIO(data)), name)
    except zipfile.BadZipFile as error:
        raise Unreadable("not_a_bundle", "it isn't a zip, or a damaged one", name) from error


def _of_folder(folder: Path) -> Files:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if len(found) > MOST_FILES:
        raise Unreadable("too_many_files", f"it has more than {MOST_FILES:,} files", folder.name)
    readers = {path.relative_to(folder).as_posix(): _reader_of_path(path, folder) for path in found}
    return Files(folder.name, readers)


def _reader_of_path(path: Path, folder: Path) -> Read:
    name = path.relative_to(folder).as_posix()

    def read() -> bytes:
        try:
            if path.stat().st_size > MOST_BYTES_A_FILE:
                raise _too_large(name)
            return path.read_bytes()
        except OSError as error:
            raise Unreadable("unreadable", f"it can't be read: {error}", name) from error

    return read


def _of_zip(archive: zipfile.ZipFile, name: str) -> Files:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise Unreadable("too_many_files", f"it has more than {MOST_FILES:,} files", name)
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Unreadable("too_large", f"unpacked it has more than {MOST_BYTES:,} bytes", name)
    left = _Left(MOST_BYTES)
    readers: dict[str, Read] = {}
    for entry in entries:
        inside = _name_inside(entry.filename, name)
        if inside in readers:
            raise Unreadable("duplicate_file", "the zip holds it twice", inside)
        readers[inside] = _reader_of_entry(archive, entry, inside, left)
    return Files(name, readers)


def _name_inside(name: str, archive: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name.partition("/")[0]:
        raise Unreadable("outside_path", f"the zip holds {name!r}, which leads out of it", archive)
    return path.as_posix()


@dataclass(slots=True)
class _Left:
    # The sizes that a zip declares may lie: what counts is what comes out, of all its files together.
    bytes: int


def _reader_of_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, left: _Left) -> Read:
    def read() -> bytes:
        bound = min(MOST_BYTES_A_FILE, left.bytes)
        try:
            with archive.open(entry) as file:
                data = file.read(bound + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
            # RuntimeError is zipfile's word for a file under a password.
            raise Unreadable("unreadable", f"it can't be unpacked: {error}", name) from error
        except Exception as error:
            # Decompressors raise errors of their own kinds for damaged data.
            raise Unreadable("unreadable", f"it is damaged: {error}", name) from error
        if len(data) > bound:
            raise _too_large(name)
        left.bytes -= len(data)
        return data

    return read


def _too_large(name: str) -> Unreadable:
    return Unreadable("too_large", f"it has more than {MOST_BYTES_A_FILE:,} bytes, or all together too many", name)
