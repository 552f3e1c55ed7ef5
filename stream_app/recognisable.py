"""Who could have been recognised in a meeting: only they can be absent for not having been seen."""

from attendance.meetings import Meeting
from attendance.store import Store
from stream_app import clock


async def recognisable(store: Store, encoder: str, meeting: Meeting, student_ids: list[str]) -> set[str]:
    """Give those of the students who had a template by this encoder before the meeting's first frame was looked at.

    Looked at, not taken: a backlog is looked at later, with the templates that there are then.

    Raises:
        StoreUnavailable: it can't be known now.
    """
    begun_at = await store.progress.begun_at(meeting.id)
    return await store.biometrics.enrolled(encoder, student_ids, before=begun_at or clock.now())
