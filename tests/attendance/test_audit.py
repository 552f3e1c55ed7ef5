"""The audit's chain: whatever is done to lines that were written is found."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from attendance.audit import AuditKey, Batch, Head, HeadFile, Line, seal, trimmed, verify
from attendance.ids import new_id
from attendance.keys import KeyUnusable
from attendance.settings import ConnectionSettings
from attendance.store import Conflict, Store
from deploy.init import make_key

TAMPERINGS = 1_000
Tampering = Callable[[list[Batch], random.Random, AuditKey], list[Batch]]


@pytest.fixture
def key(tmp_path: Path) -> AuditKey:
    make_key(tmp_path / "audit.key")
    return AuditKey(tmp_path / "audit.key")


def a_line(key: AuditKey, number: int) -> Line:
    students = tuple(sorted(key.commitment(f"student-{number % 7}-{each}") for each in range(number % 4)))
    about = (("class_id", f"class-{number % 3}"),) if number % 2 else ()
    return Line(
        f"2026-03-02T10:00:{number % 60:02}.000Z", f"token-{number % 5}", "teacher", "GET /x", 200, about, students
    )


def chain(key: AuditKey, batches: int = 40) -> list[Batch]:
    found: list[Batch] = []
    for number in range(batches):
        head = found[-1].head if found else Head()
        found.append(seal(head, [a_line(key, 5 * number + each) for each in range(1 + number % 4)], key.seal))
    return found


def _line_changed(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    place = drawn.randrange(len(batches))
    lines = list(batches[place].lines)
    which = drawn.randrange(len(lines))
    line = lines[which]
    changes: list[Line] = [
        replace(line, at=line.at + "1"),
        replace(line, by="somebody-else"),
        replace(line, role="student"),
        replace(line, do="GET /y"),
        replace(line, status=404),
        replace(line, about=(*line.about, ("meeting_id", "m"))),
        replace(line, subjects=(*line.subjects, "0" * 32)),
        *([replace(line, subjects=line.subjects[1:])] if line.subjects else []),
    ]
    lines[which] = drawn.choice(changes)
    return [*batches[:place], replace(batches[place], lines=tuple(lines)), *batches[place + 1 :]]


def _line_removed(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    place = drawn.randrange(len(batches))
    lines = list(batches[place].lines)
    lines.pop(drawn.randrange(len(lines)))
    return [*batches[:place], replace(batches[place], lines=tuple(lines)), *batches[place + 1 :]]


def _lines_swapped(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    place = drawn.choice([place for place, batch in enumerate(batches) if len(batch.lines) > 1])
    lines = list(batches[place].lines)
    first, second = drawn.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]
    return [*batches[:place], replace(batches[place], lines=tuple(lines)), *batches[place + 1 :]]


def _line_moved(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    first, second = drawn.sample(range(len(batches)), 2)
    changed = list(batches)
    moved, *rest = batches[first].lines
    changed[first] = replace(batches[first], lines=tuple(rest))
    changed[second] = replace(batches[second], lines=(*batches[second].lines, moved))
    return changed


def _batch_removed(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    place = drawn.randrange(len(batches))
    return batches[:place] + batches[place + 1 :]


def _batch_removed_and_renumbered(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    place = drawn.randrange(len(batches) - 1)
    behind = [replace(batch, number=batch.number - 1) for batch in batches[place + 1 :]]
    return batches[:place] + behind


def _batches_swapped(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    first, second = drawn.sample(range(len(batches)), 2)
    changed = list(batches)
    changed[first] = replace(batches[second], number=batches[first].number)
    changed[second] = replace(batches[first], number=batches[second].number)
    return changed


def _cut_off(batches: list[Batch], drawn: random.Random, _key: AuditKey) -> list[Batch]:
    return batches[: drawn.randrange(len(batches))]


def _sealed_anew_with_another_key(batches: list[Batch], drawn: random.Random, key: AuditKey) -> list[Batch]:
    place = drawn.randrange(len(batches))
    head = batches[place - 1].head if place else Head()
    changed = batches[:place]
    for batch in batches[place:]:
        changed.append(seal(head, batch.lines[1:], lambda content: key.seal(b"guessed" + content)))
        head = changed[-1].head
    return changed


def _earlier_end_sealed_anew(batches: list[Batch], drawn: random.Random, key: AuditKey) -> list[Batch]:
    """Even whoever has the key can't cut off the end and go on: the head is known outside."""
    changed = batches[: drawn.randrange(len(batches) - 1)]
    while len(changed) < len(batches):
        head = changed[-1].head if changed else Head()
        changed.append(seal(head, [a_line(key, drawn.randrange(10**6))], key.seal))
    return changed


TAMPERED: tuple[Tampering, ...] = (
    _line_changed,
    _line_removed,
    _lines_swapped,
    _line_moved,
    _batch_removed,
    _batch_removed_and_renumbered,
    _batches_swapped,
    _cut_off,
    _sealed_anew_with_another_key,
    _earlier_end_sealed_anew,
)


def test_what_was_written_is_found_to_be_so(key: AuditKey) -> None:
    batches = chain(key)
    assert verify(batches, key.seal, batches[-1].head) == []
    assert verify([], key.seal, None) == verify([], key.seal, Head()) == []


def test_a_thousand_random_tamperings_are_all_found(key: AuditKey) -> None:
    batches = chain(key)
    drawn = random.Random(7)
    for number in range(TAMPERINGS):
        tampered = TAMPERED[number % len(TAMPERED)](batches, drawn, key)
        assert tampered != batches
        assert verify(tampered, key.seal, batches[-1].head), TAMPERED[number % len(TAMPERED)].__name__


def test_batches_that_came_after_the_head_was_kept_are_no_fault(key: AuditKey) -> None:
    batches = chain(key)
    assert verify(batches, key.seal, batches[20].head) == []


def test_who_a_line_is_about_is_told_by_key_and_id_only(key: AuditKey, tmp_path: Path) -> None:
    make_key(tmp_path / "another.key")
    student = new_id()
    assert key.commitment(student) == key.commitment(student) != key.commitment(new_id())
    assert key.commitment(student) != AuditKey(tmp_path / "another.key").commitment(student)
    assert student not in key.commitment(student)


def test_without_the_key_nothing_is_sealed(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="audit key"):
        AuditKey(tmp_path / "none.key").require()


def test_the_head_in_the_file_only_goes_up(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit" / "head.json")
    assert file.read() is None
    for number in (3, 5, 4):
        file.write(Head(number, str(number)))
    assert file.read() == Head(5, "5")


def test_a_file_with_something_else_in_it_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "head.json").write_text("[]")
    with pytest.raises(ValueError, match="holds no head"):
        HeadFile(tmp_path / "head.json").read()


async def test_the_store_gives_back_what_was_sealed_and_one_batch_a_number(
    store: Store, database_settings: ConnectionSettings
) -> None:
    key = AuditKey(database_settings.audit_key_file)
    batches = chain(key, 12)
    assert await store.audit.head() == Head()
    for batch in batches:
        await store.audit.add(batch)
    assert [batch async for batch in store.audit.all()] == batches
    assert await store.audit.head() == batches[-1].head
    with pytest.raises(Conflict):
        await store.audit.add(batches[3])
    someone = batches[2].lines[1].subjects[0]
    about = await store.audit.about(someone)
    wanted = [(batch.number, line) for batch in batches for line in batch.lines if someone in line.subjects]
    assert about == wanted[::-1]
    assert await store.audit.latest(before=3, limit=1) == [(2, line) for line in batches[1].lines[::-1]]


def test_a_beginning_that_was_deleted_for_its_age_is_no_fault_once_a_line_says_so(key: AuditKey) -> None:
    batches = chain(key)
    told = seal(batches[-1].head, [trimmed(batches[9].head, at="2029-03-02T10:00:00.000Z", by="sweep")], key.seal)
    assert verify([*batches[10:], told], key.seal, told.head) == []
    assert verify([*batches, told], key.seal, told.head) == []  # it was broken off before anything was deleted


@pytest.mark.parametrize("kept_from", [9, 11, 20])
def test_where_more_or_less_is_gone_than_the_line_says_it_is_found(key: AuditKey, kept_from: int) -> None:
    batches = chain(key)
    told = seal(batches[-1].head, [trimmed(batches[9].head, at="2029-03-02T10:00:00.000Z", by="sweep")], key.seal)
    faults = verify([*batches[kept_from:], told], key.seal, told.head)
    assert [fault.number for fault in faults] == [kept_from + 1]


def test_a_beginning_that_nobody_tells_of_is_found(key: AuditKey) -> None:
    batches = chain(key)
    assert [fault.what for fault in verify(batches[1:], key.seal, None)] == ["batch 1 is gone before it"]


def test_a_line_that_was_not_sealed_with_the_key_tells_nothing(key: AuditKey) -> None:
    batches = chain(key)
    line = trimmed(batches[9].head, at="2029-03-02T10:00:00.000Z", by="sweep")
    forged = seal(batches[-1].head, [line], lambda _: "0" * 64)
    assert len(verify([*batches[10:], forged], key.seal, None)) == 2
