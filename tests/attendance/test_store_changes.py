"""What decides who may be named can be asked for by when it changed, and nothing is left out."""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from attendance.cameras import Camera
from attendance.coverage import Coverage
from attendance.events import meeting_closed
from attendance.ids import new_id
from attendance.meetings import MeetingState
from attendance.people import Consent, Enrollment, StoredTemplate
from attendance.store import Store
from recognition import Template
from tests.attendance.building import CAMERA, MEETING, NOW, ROOM, STUDENT, looked_at, meeting
from tests.attendance.conftest import Documents

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CONSENT = Consent(STUDENT, "consent", "1", "them", LONG_AGO)
MILLISECOND = timedelta(milliseconds=1)


async def _wait_until_nothing_is_new(changed_since: Callable[[datetime], Awaitable[Collection[Any]]]) -> datetime:
    """Give a moment after all changes so far: the clock has milliseconds, two changes may share one."""
    while True:
        moment = datetime.now(UTC)
        if not await changed_since(moment):
            return moment


async def test_whoevers_consent_or_templates_change_is_told_by_when_it_was_written(store: Store) -> None:
    biometrics = store.biometrics
    template = StoredTemplate(new_id(), STUDENT, Template("an-encoder", np.ones(4, np.float32)), LONG_AGO)
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: biometrics.record_consent(CONSENT),  # given long ago, recorded now
        lambda: biometrics.add_template(template),
        lambda: biometrics.remove_template(STUDENT, template.id),
        lambda: biometrics.withdraw_consent(STUDENT, LONG_AGO),
    ]
    for step in steps:
        before = await _wait_until_nothing_is_new(biometrics.changed_since)
        await step()
        assert await biometrics.changed_since(before - MILLISECOND) == [STUDENT]


async def test_a_withdrawal_keeps_the_moment_that_it_was_told(store: Store, documents: Documents) -> None:
    await store.biometrics.record_consent(CONSENT)
    await store.biometrics.withdraw_consent(STUDENT, NOW)
    document = await documents["biometrics"].find_one({"_id": STUDENT})
    assert document
    assert document["withdrawn_at"] == NOW


async def test_a_class_whose_roster_changes_is_told_once(store: Store) -> None:
    class_id, student_id = new_id(), new_id()
    for each in (student_id, new_id(), new_id()):
        await store.classes.enroll(Enrollment(class_id, each))
    assert await store.classes.changed_since(LONG_AGO) == [class_id]
    before = await _wait_until_nothing_is_new(store.classes.changed_since)
    await store.classes.enroll(Enrollment(class_id, student_id, end=NOW.date()))  # a withdrawal
    assert await store.classes.changed_since(before - MILLISECOND) == [class_id]


async def test_new_meetings_are_told_cancelled_ones_too_and_a_close_is_not(store: Store) -> None:
    added = [meeting(meeting_id=new_id()), meeting(meeting_id=new_id(), state=MeetingState.CANCELLED)]
    for each in added:
        await store.meetings.add(each)
    found = await store.meetings.changed_since(LONG_AGO)
    assert sorted(found, key=lambda each: each.id) == sorted(added, key=lambda each: each.id)
    before = await _wait_until_nothing_is_new(store.meetings.changed_since)
    closing = meeting_closed(added[0], 1, taken=True, coverage=1, counts={}, now=NOW)
    assert await store.meetings.close(added[0], MeetingState.CLOSED, closing)
    assert await store.meetings.changed_since(before) == []


async def test_new_cameras_are_told(store: Store) -> None:
    await store.cameras.add(Camera(CAMERA, ROOM))
    assert await store.cameras.changed_since(LONG_AGO) == [CAMERA]
    assert await store.cameras.get(CAMERA) == Camera(CAMERA, ROOM)


async def test_meetings_of_which_more_was_looked_at_are_told_and_repeated_frames_are_not(store: Store) -> None:
    progress = store.progress
    await progress.cover(MEETING, CAMERA, looked_at((0, 10)))
    await progress.cover(MEETING, "another", looked_at((0, 10)))
    first = await progress.meetings_covered_since(LONG_AGO)
    assert list(first) == [MEETING]
    before = await _wait_until_nothing_is_new(progress.meetings_covered_since)
    await progress.cover(MEETING, CAMERA, looked_at((0, 10)))
    await progress.cover(MEETING, CAMERA, Coverage())
    assert await progress.meetings_covered_since(before) == {}
    assert await progress.meetings_covered_since(LONG_AGO) == first
    await progress.cover(MEETING, CAMERA, looked_at((5, 11)))
    assert list(await progress.meetings_covered_since(before - MILLISECOND)) == [MEETING]
    assert await progress.meetings_covered_since(LONG_AGO) != first


@pytest.mark.parametrize("count", [1, 2, 40])
async def test_nothing_is_left_out_where_many_changed_at_one_moment(
    store: Store, documents: Documents, count: int
) -> None:
    ids = {part: sorted(new_id() for _ in range(count)) for part in ("students", "classes", "meetings", "cameras")}
    for student_id, class_id, meeting_id, camera_id in zip(*ids.values(), strict=True):
        await store.biometrics.record_consent(Consent(student_id, "consent", "1", "them", LONG_AGO))
        await store.classes.enroll(Enrollment(class_id, student_id))
        await store.meetings.add(meeting(meeting_id=meeting_id))
        await store.cameras.add(Camera(camera_id, ROOM))
        await store.progress.cover(meeting_id, camera_id, looked_at((0, 1)))

    async def told_since(moment: datetime) -> dict[str, list[str]]:
        assert sorted(await store.progress.meetings_covered_since(moment)) == [
            each.id for each in sorted(await store.meetings.changed_since(moment), key=lambda each: each.id)
        ]
        return {
            "students": await store.biometrics.changed_since(moment),
            "classes": await store.classes.changed_since(moment),
            "meetings": sorted(each.id for each in await store.meetings.changed_since(moment)),
            "cameras": await store.cameras.changed_since(moment),
        }

    for collection in ("biometrics", "enrollments", "meetings", "cameras", "coverage"):
        await documents[collection].update_many({}, {"$set": {"updated_at": NOW}})
    assert await told_since(NOW) == ids
    assert await told_since(NOW - MILLISECOND) == ids
    assert await told_since(NOW + MILLISECOND) == {part: [] for part in ids}
