"""A OneRoster bundle of CSV files (1.1 and 1.2), read whole: its manifest, and the lines of each file.

What is read: orgs, academicSessions, courses, classes, users, roles, enrollments. Demographics and results, which
attendance has no need of, are never opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar, cast

from attendance.imports.files import Files, Unreadable
from attendance.imports.findings import Findings
from attendance.imports.oneroster_rows import (
    FILES,
    ClassLine,
    CourseLine,
    EnrollmentLine,
    Line,
    OrgLine,
    RoleLine,
    SessionLine,
    UserLine,
)
from attendance.imports.tables import LONGEST_ID, BadCell, Row, read_rows
from attendance.school import Standing

_MANIFEST = "manifest.csv"
_VERSIONS = ("1.1", "1.2")

AnyLine = TypeVar("AnyLine", bound=Line)
# Told the name of each file that is begun.
Begun = Callable[[str], None]


class Mode(StrEnum):
    """What a file is, by the manifest: everything that there is, what changed, or not there."""

    BULK = "bulk"
    DELTA = "delta"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Part(Generic[AnyLine]):
    """The lines of one file, by the school's id of what they tell."""

    file: str
    mode: Mode
    lines: dict[str, AnyLine]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle. What is wrong with it is in the findings that were given along."""

    version: str
    orgs: Part[OrgLine]
    sessions: Part[SessionLine]
    courses: Part[CourseLine]
    classes: Part[ClassLine]
    users: Part[UserLine]
    roles: Part[RoleLine]
    enrollments: Part[EnrollmentLine]

    @property
    def parts(self) -> tuple[Part[Line], ...]:
        """All files, in the order in which they refer to each other."""
        parts = (self.orgs, self.sessions, self.courses, self.classes, self.users, self.roles, self.enrollments)
        return cast("tuple[Part[Line], ...]", parts)


def read_bundle(files: Files, findings: Findings, begun: Begun = lambda _: None) -> Bundle | None:
    """Read a bundle; None where its manifest can't be used. Faults go to the findings."""
    root = _root_of(files)
    if root is None:
        findings.error("no_manifest", f"there is no {_MANIFEST} in it", files.source)
        return None
    manifest = _manifest(files, root, findings)
    if manifest is None:
        return None
    version = manifest.get("oneroster.version", "")
    if not version.startswith(_VERSIONS):
        detail = f"oneroster.version is {version[:20]!r}; {' and '.join(_VERSIONS)} can be read"
        findings.error("unknown_version", detail, _MANIFEST)
        return None

    def part(name: str) -> Part[Line]:
        begun(f"{name}.csv")
        return _part(files, root, name, manifest, findings)

    return Bundle(
        version=version[:3],
        orgs=cast("Part[OrgLine]", part("orgs")),
        sessions=cast("Part[SessionLine]", part("academicSessions")),
        courses=cast("Part[CourseLine]", part("courses")),
        classes=cast("Part[ClassLine]", part("classes")),
        users=cast("Part[UserLine]", part("users")),
        roles=cast("Part[RoleLine]", part("roles")),
        enrollments=cast("Part[EnrollmentLine]", part("enrollments")),
    )


def _root_of(files: Files) -> str | None:
    # A zip of a folder holds the folder: its files are looked for beside the manifest that is nearest to the root.
    manifests = [name for name in files.names if name.rpartition("/")[2] == _MANIFEST and "__MACOSX" not in name]
    return min(manifests, key=lambda name: name.count("/")).removesuffix(_MANIFEST) if manifests else None


def _manifest(files: Files, root: str, findings: Findings) -> dict[str, str] | None:
    data = _bytes_of(files, root + _MANIFEST, findings)
    if data is None:
        return None
    found = {
        row.cells["propertyName"].strip().lower(): row.cells["value"].strip()
        for row in read_rows(_MANIFEST, data, ("propertyName", "value"), findings)
    }
    return None if findings.has_errors else found


def _part(files: Files, root: str, name: str, manifest: dict[str, str], findings: Findings) -> Part[Line]:
    file, told = f"{name}.csv", manifest.get(f"file.{name}".lower(), Mode.ABSENT.value)
    lines: dict[str, Line] = {}
    try:
        mode = Mode(told.lower())
    except ValueError:
        findings.error("bad_manifest", f"file.{name} is {told[:20]!r}; it can be bulk, delta or absent", _MANIFEST)
        return Part(file, Mode.ABSENT, lines)
    there = root + file in files.names
    if mode is Mode.ABSENT and there:
        findings.warn("file_not_read", "the manifest says that it is absent: it isn't read", file)
    elif mode is not Mode.ABSENT and not there:
        findings.error("missing_file", f"the manifest says {mode.value}, and it isn't there", file)
    elif there and (data := _bytes_of(files, root + file, findings)) is not None:
        _read_lines(name, file, data, mode, lines, findings)
    return Part(file, mode, lines)


def _read_lines(name: str, file: str, data: bytes, mode: Mode, lines: dict[str, Line], findings: Findings) -> None:
    read, required = FILES[name]
    if mode is Mode.DELTA:
        required = (*required, "status")
    for row in read_rows(file, data, required, findings):
        try:
            head = _head(row, mode)
            # Of what is to be deleted schools often give no more than the id.
            bare = head.standing is Standing.TO_BE_DELETED and name != "roles"
            line = head if bare else read(row, head)
        except BadCell as error:
            findings.error(error.code, str(error), file, row.line)
            continue
        if head.id in lines:
            detail = f"sourcedId is that of line {lines[head.id].line} too"
            findings.error("duplicate_id", detail, file, row.line, "sourcedId")
        else:
            lines[head.id] = line


def _head(row: Row, mode: Mode) -> Line:
    told = row.word("status", (each.value for each in Standing))
    if told is None and mode is Mode.DELTA:
        raise BadCell("missing_value", "status is empty: a delta says active or tobedeleted")
    return Line(row.line, row.text("sourcedId", LONGEST_ID), Standing(told) if told else Standing.ACTIVE)


def _bytes_of(files: Files, name: str, findings: Findings) -> bytes | None:
    try:
        return files.read(name)
    except Unreadable as error:
        findings.error(error.code, str(error), error.file)
        return None
