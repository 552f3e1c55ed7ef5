"""No template without a standing consent: not before it, not after it, not while it is being withdrawn."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from attendance.ids import new_id
from attendance.people import Consent, StoredTemplate
from attendance.store import NoConsent, Store
from recognition import Template
from tests.attendance.building import NOW, STUDENT
from tests.attendance.conftest import Documents


def consent(student_id: str = STUDENT) -> Consent:
    return Consent(student_id, "consent", "2026-01", "the student", NOW, guardian="a parent")


def template(student_id: str = STUDENT) -> StoredTemplate:
    vector = np.array([0.1, -2.5, 3e-8, 1.0], np.float32)
    return StoredTemplate(new_id(), student_id, Template("an-encoder", vector), NOW)


async def test_a_template_comes_back_bit_for_bit(store: Store) -> None:
    kept = template()
    await store.biometrics.record_consent(consent())
    await store.biometrics.add_template(kept)
    assert await store.biometrics.templates_of([STUDENT]) == [kept]
    assert await store.biometrics.consent_of(STUDENT) == consent()


async def test_a_template_without_a_recorded_consent_is_refused(store: Store, documents: Documents) -> None:
    with pytest.raises(NoConsent, match=STUDENT):
        await store.biometrics.add_template(template())
    assert await documents["biometrics"].count_documents({}) == 0
    assert await store.biometrics.consent_of(STUDENT) is None


async def test_withdrawing_deletes_the_templates_in_the_same_write(store: Store, documents: Documents) -> None:
    await store.biometrics.record_consent(consent())
    await store.biometrics.add_template(template())
    assert await store.biometrics.withdraw_consent(STUDENT, NOW)
    assert await store.biometrics.templates_of([STUDENT]) == []
    assert await store.biometrics.consent_of(STUDENT) is None
    document = await documents["biometrics"].find_one({"_id": STUDENT})
    assert document
    assert document["templates"] == []
    with pytest.raises(NoConsent):
        await store.biometrics.add_template(template())


async def test_templates_beside_a_withdrawn_consent_are_not_given_out_however_they_came_there(
    store: Store, documents: Documents
) -> None:
    await store.biometrics.record_consent(consent())
    await store.biometrics.add_template(template())
    await documents["biometrics"].update_one({"_id": STUDENT}, {"$set": {"consent": None}})  # a restored backup, say
    assert await store.biometrics.templates_of([STUDENT]) == []


async def test_withdrawing_what_was_never_given_or_is_withdrawn_says_so(store: Store) -> None:
    assert not await store.biometrics.withdraw_consent(STUDENT, NOW)
    await store.biometrics.record_consent(consent())
    assert await store.biometrics.withdraw_consent(STUDENT, NOW)
    assert not await store.biometrics.withdraw_consent(STUDENT, NOW)


async def test_a_new_consent_brings_no_old_template_back(store: Store) -> None:
    await store.biometrics.record_consent(consent())
    await store.biometrics.add_template(template())
    await store.biometrics.withdraw_consent(STUDENT, NOW)
    await store.biometrics.record_consent(consent())
    assert await store.biometrics.templates_of([STUDENT]) == []
    kept = template()
    await store.biometrics.add_template(kept)
    await store.biometrics.record_consent(consent())  # said again: what is there stays
    assert await store.biometrics.templates_of([STUDENT]) == [kept]


async def test_each_student_has_their_own_templates(store: Store) -> None:
    students = [new_id() for _ in range(3)]
    kept = [template(student_id) for student_id in students]
    for one in kept:
        await store.biometrics.record_consent(consent(one.student_id))
        await store.biometrics.add_template(one)
    await store.biometrics.withdraw_consent(students[0], NOW)
    found = await store.biometrics.templates_of([*students, new_id()])
    assert {(one.student_id, one.id) for one in found} == {(one.student_id, one.id) for one in kept[1:]}


async def test_a_withdrawal_in_a_rush_of_additions_leaves_no_template(
    store: Store, open_store: Callable[[], Store], documents: Documents
) -> None:
    others = [open_store() for _ in range(3)]
    await store.biometrics.record_consent(consent())
    refused: list[NoConsent] = []
    seen_without_consent: list[object] = []
    done = asyncio.Event()

    async def add(turn: int) -> None:
        for _ in range(10):
            try:
                await others[turn % 3].biometrics.add_template(template())
            except NoConsent as error:
                refused.append(error)

    async def change_their_mind() -> None:
        for turn in range(10):
            await store.biometrics.withdraw_consent(STUDENT, NOW)
            if turn < 9:
                await store.biometrics.record_consent(consent())

    async def watch() -> None:
        while not done.is_set():
            document = await documents["biometrics"].find_one({"_id": STUDENT})
            if document and document["consent"] is None and document["templates"]:
                seen_without_consent.append(document)

    watching = asyncio.ensure_future(watch())
    await asyncio.gather(*(add(turn) for turn in range(8)), change_their_mind())
    done.set()
    await watching
    assert seen_without_consent == []
    with pytest.raises(NoConsent):
        await store.biometrics.add_template(template())
    document = await documents["biometrics"].find_one({"_id": STUDENT})
    assert document
    assert (document["consent"], document["templates"]) == (None, [])


async def test_many_who_record_a_first_consent_at_once_all_succeed(
    open_store: Callable[[], Store], store: Store
) -> None:
    stores = [store, *(open_store() for _ in range(3))]
    for _ in range(10):
        student_id = new_id()
        await asyncio.gather(
            *(each.biometrics.record_consent(consent(student_id)) for each in stores for _ in range(3))
        )
        assert await store.biometrics.consent_of(student_id) == consent(student_id)


async def test_one_template_can_be_deleted_and_the_others_stay(store: Store) -> None:
    await store.biometrics.record_consent(consent())
    kept, gone = template(), template()
    await store.biometrics.add_template(kept)
    await store.biometrics.add_template(gone)
    assert await store.biometrics.remove_template(STUDENT, gone.id)
    assert not await store.biometrics.remove_template(STUDENT, gone.id)
    assert await store.biometrics.templates_of([STUDENT]) == [kept]
