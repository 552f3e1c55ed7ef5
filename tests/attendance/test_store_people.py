"""Students, classes with their rosters, rooms, cameras and tokens, as they are kept and found again."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from attendance.cameras import Camera, CameraKind
from attendance.ids import new_id
from attendance.keys import KeyUnusable
from attendance.meetings import ClassRules
from attendance.people import Class, Enrollment, Student
from attendance.rights import Role, token_id_of
from attendance.sealing import Purpose
from attendance.settings import ConnectionSettings
from attendance.store import Conflict, Missing, Store
from attendance.store.cameras import Room
from deploy.init import make_key
from tests.attendance.building import CAMERA, CLASS, NOW, ROOM
from tests.attendance.conftest import Documents

NAMES = ["Ana", "Žofia", "李", "محمد", "O'Brien", "𝒜", "é", "é", "$where", "a.b", ""]


async def test_names_in_any_script_come_back_as_they_were(store: Store) -> None:
    students = [Student(new_id(), name, name[::-1], f"id {number}") for number, name in enumerate(NAMES)]
    for one in students:
        await store.students.add(one)
    assert await store.students.get_many([one.id for one in students]) == {one.id: one for one in students}
    with pytest.raises(Missing):
        await store.students.get(new_id())


async def test_a_schools_own_id_names_one_student_even_when_two_add_it_at_once(
    store: Store, open_store: Callable[[], Store], documents: Documents
) -> None:
    stores = [store, *(open_store() for _ in range(3))]
    added = await asyncio.gather(
        *(stores[turn % 4].students.add(Student(new_id(), "A", "B", "S-1")) for turn in range(12)),
        return_exceptions=True,
    )
    assert sum(1 for one in added if one is None) == 1
    assert sum(1 for one in added if isinstance(one, Conflict)) == 11
    assert await documents["students"].count_documents({}) == 1


async def test_a_student_is_found_by_the_schools_own_id_and_by_no_other(store: Store) -> None:
    ada, ana = Student(new_id(), "Ada", "L", "S-1", "a@example.org"), Student(new_id(), "Ana", "M")
    for one in (ada, ana):
        await store.students.add(one)
    assert await store.students.by_sourced_id("S-1") == ada
    for unknown in ("s-1", "S-1 ", "S-2", "", ada.id):
        with pytest.raises(Missing):
            await store.students.by_sourced_id(unknown)


async def test_two_ways_to_write_the_same_sign_are_one_id(store: Store) -> None:
    await store.students.add(Student(new_id(), "A", "B", "\u00e9-1"))
    assert (await store.students.by_sourced_id("e\u0301-1")).sourced_id == "\u00e9-1"


async def test_the_schools_own_id_lies_nowhere_but_in_what_the_codec_sealed(
    store: Store, documents: Documents, database_settings: ConnectionSettings
) -> None:
    student = Student(new_id(), "Ada", "Lovelace", "S-1815", "ada@example.org")
    await store.students.add(student)
    kept = await documents["students"].find_one({"_id": student.id})
    assert kept is not None
    assert set(kept) == {"_id", "identity", "sourced_hash", "standing", "schema"}
    key = bytes.fromhex(database_settings.look_up_key_file.read_text())
    assert kept["sourced_hash"] == hmac.new(key, b"person\0S-1815", hashlib.sha256).hexdigest()


async def test_whose_key_is_gone_is_missing_and_hides_nobody_else(store: Store) -> None:
    ids = [new_id(), new_id()]
    forgotten, known = Student(min(ids), "Ada", "L", "S-1"), Student(max(ids), "Ana", "M", "S-2")
    students = store.students
    for one in (forgotten, known):
        await students.add(one)
    await store.keys.erase(forgotten.id, NOW, Purpose.IDENTITY)
    assert await students.get_many([forgotten.id, known.id]) == {known.id: known}
    assert await students.page(after=None, limit=1) == [known]
    for asking in (students.get(forgotten.id), students.by_sourced_id("S-1")):
        with pytest.raises(Missing):
            await asking


async def test_a_database_refuses_a_look_up_key_that_it_was_not_written_with(
    store: Store, database_settings: ConnectionSettings, tmp_path: Path
) -> None:
    await store.look_up.check()
    await store.look_up.check()
    elsewhere = database_settings.model_copy(update={"look_up_key_file": tmp_path / "another.key"})
    other = Store(elsewhere)
    with pytest.raises(KeyUnusable, match="run `rollcall init`"):
        await other.look_up.check()
    make_key(elsewhere.look_up_key_file)
    with pytest.raises(KeyUnusable, match="isn't the one"):
        await other.look_up.check()
    other.close()


async def test_students_without_an_id_of_the_schools_are_as_many_as_there_are(store: Store) -> None:
    for _ in range(3):
        await store.students.add(Student(new_id(), "A", "B"))
    assert len(await store.students.page(after=None, limit=10)) == 3


@pytest.mark.parametrize("limit", [1, 3, 10])
async def test_pages_hold_everyone_once_in_order_of_id(store: Store, limit: int) -> None:
    ids = sorted(new_id() for _ in range(7))
    for one in ids:
        await store.students.add(Student(one, "A", "B"))
        await store.cameras.add(Camera(one, ROOM))
        await store.cameras.add_room(Room(one, "a room"))
        await store.classes.add(Class(one, "a class"), ClassRules())
    pages: list[Callable[[str | None], object]] = [
        lambda after: store.students.page(after=after, limit=limit),
        lambda after: store.cameras.page(after=after, limit=limit),
        lambda after: store.cameras.page_of_rooms(after=after, limit=limit),
        lambda after: store.classes.page(after=after, limit=limit),
    ]
    for page_after in pages:
        read: list[str] = []
        while page := await page_after(read[-1] if read else None):  # type: ignore[misc]
            assert len(page) <= limit
            read += [(one[0] if isinstance(one, tuple) else one).id for one in page]
        assert read == ids
    among = [ids[5], ids[2]]
    first = await store.classes.page(after=None, limit=10, among=among)
    assert [class_.id for class_, _ in first] == sorted(among)
    assert [class_.id for class_, _ in await store.classes.page(after=ids[2], limit=10, among=among)] == [ids[5]]
    assert await store.classes.page(after=None, limit=10, among=[]) == []


async def test_a_class_comes_back_with_its_rules(store: Store) -> None:
    class_ = Class(CLASS, "Algebra", course_id=new_id(), term_id=new_id(), sourced_id="MA-1")
    rules = ClassRules(timedelta(minutes=5), timedelta(seconds=30), 0.25)
    await store.classes.add(class_, rules)
    assert await store.classes.get(CLASS) == (class_, rules)
    assert await store.classes.get_many([CLASS, new_id()]) == {CLASS: class_}
    with pytest.raises(Conflict):
        await store.classes.add(class_, rules)
    with pytest.raises(Missing):
        await store.classes.get(new_id())


async def test_a_roster_holds_who_is_enrolled_on_that_civil_date(store: Store) -> None:
    day = date(2026, 3, 2)
    always, joins, leaves, other = (new_id() for _ in range(4))
    await store.classes.enroll(Enrollment(CLASS, always))
    await store.classes.enroll(Enrollment(CLASS, joins, begin=day))
    await store.classes.enroll(Enrollment(CLASS, leaves, end=day))
    await store.classes.enroll(Enrollment("another", other))
    assert await store.classes.roster(CLASS, day) == sorted([always, joins, leaves])
    assert await store.classes.roster(CLASS, day - timedelta(days=1)) == sorted([always, leaves])
    assert await store.classes.roster(CLASS, day + timedelta(days=1)) == sorted([always, joins])
    assert await store.classes.roster("nobody's", day) == []


async def test_enrolling_again_changes_the_dates_and_adds_no_second_place(
    store: Store, open_store: Callable[[], Store]
) -> None:
    student_id = new_id()
    stores = [store, *(open_store() for _ in range(3))]
    await asyncio.gather(*(each.classes.enroll(Enrollment(CLASS, student_id)) for each in stores for _ in range(3)))
    assert await store.classes.roster(CLASS, date(2026, 3, 2)) == [student_id]
    await store.classes.enroll(Enrollment(CLASS, student_id, end=date(2026, 3, 1)))
    assert await store.classes.roster(CLASS, date(2026, 3, 2)) == []


async def test_rooms_and_cameras_come_back_as_they_were(store: Store) -> None:
    camera = Camera(
        CAMERA, ROOM, CameraKind.KIOSK, timedelta(seconds=1 / 3), 28, timedelta(seconds=2.5), timedelta(hours=2)
    )
    await store.cameras.add(camera)
    await store.cameras.add(replace(camera, id="other", room_id="elsewhere"))
    assert await store.cameras.get(CAMERA) == camera
    assert await store.cameras.of_rooms((ROOM, "nowhere")) == [camera]
    for room in (Room(ROOM, "B 12", "Asia/Tokyo"), Room("r", "B 13")):
        await store.cameras.add_room(room)
        assert await store.cameras.get_room(room.id) == room
    with pytest.raises(Missing):
        await store.cameras.get(new_id())
    with pytest.raises(Missing):
        await store.cameras.get_room(new_id())


async def test_a_token_tells_who_bears_it_until_it_expires_or_is_revoked(store: Store) -> None:
    soon = NOW + timedelta(hours=1)
    token = await store.tokens.create(Role.TEACHER, now=NOW, subjects=frozenset({CLASS}), expires_at=soon, label="desk")
    principal = await store.tokens.principal_of(token.text, NOW)
    assert principal
    assert (principal.token_id, principal.role, principal.subjects) == (token.id, Role.TEACHER, frozenset({CLASS}))
    assert await store.tokens.principal_of(token.text, soon - timedelta(seconds=1))
    assert await store.tokens.principal_of(token.text, soon) is None
    assert await store.tokens.revoke(token.id, NOW)
    assert await store.tokens.principal_of(token.text, NOW) is None
    assert not await store.tokens.revoke("nobody's", NOW)


async def test_a_wrong_secret_of_a_known_token_and_an_unknown_token_tell_nobody(store: Store) -> None:
    one = await store.tokens.create(Role.STUDENT, now=NOW)
    other = await store.tokens.create(Role.ADMINISTRATOR, now=NOW)
    mixed = f"rc_{other.id}_{one.text.split('_', 2)[2]}"
    assert token_id_of(mixed) == other.id
    for text in (mixed, "", "rc__", one.text.replace(one.id, "0" * 12), one.text + " "):
        assert await store.tokens.principal_of(text, NOW) is None


async def test_the_database_holds_no_tokens_text(store: Store, documents: Documents) -> None:
    token = await store.tokens.create(Role.STUDENT, now=NOW, label="a phone")
    secret = token.text.split("_", 2)[2]
    document = await documents["tokens"].find_one({"_id": token.id})
    assert document
    assert document["digest"] == token.digest
    assert secret not in repr(document)
    entry = await store.tokens.get(token.id)
    assert (entry.label, entry.role, entry.revoked_at) == ("a phone", Role.STUDENT, None)
    assert secret not in repr(await store.tokens.page(after=None, limit=10))


async def test_administrators_are_counted_while_their_tokens_stand(store: Store) -> None:
    assert await store.tokens.count_administrators(NOW) == 0
    token = await store.tokens.create(Role.ADMINISTRATOR, now=NOW)
    await store.tokens.create(Role.TEACHER, now=NOW)
    await store.tokens.create(Role.ADMINISTRATOR, now=NOW, expires_at=NOW + timedelta(hours=1))
    assert await store.tokens.count_administrators(NOW) == 2
    assert await store.tokens.count_administrators(NOW + timedelta(hours=1)) == 1  # nobody can log in by the other
    await store.tokens.revoke(token.id, NOW)
    assert await store.tokens.count_administrators(NOW) == 1
    assert await store.tokens.count_administrators(NOW + timedelta(hours=1)) == 0


async def test_however_many_are_asked_for_by_id_each_is_given_once(store: Store) -> None:
    students = [Student(new_id(), "A", "B") for _ in range(120)]
    for one in students:
        await store.students.add(one)
    ids = [one.id for one in students]
    assert await store.students.get_many([*ids, new_id()]) == {one.id: one for one in students}
    assert await store.students.get_many([]) == {}
