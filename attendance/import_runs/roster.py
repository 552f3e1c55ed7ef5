"""Import a OneRoster bundle.

Everything is read and checked before anything is written, and written in the order of what refers to what: a run that
breaks off leaves a school that is whole, with some of the new in it, and the next run does the rest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from attendance.import_runs.progress import Progress, Silent
from attendance.imports.files import Files
from attendance.imports.findings import Findings
from attendance.imports.oneroster import read_bundle
from attendance.imports.plan import Changes
from attendance.imports.report import Report, make_report
from attendance.imports.roster_plan import RosterPlan, School, plan_roster
from attendance.people import Class, Student, Teacher
from attendance.school import AcademicSession, Course, Org
from attendance.store import Store

Named = TypeVar("Named", bound=Org | AcademicSession | Course | Class | Student | Teacher)
_Write = Callable[[Sequence[Any], Callable[[int], None]], Awaitable[None]]


async def import_roster(
    store: Store,
    files: Files,
    *,
    today: date,
    dry_run: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import a bundle, or say what that would do.

    Args:
        store: where to.
        files: the bundle.
        today: the civil date at the campus: enrolments that are removed end the day before.
        dry_run: write nothing.
        force: remove also more than a tenth of the things of one kind.
        progress: is told how far it is.

    Raises:
        StoreUnavailable: the database is away; run it again.
        Conflict: another import wrote at the same time; run it again.
        KeyUnusable: the look-up key is missing, or not this database's.
    """
    progress, findings = progress or Silent(), Findings()
    await store.look_up.check()
    progress.begin("reading the files")
    # In a thread: whoever serves others meanwhile goes on doing so.
    bundle = await asyncio.to_thread(read_bundle, files, findings)
    if bundle is None or findings.has_errors:
        return make_report("oneroster", files.source, findings, dry_run=dry_run)
    progress.begin("reading what is there")
    there = await _read_school(store)
    progress.begin("comparing")
    plan = await asyncio.to_thread(
        plan_roster, bundle, there, digest=store.look_up.enrollment, today=today, findings=findings
    )
    refusal = None if force else plan.refusal
    written = not (dry_run or refusal or findings.has_errors)
    if written:
        await _write(store, plan, progress)
    return make_report(
        "oneroster",
        files.source,
        findings,
        plan.changes,
        dry_run=dry_run,
        written=written,
        refusal=refusal,
        left_out=plan.left_out,
    )


async def _read_school(store: Store) -> School:
    enrollments, teachings = await store.classes.enrollments.all(), await store.teachings.all()
    return School(
        orgs=_by_sourced_id(await store.orgs.all()),
        sessions=_by_sourced_id(await store.academic_sessions.all()),
        courses=_by_sourced_id(await store.courses.all()),
        classes=_by_sourced_id(await store.classes.all()),
        students=_by_sourced_id(await store.students.with_sourced_ids()),
        teachers=_by_sourced_id(await store.teachers.with_sourced_ids()),
        enrollments={each.source: each for each in enrollments if each.source},
        teachings={each.source: each for each in teachings if each.source},
        by_hand=frozenset((each.class_id, each.student_id) for each in enrollments if not each.source),
    )


def _by_sourced_id(things: list[Named]) -> dict[str, Named]:
    return {each.sourced_id: each for each in things if each.sourced_id is not None}


async def _write(store: Store, plan: RosterPlan, progress: Progress) -> None:
    writers: list[tuple[Changes[Any], _Write, _Write]] = [
        (plan.orgs, store.orgs.add_many, store.orgs.change_many),
        (plan.sessions, store.academic_sessions.add_many, store.academic_sessions.change_many),
        (plan.courses, store.courses.add_many, store.courses.change_many),
        (plan.classes, store.classes.add_many, store.classes.change_many),
        (plan.students, store.students.add_many, store.students.change_many),
        (plan.teachers, store.teachers.add_many, store.teachers.change_many),
        (plan.enrollments, store.classes.enrollments.add_many, store.classes.enrollments.change_many),
        (plan.teachings, store.teachings.add_many, store.teachings.change_many),
    ]
    for changes, add, change in writers:
        if changes.to_write:
            progress.begin(f"writing {changes.what}", changes.to_write)
            await add(changes.added, progress.advance)
            await change([*changes.changed, *changes.removed], progress.advance)
    await store.classes.enrollments.drop_made_by_hand(plan.replaced)
