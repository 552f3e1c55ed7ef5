"""What the demo's school hands over: roster, timetable and photos, as `rollcall import` takes them. Pure."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from deploy.demo.lecture import Lecture

CLASS = "demo-history"
_ORG, _TERM, _COURSE = "demo-university", "demo-term", "demo-computing"


def roster(students: Mapping[str, str], lecture: Lecture) -> bytes:
    """Give a OneRoster bundle, as a zip: one class, and its students by name with the school's ids.

    Each file is a delta: what else there is stays.
    """
    begin, end = f"{lecture.start.year - 1}-01-01", f"{lecture.start.year + 1}-12-31"
    tables: dict[str, Sequence[Mapping[str, str]]] = {
        "orgs": [{"sourcedId": _ORG, "name": "Demo University", "type": "school"}],
        "academicSessions": [
            {"sourcedId": _TERM, "title": "This term", "type": "term", "startDate": begin, "endDate": end}
        ],
        "courses": [{"sourcedId": _COURSE, "title": "History of computing", "orgSourcedId": _ORG}],
        "classes": [
            {
                "sourcedId": CLASS,
                "title": "History of computing",
                "courseSourcedId": _COURSE,
                "schoolSourcedId": _ORG,
                "termSourcedIds": _TERM,
            }
        ],
        "users": [
            {"sourcedId": its_id, "givenName": name.split()[0], "familyName": name.split()[1]}
            for name, its_id in students.items()
        ],
        "enrollments": [
            {"sourcedId": f"{CLASS}-{its_id}", "classSourcedId": CLASS, "userSourcedId": its_id, "role": "student"}
            for its_id in students.values()
        ],
    }
    manifest = [
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        *((f"file.{each}", "delta") for each in tables),
    ]
    files = {f"{name}.csv": _delta(lines) for name, lines in tables.items()}
    return zipped({"manifest.csv": _csv(("propertyName", "value"), manifest), **files})


def timetable(hall_id: str, seminar_room_id: str, lecture: Lecture) -> bytes:
    """Give a table of the lecture, and of the seminar after it."""
    meetings = ((hall_id, lecture.start, lecture.end), (seminar_room_id, lecture.seminar_start, lecture.seminar_end))
    lines = [
        (start.isoformat(), CLASS, room_id, start.isoformat(), end.isoformat()) for room_id, start, end in meetings
    ]
    return _csv(("id", "class", "rooms", "start", "end"), lines)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Put files into a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _delta(lines: Sequence[Mapping[str, str]]) -> bytes:
    columns = list(lines[0])
    return _csv([*columns, "status"], [[*(line[column] for column in columns), "active"] for line in lines])


def _csv(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(lines)
    return out.getvalue().encode()
