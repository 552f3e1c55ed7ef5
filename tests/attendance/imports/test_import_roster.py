"""A bundle into the real database: whole or not at all to begin with, harmless where it breaks off."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import date

import pytest

from attendance.import_runs.roster import import_roster
from attendance.imports.report import Report
from attendance.people import Enrollment
from attendance.settings import ConnectionSettings
from attendance.store import Store, StoreUnavailable
from tests.attendance.conftest import Documents
from tests.attendance.databases import DatabaseProcess
from tests.attendance.imports.bundles import Tables, bundle, large_school, small_school

TODAY = date(2026, 10, 5)
SECRETS = ("Ada", "Lovelace", "example.org", "s1", "t9", "Noether")


def written(report: Report) -> dict[str, tuple[int, int, int]]:
    return {
        each.what: (each.added, each.changed, each.removed)
        for each in report.counted
        if each.added or each.changed or each.removed
    }


async def imported(store: Store, tables: Tables, *, dry_run: bool = False, force: bool = False) -> Report:
    return await import_roster(store, bundle(tables), today=TODAY, dry_run=dry_run, force=force)


async def everything(documents: Documents) -> dict[str, list[object]]:
    names = [name for name in await documents.list_collection_names() if name != "keys"]
    return {name: [each async for each in documents[name].find().sort("_id")] for name in sorted(names)}


async def test_a_bundle_becomes_people_classes_and_rosters(store: Store) -> None:
    report = await imported(store, small_school())
    assert report.written
    assert report.is_sound
    ada = await store.students.by_sourced_id("s1")
    algebra = await store.classes.by_sourced_id("ma-1")
    assert (ada.given_name, ada.email) == ("Ada", "ada@example.org")
    khwarizmi = await store.students.by_sourced_id("s2")
    assert await store.classes.roster(algebra.id, TODAY) == sorted([ada.id, khwarizmi.id])
    (teaching,) = await store.teachings.of_class(algebra.id)
    noether = await store.teachers.by_sourced_id("t9")
    assert (teaching.teacher_id, teaching.primary) == (noether.id, True)
    assert await store.teachings.of_teacher(noether.id) == [teaching]
    assert algebra.course_id == (await store.courses.by_sourced_id("ma")).id
    assert (await store.academic_sessions.get(algebra.term_ids[0])).end == date(2027, 1, 31)
    assert (await store.orgs.by_sourced_id("o1")).title == "Hill School"
    assert report.left_out == {"users who are neither students nor teachers": 1, "roles as parent": 1}


async def test_the_same_bundle_again_writes_nothing(store: Store, documents: Documents) -> None:
    await imported(store, small_school())
    before = await everything(documents)
    report = await imported(store, small_school())
    assert written(report) == {}
    assert await everything(documents) == before


async def test_a_dry_run_tells_all_and_writes_nothing(store: Store, documents: Documents) -> None:
    before = await everything(documents)
    report = await imported(store, small_school(), dry_run=True)
    assert written(report)["students"] == (3, 0, 0)
    assert (report.written, report.dry_run) == (False, True)
    assert await everything(documents) == before


async def test_one_wrong_line_keeps_everything_from_being_written(store: Store, documents: Documents) -> None:
    tables = small_school()
    tables["enrollments"][-1]["userSourcedId"] = "nobody"
    before = await everything(documents)
    report = await imported(store, tables)
    assert (report.written, report.is_sound) == (False, False)
    assert [(each.file, each.line) for each in report.findings] == [("enrollments.csv", 5)]
    assert await everything(documents) == before


async def test_what_would_be_removed_is_shown_and_too_much_of_it_refused_unless_forced(store: Store) -> None:
    await imported(store, small_school())
    tables = small_school()
    tables["enrollments"] = tables["enrollments"][1:]
    refused = await imported(store, tables)
    assert "1 of 3 enrollments" in (refused.refusal or "")
    assert [(each.what, each.id) for each in refused.removals] == [("enrollments", "s1 in ma-1")]
    algebra = await store.classes.by_sourced_id("ma-1")
    assert len(await store.classes.roster(algebra.id, TODAY)) == 2
    forced = await imported(store, tables, force=True)
    assert forced.written
    assert len(await store.classes.roster(algebra.id, TODAY)) == 1
    assert len(await store.classes.roster(algebra.id, date(2026, 10, 4))) == 2


async def test_workers_are_told_which_rosters_changed_and_no_others(store: Store, documents: Documents) -> None:
    await imported(store, small_school())
    await documents["enrollments"].update_many({}, {"$unset": {"updated_at": ""}})
    tables = small_school()
    tables["enrollments"][2]["endDate"] = "2026-12-01"
    await imported(store, tables)
    changed = {each["class_id"] async for each in documents["enrollments"].find({"updated_at": {"$exists": True}})}
    assert changed == {(await store.classes.by_sourced_id("ma-2")).id}


async def test_the_rules_of_a_class_stay_when_an_import_changes_it(store: Store, documents: Documents) -> None:
    await imported(store, small_school())
    algebra = await store.classes.by_sourced_id("ma-1")
    await documents["classes"].update_one({"_id": algebra.id}, {"$set": {"rules.late_after_s": 60.0}})
    tables = small_school()
    tables["classes"][0]["title"] = "Algebra, again"
    await imported(store, tables)
    class_, rules = await store.classes.get(algebra.id)
    assert (class_.title, rules.late_after.total_seconds()) == ("Algebra, again", 60)


async def test_an_enrolment_made_by_hand_gives_way_to_the_imported_one(store: Store) -> None:
    tables = small_school()
    enrolments = tables["enrollments"]
    tables["enrollments"] = []
    await imported(store, tables)
    ada, algebra = await store.students.by_sourced_id("s1"), await store.classes.by_sourced_id("ma-1")
    await store.classes.enroll(Enrollment(algebra.id, ada.id))
    tables["enrollments"] = [{**enrolments[0], "endDate": "2026-10-05"}]
    await imported(store, tables)
    assert await store.classes.roster(algebra.id, date(2026, 10, 4)) == [ada.id]
    assert await store.classes.roster(algebra.id, TODAY) == []
    # And by hand the imported one is changed, not doubled.
    await store.classes.enroll(Enrollment(algebra.id, ada.id))
    assert await store.classes.roster(algebra.id, TODAY) == [ada.id]
    assert len(await store.classes.enrollments.all()) == 1


async def test_nothing_of_a_person_lies_readable_by_its_field_in_the_database(
    store: Store, documents: Documents
) -> None:
    await imported(store, small_school())
    for name in ("students", "teachers", "enrollments", "teachings"):
        async for document in documents[name].find():
            sealed = document.pop("identity", None)
            assert (sealed is not None) == (name in ("students", "teachers"))
            assert not any(
                secret in repr(document) for secret in ("Ada", "Lovelace", "example.org", "s1", "t9", "Noether")
            )


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 5, 6, 7])
async def test_a_run_that_ends_in_the_middle_is_finished_by_the_next(
    store: Store, open_store: Callable[[], Store], documents: Documents, writes: int
) -> None:
    class Killed(BaseException):
        pass

    class EndsInTheMiddle:
        steps = 0

        def begin(self, what: str, total: int | None = None) -> None:
            if what.startswith("writing"):
                if self.steps == writes:
                    raise Killed
                self.steps += 1

        def advance(self, count: int) -> None:
            pass

    with contextlib.suppress(Killed):
        await import_roster(store, bundle(small_school()), today=TODAY, progress=EndsInTheMiddle())
    half = await everything(documents)
    report = await imported(open_store(), small_school())
    assert report.written
    whole = await everything(documents)
    kept = {name: len([each for each in half.get(name, []) if each in whole[name]]) for name in half}
    assert kept == {name: len(each) for name, each in half.items()}  # what was written stays as it was
    assert (len(whole["students"]), len(whole["enrollments"]), len(whole["teachings"])) == (3, 3, 1)
    assert written(await imported(store, small_school())) == {}


async def test_two_imports_at_once_leave_what_one_would_have_left(
    store: Store, open_store: Callable[[], Store], documents: Documents
) -> None:
    done = await asyncio.gather(
        *(imported(open_store(), large_school(60, 6, 2)) for _ in range(3)), return_exceptions=True
    )
    assert any(isinstance(each, Report) and each.written for each in done) or all(
        isinstance(each, Exception) for each in done
    )
    report = await imported(store, large_school(60, 6, 2))
    assert report.is_sound
    counted = {name: await documents[name].count_documents({}) for name in ("students", "classes", "enrollments")}
    assert counted == {"students": 60, "classes": 6, "enrollments": 120}


async def test_with_the_database_away_the_import_says_so_and_can_be_run_again(
    own_database: DatabaseProcess, own_store: Store
) -> None:
    await imported(own_store, large_school(200, 5, 2))
    own_database.kill()
    with pytest.raises(StoreUnavailable):
        await imported(own_store, small_school(), force=True)
    own_database.start()
    report = await imported(own_store, large_school(200, 5, 2))
    assert written(report) == {}


@pytest.fixture
async def own_store(own_database: DatabaseProcess, database_settings: ConnectionSettings) -> AsyncIterator[Store]:
    own_database.start()
    settings = database_settings.model_copy(update={"mongo_url": own_database.url})
    store = Store(settings)
    await store.ensure_indexes()
    yield store
    store.close()


@pytest.mark.long
async def test_ten_thousand_students_in_five_hundred_classes_go_in_and_again_without_change(store: Store) -> None:
    tables = large_school(10_000, 500, 6)
    assert len(tables["enrollments"]) == 60_000
    for turn in ("first", "again"):
        began = time.monotonic()
        report = await imported(store, tables)
        print(f"{turn}: {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure that is asked for
        assert report.written
        assert written(report) == ({} if turn == "again" else written(report))
    assert len(await store.classes.enrollments.all()) == 60_000
