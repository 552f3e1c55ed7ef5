"""Whether somebody is still missing in a meeting, asked on the real database."""

import gc
import weakref
from datetime import UTC, datetime, timedelta

from attendance import rules
from attendance.ids import new_id
from attendance.meetings import Meeting
from attendance.records import Record
from attendance.status import Status
from attendance.store import Store
from stream_app.completeness import Completeness
from stream_app.health import Health
from stream_app.rosters import Watched
from tests.recognition.tracked import gallery

NOW = datetime.now(UTC).replace(microsecond=0)


async def test_a_meeting_is_complete_once_everyone_who_could_be_recognised_has_an_answer(store: Store) -> None:
    meeting = Meeting(new_id(), "class", ("room",), NOW, NOW + timedelta(hours=1), "UTC")
    watched, people = Watched(meeting, frozenset({"ada", "ben", "cem"})), gallery("ada", "ben")  # cem has no template
    completeness = Completeness(store, Health())

    async def is_complete_after(student: str, status: Status) -> bool:
        def say(record: Record | None) -> Record:
            return rules.mark(record, meeting.id, student, status, by="them", reason=None, now=NOW)

        await store.records.change(meeting, student, say, now=NOW)
        completeness.is_complete(watched, people)
        await completeness.poll()
        return completeness.is_complete(watched, people)

    assert not completeness.is_complete(watched, people), "nobody looked yet"
    assert not await is_complete_after("ada", Status.PRESENT)
    assert not await is_complete_after("ben", Status.UNMARKED)
    assert await is_complete_after("ben", Status.ABSENT)


async def test_it_keeps_no_gallery(store: Store) -> None:
    meeting = Meeting(new_id(), "class", ("room",), NOW, NOW + timedelta(hours=1), "UTC")
    people = gallery.__wrapped__("ada")
    gone = weakref.ref(people)
    completeness = Completeness(store, Health())
    completeness.is_complete(Watched(meeting, frozenset({"ada"})), people)
    del people
    gc.collect()
    assert gone() is None
