"""Import enrolment photos out of a folder or a zip. The pictures aren't kept, only templates made of them.

A photo of a student without a standing consent isn't even read. A photo that was imported before is known again by the
keyed hash of its bytes, and isn't looked at again.
"""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from attendance.import_runs.likeness import Enrolled
from attendance.import_runs.progress import Progress, Silent
from attendance.imports.files import Files, Unreadable
from attendance.imports.findings import Findings
from attendance.imports.photo_names import NamedPhoto, name_photos
from attendance.imports.plan import Changes
from attendance.imports.report import Report, make_report
from attendance.people import StoredTemplate, Student, photos_wanted
from attendance.pictures import PictureLimits, read_header
from attendance.store import NoConsent, Store
from recognition import Face, Matcher, RecognitionError

Look = Callable[[bytes], Awaitable[Face]]


class PhotoRefused(Exception):
    """Looking at a photo failed; `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Desk:
    """What looks at photos.

    `look` gives the one face of a photo, with its template; it raises RecognitionError or `PhotoRefused`. `matcher`
    compares templates with those of others.
    """

    look: Look
    matcher: Matcher
    limits: PictureLimits
    photos_a_student: int


@dataclass(slots=True)
class _Outcome:
    changes: Changes[str]
    enrolled: Enrolled
    students: dict[str, Student]  # by id
    known: set[str] = field(default_factory=set)
    kept: Counter[str] = field(default_factory=Counter)


async def import_photos(
    store: Store, files: Files, desk: Desk, *, dry_run: bool = False, progress: Progress | None = None
) -> Report:
    """Import photos, or say which ones would be looked at. What can't be used is a warning; the others are taken.

    Raises:
        StoreUnavailable: the database is away; run it again.
        KeyUnusable: the look-up key is missing, or not this database's.
    """
    progress, findings = progress or Silent(), Findings()
    await store.look_up.check()
    progress.begin("reading what is there")
    everybody = await store.students.with_sourced_ids()
    students = {each.sourced_id: each for each in everybody if each.sourced_id is not None}
    named = name_photos(files.names, students, findings)
    consenting = await store.biometrics.consenting([photo.student.id for photo in named])
    there = await store.biometrics.templates_of(sorted(consenting))
    outcome = _Outcome(
        Changes("photos"),
        await Enrolled.read(store, desk.matcher),
        students={each.id: each for each in everybody},
        known={template.id for template in there},
        kept=Counter(template.student_id for template in there),
    )
    progress.begin("looking at photos", len(named))
    for photo in named:
        if photo.student.id not in consenting:
            findings.warn("consent_missing", "the student has no standing consent: it wasn't looked at", photo.file)
        else:
            await _take(store, files, photo, desk, outcome, findings, dry_run=dry_run)
        progress.advance(1)
    return make_report(
        "photos",
        files.source,
        findings,
        [outcome.changes],
        dry_run=dry_run,
        written=not dry_run,
        photos_wanted={
            sourced_id: photos_wanted(outcome.kept[student.id])
            for sourced_id, student in sorted(students.items())
            if student.id in consenting
        },
    )


async def _take(
    store: Store,
    files: Files,
    photo: NamedPhoto,
    desk: Desk,
    outcome: _Outcome,
    findings: Findings,
    *,
    dry_run: bool,
) -> None:
    student_id = photo.student.id
    try:
        data = files.read(photo.file)
        photo_id = _id_of(store, student_id, data)
        if photo_id in outcome.known:
            outcome.changes.unchanged += 1
            return
        if outcome.kept[student_id] >= desk.photos_a_student:
            raise PhotoRefused("too_many_photos", f"{desk.photos_a_student} photos are kept of a student")
        read_header(data, desk.limits)
        if not dry_run:
            face = await desk.look(data)
            if face.template is None:
                raise ValueError("the engine gave a face without a template")
            stored = StoredTemplate(photo_id, student_id, face.template, datetime.now(UTC))
            another = await outcome.enrolled.nearer_to_another(student_id, face.template)
            await store.biometrics.add_template(stored)
            outcome.enrolled.add(stored)
            if another is not None:
                findings.warn("nearer_to_another", _likeness(outcome.students.get(another)), photo.file)
    except RecognitionError as error:
        findings.warn(error.code, error.sentence, photo.file)
    except (PhotoRefused, Unreadable) as error:
        findings.warn(error.code, str(error), photo.file)
    except NoConsent:
        findings.warn("consent_missing", "the consent was withdrawn meanwhile", photo.file)
    else:
        outcome.known.add(photo_id)
        outcome.kept[student_id] += 1
        outcome.changes.added.append(photo_id)


def _likeness(another: Student | None) -> str:
    """Say whom a photo that was taken all the same looks like: the school's id, where they have one."""
    whom = another.sourced_id if another and another.sourced_id is not None else "another student"
    return f"it looks more like {whom} than like this student: it was taken; make sure that it is of the right person"


def _id_of(store: Store, student_id: str, data: bytes) -> str:
    """Give the id of a photo's template: from its bytes, by a key, so that the same photo has it again."""
    digest = store.look_up.photo(student_id, hashlib.sha256(data).hexdigest())
    return str(UUID(digest[:32], version=4))
