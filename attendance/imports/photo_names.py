"""Photos by their files' names: the school's id of the student, and where there are several, a number behind it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from attendance.imports.findings import Findings
from attendance.people import Student
from attendance.school import Standing
from attendance.texts import plain

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_NUMBER = re.compile(r"[-_ ]\d{1,3}$|\s?\(\d{1,3}\)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class NamedPhoto:
    """A photo's file, and whose it is."""

    file: str
    student: Student


def name_photos(files: Iterable[str], students: Mapping[str, Student], findings: Findings) -> list[NamedPhoto]:
    """Find whose photo each file is: `ID.jpg`, `ID-2.jpg`, `ID_2.png`, or any name in a folder `ID/`.

    An id that itself ends in a number is taken as it is first. What is nobody's is a warning.

    Args:
        files: names below the root.
        students: by the school's id.
        findings: where faults go.
    """
    found: list[NamedPhoto] = []
    for file in files:
        folder, _, name = file.rpartition("/")
        if name.startswith(".") or "__MACOSX" in folder:
            continue
        if not name.lower().endswith(_ENDINGS):
            findings.warn("not_a_photo", f"its name ends with none of {', '.join(_ENDINGS)}: left out", file)
            continue
        student = next((students[each] for each in _candidates(folder, name) if each in students), None)
        if student is None or student.standing is not Standing.ACTIVE:
            findings.warn("unknown_student", "its name is no student's id of the school's: left out", file)
        else:
            found.append(NamedPhoto(file, student))
    return found


def _candidates(folder: str, name: str) -> list[str]:
    stem = name.rpartition(".")[0].strip()
    texts = [stem, _NUMBER.sub("", stem), folder.rpartition("/")[2]]
    return [_plain(text) for text in texts if text]


def _plain(text: str) -> str:
    try:
        return plain(text)
    except ValueError:
        return ""
