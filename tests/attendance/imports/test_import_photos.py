"""Photos named by the school's ids: whose they are, and that none is looked at without a consent."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attendance.ids import new_id
from attendance.import_runs import likeness
from attendance.import_runs.desk import desk_of
from attendance.import_runs.photos import Desk, import_photos
from attendance.import_runs.settings import ImportSettings
from attendance.imports.files import open_files, open_zip
from attendance.imports.findings import Findings
from attendance.imports.photo_names import name_photos
from attendance.imports.report import Report
from attendance.people import Consent, Enrollment, Student
from attendance.school import Standing
from attendance.store import Store
from recognition import Face, PictureLimits, load_engine
from tests.attendance.imports.bundles import into_folder, zipped
from tests.recognition import pictures

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
GRACE = pictures.encoded(pictures.grace_hopper(), "JPEG")
GRACE_AGAIN = pictures.encoded(pictures.grace_hopper(), "JPEG", quality=70)
EILEEN = pictures.encoded(pictures.astronaut(), "PNG")
CAT = pictures.encoded(pictures.cat(), "JPEG")


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with desk_of(ImportSettings(photos_a_student=3)) as opened:
        yield opened


async def a_student(store: Store, sourced_id: str, *, consents: bool = True) -> Student:
    student = Student(new_id(), "Given", "Family", sourced_id)
    await store.students.add(student)
    if consents:
        await store.biometrics.record_consent(Consent(student.id, "consent", "1", "the student", NOW))
    return student


def told(report: Report) -> list[tuple[str, str]]:
    return [(each.file, each.code) for each in report.findings]


def named(*files: str, ids: tuple[str, ...] = ("s1", "s1-2", "Ж 7")) -> list[tuple[str, str | None]]:
    students = {each: Student(each, "A", "B", each) for each in ids}
    found = name_photos(files, students, Findings())
    return [(each.file, each.student.sourced_id) for each in found]


@pytest.mark.parametrize(
    ("file", "whose"),
    [
        ("s1.jpg", "s1"),
        ("s1.JPEG", "s1"),
        ("s1_3.png", "s1"),
        ("s1-3.webp", "s1"),
        ("s1 (2).jpg", "s1"),
        ("s1-2.jpg", "s1-2"),  # an id that ends in a number
        ("s1-2-3.jpg", "s1-2"),
        ("class 3/s1.jpg", "s1"),
        ("s1/portrait.jpg", "s1"),
        ("Ж 7.jpg", "Ж 7"),
    ],
)
def test_a_files_name_tells_whose_photo_it_is(file: str, whose: str) -> None:
    assert named(file) == [(file, whose)]


@pytest.mark.parametrize("file", ["s2.jpg", "s1.gif", "s1.jpg.exe", "s1", ".s1.jpg", "__MACOSX/s1.jpg", "notes.txt"])
def test_what_is_nobodys_photo_is_left_out(file: str) -> None:
    assert named(file) == []


def test_who_has_left_the_school_is_nobody() -> None:
    findings = Findings()
    gone = Student("1", "A", "B", "s1", standing=Standing.TO_BE_DELETED)
    assert name_photos(["s1.jpg"], {"s1": gone}, findings) == []
    assert [each.code for each in findings.kept] == ["unknown_student"]


async def test_photos_become_templates_once_however_often_they_are_imported(
    store: Store, desk: Desk, tmp_path: Path
) -> None:
    grace, eileen = await a_student(store, "s1"), await a_student(store, "s2")
    photos: dict[str, str | bytes] = {
        "s1.jpg": GRACE,
        "s1-2.png": pictures.encoded(pictures.grace_hopper(), "PNG"),
        "s2.png": EILEEN,
    }
    folder = open_files(into_folder(tmp_path / "photos", photos))
    tried = await import_photos(store, folder, desk, dry_run=True)
    assert (tried.counted[0].added, tried.written) == (3, False)
    assert await store.biometrics.templates_of([grace.id, eileen.id]) == []
    report = await import_photos(store, folder, desk)
    assert (report.counted[0].added, told(report)) == (3, [])
    kept = await store.biometrics.templates_of([grace.id, eileen.id])
    assert sorted(each.student_id for each in kept) == sorted([grace.id, grace.id, eileen.id])
    again = await import_photos(store, open_zip(zipped(photos)), desk)
    assert (again.counted[0].added, again.counted[0].unchanged) == (0, 3)
    assert len(await store.biometrics.templates_of([grace.id, eileen.id])) == 3


async def test_without_a_consent_a_photo_is_not_even_read(store: Store, tmp_path: Path) -> None:
    await a_student(store, "s1", consents=False)
    folder = into_folder(tmp_path / "photos", {"s1.jpg": GRACE})

    async def never(photo: bytes) -> Face:
        raise AssertionError("it was looked at")

    files = open_files(folder)
    (folder / "s1.jpg").unlink()  # reading it would be an error
    report = await import_photos(store, files, Desk(never, load_engine("fast").matcher, PictureLimits(), 3))
    assert told(report) == [("s1.jpg", "consent_missing")]


async def test_each_photo_that_is_of_no_use_is_said_and_the_others_are_taken(store: Store, desk: Desk) -> None:
    student = await a_student(store, "s1")
    report = await import_photos(
        store, open_zip(zipped({"s1-1.jpg": CAT, "s1-2.jpg": b"no picture", "s1-3.jpg": GRACE, "x.jpg": GRACE})), desk
    )
    assert dict(told(report)) == {"s1-1.jpg": "no_face", "s1-2.jpg": "not_a_picture", "x.jpg": "unknown_student"}
    assert len(await store.biometrics.templates_of([student.id])) == 1
    assert report.written


async def test_more_photos_than_are_kept_of_a_student_are_left_out(store: Store, desk: Desk) -> None:
    student = await a_student(store, "s1")
    files: dict[str, str | bytes] = {
        f"s1-{number}.jpg": pictures.encoded(pictures.grace_hopper(), "JPEG", quality=80 + number)
        for number in range(5)
    }
    report = await import_photos(store, open_zip(zipped(files)), desk)
    assert [code for _, code in told(report)] == ["too_many_photos"] * 2
    assert len(await store.biometrics.templates_of([student.id])) == 3


async def test_a_photo_that_is_nearer_to_another_student_is_taken_with_a_warning_that_says_whom(
    store: Store, desk: Desk
) -> None:
    await a_student(store, "s1")
    other = await a_student(store, "s2")
    report = await import_photos(
        store,
        open_zip(zipped({"s1-1.jpg": GRACE, "s2-1.png": EILEEN, "s2-2.jpg": GRACE_AGAIN, "s1-2.jpg": GRACE_AGAIN})),
        desk,
    )
    assert told(report) == [("s2-2.jpg", "nearer_to_another")]
    assert "like s1 than" in report.findings[0].detail
    assert len(await store.biometrics.templates_of([other.id])) == 2


async def test_a_first_photo_of_somebody_who_is_enrolled_already_is_told_whoever_was_imported_first(
    store: Store, desk: Desk
) -> None:
    await a_student(store, "s1")
    await a_student(store, "s2")
    await import_photos(store, open_zip(zipped({"s1.jpg": GRACE})), desk)
    report = await import_photos(store, open_zip(zipped({"s2.jpg": GRACE_AGAIN})), desk)
    assert told(report) == [("s2.jpg", "nearer_to_another")]
    again = await import_photos(store, open_zip(zipped({"s2.jpg": GRACE_AGAIN})), desk)
    assert told(again) == []


async def test_on_a_large_campus_a_photo_is_compared_with_classmates(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "MOST_COMPARED", 1)
    one, other = await a_student(store, "s1"), await a_student(store, "s2")
    await a_student(store, "s3")
    for student in (one, other):
        await store.classes.enrollments.enroll(Enrollment("a class", student.id))
    files = {"s1.jpg": GRACE, "s2.jpg": GRACE_AGAIN, "s3.png": pictures.encoded(pictures.grace_hopper(), "PNG")}
    report = await import_photos(store, open_zip(zipped(dict(files))), desk)
    assert told(report) == [("s2.jpg", "nearer_to_another")]  # s3 shares no class with them


async def test_the_report_names_who_has_fewer_photos_than_are_asked_for(store: Store, desk: Desk) -> None:
    await a_student(store, "s1")
    await a_student(store, "s2")
    await a_student(store, "s3", consents=False)
    await a_student(store, "s4")
    files = open_zip(
        zipped({"s1.jpg": GRACE, "s1-2.jpg": GRACE_AGAIN, "s2.png": EILEEN, "s3.jpg": GRACE, "s4.jpg": CAT})
    )
    report = await import_photos(store, files, desk, dry_run=True)
    assert report.photos_wanted == {"s2": 1, "s4": 1}  # a dry run doesn't look at a photo
    report = await import_photos(store, files, desk)
    assert (report.photos_wanted, report.students_wanting) == ({"s2": 1, "s4": 2}, 2)
