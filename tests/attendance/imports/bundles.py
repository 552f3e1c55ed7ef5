"""OneRoster bundles as a school would hand them over, as large as a test needs them."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attendance.imports.files import Files, open_zip

COLUMNS = {
    "orgs": ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
    "academicSessions": (
        "sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId",
        "schoolYear",
    ),
    "courses": ("sourcedId", "status", "dateLastModified", "title", "courseCode", "orgSourcedId"),
    "classes": (
        "sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType",
        "location", "schoolSourcedId", "termSourcedIds",
    ),
    "users": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "username", "givenName", "familyName", "email",
        "password",
    ),
    "roles": (
        "sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate",
        "orgSourcedId",
    ),
    "enrollments": (
        "sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role",
        "primary", "beginDate", "endDate",
    ),
}  # fmt: skip
Cells = Mapping[str, str]
Tables = dict[str, list[dict[str, str]]]


def small_school() -> Tables:
    """A school of three students, a teacher and a parent, with two classes."""
    return {
        "orgs": [{"sourcedId": "o1", "name": "Hill School", "type": "school"}],
        "academicSessions": [
            {"sourcedId": "y26", "title": "2026/27", "type": "schoolYear", "startDate": "2026-08-31",
             "endDate": "2027-07-10", "schoolYear": "2027"},
            {"sourcedId": "t1", "title": "Autumn", "type": "term", "startDate": "2026-08-31",
             "endDate": "2027-02-01", "parentSourcedId": "y26", "schoolYear": "2027"},
        ],
        "courses": [{"sourcedId": "ma", "title": "Algebra", "courseCode": "MA", "orgSourcedId": "o1"}],
        "classes": [
            {"sourcedId": "ma-1", "title": "Algebra 1", "courseSourcedId": "ma", "classType": "scheduled",
             "schoolSourcedId": "o1", "termSourcedIds": "t1"},
            {"sourcedId": "ma-2", "title": "Algebra 2", "courseSourcedId": "ma", "classType": "scheduled",
             "schoolSourcedId": "o1", "termSourcedIds": "t1,y26"},
        ],
        "users": [
            {"sourcedId": "s1", "givenName": "Ada", "familyName": "Lovelace", "email": "ada@example.org"},
            {"sourcedId": "s2", "givenName": "محمد", "familyName": "الخوارزمي"},
            {"sourcedId": "s3", "givenName": "=1+1", "familyName": "O'Neil, \"Bo\""},
            {"sourcedId": "t9", "givenName": "Emmy", "familyName": "Noether"},
            {"sourcedId": "p5", "givenName": "Anne", "familyName": "Byron"},
        ],
        "roles": [
            *({"sourcedId": f"r-{user}", "userSourcedId": user, "roleType": "primary", "role": role,
               "orgSourcedId": "o1"}
              for user, role in (("s1", "student"), ("s2", "student"), ("s3", "student"), ("t9", "teacher"),
                                 ("p5", "parent"))),
        ],
        "enrollments": [
            *({"sourcedId": f"{class_}-{user}", "classSourcedId": class_, "schoolSourcedId": "o1",
               "userSourcedId": user, "role": role, "primary": "true" if role == "teacher" else "false"}
              for class_, user, role in (("ma-1", "s1", "student"), ("ma-1", "s2", "student"),
                                         ("ma-2", "s3", "student"), ("ma-1", "t9", "teacher"))),
        ],
    }  # fmt: skip


def large_school(students: int, classes: int, enrollments_each: int) -> Tables:
    """A school of so many students, each in so many classes."""
    tables = small_school()
    tables["classes"] = [
        {"sourcedId": f"c{number}", "title": f"Class {number}", "courseSourcedId": "ma", "schoolSourcedId": "o1",
         "termSourcedIds": "t1"}
        for number in range(classes)
    ]  # fmt: skip
    names = [f"s-{number:06}" for number in range(students)]
    tables["users"] = [
        {
            "sourcedId": name,
            "givenName": f"Given {name}",
            "familyName": f"Family {name}",
            "email": f"{name}@example.org",
        }
        for name in names
    ]
    tables["roles"] = [{"sourcedId": f"r-{name}", "userSourcedId": name, "role": "student"} for name in names]
    tables["enrollments"] = [
        {"sourcedId": f"e-{name}-{turn}", "classSourcedId": f"c{(index * enrollments_each + turn) % classes}",
         "userSourcedId": name, "role": "student", "beginDate": "2026-08-31"}
        for index, name in enumerate(names)
        for turn in range(enrollments_each)
    ]  # fmt: skip
    return tables


def of_version_1_1(tables: Tables) -> Tables:
    """The same school in OneRoster 1.1: roles are in the lines of the users."""
    roles = {line["userSourcedId"]: line["role"] for line in tables["roles"]}
    users = [{**line, "role": roles[line["sourcedId"]], "orgSourcedIds": "o1"} for line in tables["users"]]
    return {**{name: lines for name, lines in tables.items() if name != "roles"}, "users": users}


def texts(tables: Tables, *, version: str = "1.2", delta: Iterable[str] = ()) -> dict[str, str]:
    """Give the files of a bundle with their texts; `delta` names the files that are deltas."""
    deltas = set(delta)
    manifest = [
        ("manifest.version", "1.0"),
        ("oneroster.version", version),
        *((f"file.{name}", "delta" if name in deltas else "bulk") for name in tables),
        *((f"file.{name}", "absent") for name in ("demographics", "results", *COLUMNS) if name not in tables),
        ("source.systemName", "a test"),
    ]
    return {
        "manifest.csv": as_csv(("propertyName", "value"), manifest),
        **{f"{name}.csv": as_table(name, lines, version) for name, lines in tables.items()},
    }


def as_table(name: str, lines: Sequence[Cells], version: str) -> str:
    columns = (*COLUMNS[name], "role", "orgSourcedIds") if (name, version) == ("users", "1.1") else COLUMNS[name]
    return as_csv(columns, [[line.get(column, "") for column in columns] for line in lines])


def as_csv(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(lines)
    return out.getvalue()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def bundle(tables: Tables, *, version: str = "1.2", delta: Iterable[str] = ()) -> Files:
    """A bundle as a zip in memory."""
    return open_zip(zipped(texts(tables, version=version, delta=delta)))


def into_folder(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
