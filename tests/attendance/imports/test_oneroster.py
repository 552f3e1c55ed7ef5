"""OneRoster bundles read whole: 1.2 and 1.1, as schools write them and as they get them wrong."""

from datetime import date

import pytest

from attendance.imports.files import open_zip
from attendance.imports.findings import Findings, Severity
from attendance.imports.oneroster import Bundle, Mode, read_bundle
from attendance.school import Standing
from tests.attendance.imports.bundles import bundle, of_version_1_1, small_school, texts, zipped


def read(files: dict[str, str | bytes]) -> tuple[Bundle | None, Findings]:
    findings = Findings()
    return read_bundle(open_zip(zipped(files)), findings), findings


def told(findings: Findings) -> list[tuple[str, str, int | None]]:
    return [(found.code, found.file, found.line) for found in findings.kept]


def replaced(file: str, old: str, new: str, **how: object) -> dict[str, str | bytes]:
    files = texts(small_school(), **how)  # type: ignore[arg-type]
    assert old in files[file]
    return {**files, file: files[file].replace(old, new, 1)}


def test_a_bundle_of_1_2_tells_roles_in_a_file_of_their_own() -> None:
    findings = Findings()
    found = read_bundle(bundle(small_school()), findings)
    assert found is not None
    assert findings.kept == []
    assert (found.version, found.roles.mode, found.users.lines["s1"].role) == ("1.2", Mode.BULK, None)
    assert {line.role for line in found.roles.lines.values()} == {"student", "teacher", "parent"}


def test_a_bundle_of_1_1_tells_them_in_the_lines_of_the_users() -> None:
    findings = Findings()
    found = read_bundle(bundle(of_version_1_1(small_school()), version="1.1"), findings)
    assert found is not None
    assert findings.kept == []
    assert (found.version, found.roles.mode, found.users.lines["t9"].role) == ("1.1", Mode.ABSENT, "teacher")


def test_the_end_of_a_term_and_of_an_enrolment_is_the_day_before_oneroster_s_end_date() -> None:
    tables = small_school()
    tables["enrollments"][0] |= {"beginDate": "2026-09-07", "endDate": "2026-10-01"}
    found = read_bundle(bundle(tables), Findings())
    assert found is not None
    line = found.enrollments.lines["ma-1-s1"]
    assert (line.begin, line.end) == (date(2026, 9, 7), date(2026, 9, 30))
    assert found.sessions.lines["t1"].end == date(2027, 1, 31)


def test_a_zip_of_a_folder_is_read_as_the_folder_is() -> None:
    files = {f"export 2026/{name}": text for name, text in texts(small_school()).items()}
    found, findings = read({**files, "__MACOSX/manifest.csv": "rubbish"})
    assert found is not None
    assert findings.kept == []


def test_demographics_are_never_opened() -> None:
    files: dict[str, str | bytes] = {**texts(small_school()), "demographics.csv": b"\xff\xfe not even text"}
    files["manifest.csv"] = str(files["manifest.csv"]).replace("file.demographics,absent", "file.demographics,bulk")
    _, findings = read(files)
    assert findings.kept == []


def test_of_what_is_to_be_deleted_the_id_is_enough() -> None:
    tables = small_school()
    tables["users"] = [{"sourcedId": "s1", "status": "tobedeleted"}]
    findings = Findings()
    found = read_bundle(bundle({"users": tables["users"]}, delta=["users"]), findings)
    assert found is not None
    assert findings.kept == []
    assert found.users.lines["s1"].standing is Standing.TO_BE_DELETED


def test_every_fault_of_every_file_is_told_at_once() -> None:
    files = replaced("users.csv", "ada@example.org", "ada at example")
    files["classes.csv"] = str(files["classes.csv"]).replace("Algebra 1", "x" * 300)
    found, findings = read(files)
    assert found is not None
    assert told(findings) == [("too_long", "classes.csv", 2), ("bad_email", "users.csv", 2)]


WITHOUT_USERS = {name: text for name, text in texts(small_school()).items() if name != "users.csv"}


@pytest.mark.parametrize(
    ("files", "code", "file", "line"),
    [
        (replaced("users.csv", "s2", "s1"), "duplicate_id", "users.csv", 3),
        (replaced("orgs.csv", "name", "nome"), "missing_columns", "orgs.csv", 1),
        (replaced("academicSessions.csv", "term", "season"), "unknown_word", "academicSessions.csv", 3),
        (replaced("academicSessions.csv", "2027-07-10", "2026-01-01"), "bad_date", "academicSessions.csv", 2),
        (replaced("enrollments.csv", "student", "pupil"), "unknown_word", "enrollments.csv", 2),
        (replaced("enrollments.csv", "false", "maybe"), "unknown_word", "enrollments.csv", 2),
        (replaced("roles.csv", "r-s1,,,s1", "r-s1,,,"), "missing_value", "roles.csv", 2),
        (replaced("users.csv", "s1,", "s1,gone"), "unknown_word", "users.csv", 2),
        (replaced("users.csv", "s1,", ","), "missing_value", "users.csv", 2),
        (replaced("users.csv", "s1,", "s1,", delta=["users"]), "missing_value", "users.csv", 2),
        (replaced("manifest.csv", "version,1.2", "version,2.0"), "unknown_version", "manifest.csv", None),
        (replaced("manifest.csv", "file.users,bulk", "file.users,most"), "bad_manifest", "manifest.csv", None),
        (replaced("manifest.csv", "propertyName", "name"), "missing_columns", "manifest.csv", 1),
        (WITHOUT_USERS, "missing_file", "users.csv", None),
        ({"users.csv": "sourcedId\n"}, "no_manifest", "upload", None),
    ],
)  # fmt: skip
def test_each_fault_is_an_error_with_its_place(
    files: dict[str, str | bytes], code: str, file: str, line: int | None
) -> None:
    _, findings = read(files)
    assert findings.has_errors
    assert told(findings)[0] == (code, file, line)


def test_a_file_that_the_manifest_calls_absent_is_not_read_and_that_is_said() -> None:
    found, findings = read(replaced("manifest.csv", "file.users,bulk", "file.users,absent"))
    assert found is not None
    assert (found.users.mode, found.users.lines) == (Mode.ABSENT, {})
    assert [(each.severity, each.code) for each in findings.kept] == [(Severity.WARNING, "file_not_read")]


def test_a_million_faults_are_counted_and_the_first_told() -> None:
    tables = small_school()
    tables["users"] = [{"sourcedId": f"s{number}"} for number in range(2000)]
    findings = Findings()
    read_bundle(bundle(tables), findings)
    assert findings.counts[Severity.ERROR] == 2000
    assert len(findings.kept) == 500
    assert findings.left_out == 1500
