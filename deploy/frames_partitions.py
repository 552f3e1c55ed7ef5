"""Giving the topic `frames` more partitions, outside of meetings.

A camera's frames then go to another partition than before. Its earlier frames may still wait on the old one: within a
meeting they would be taken after the later ones, and the camera's time would seem processed before it is.
"""

from datetime import datetime

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from attendance.settings import ConnectionSettings
from attendance.store import Store

_PAGE = 500


class PartitionsStay(RuntimeError):
    """The number of partitions can't be, or should not now be, what was asked for; the text says why."""


async def grow_frames(connection: ConnectionSettings, partitions: int, *, force: bool, now: datetime) -> int:
    """Give `frames` so many partitions, and return how many it had before. With as many already nothing is done.

    `force` grows it although a meeting is on.

    Raises:
        PartitionsStay: it has more already, or a meeting is on or not closed yet.
        StoreUnavailable: the timetable can't be asked (never with `force`).
        aiokafka.errors.KafkaError: Kafka can't be reached, or refuses.
    """
    topic = connection.topics.frames
    admin = AIOKafkaAdminClient(bootstrap_servers=connection.kafka_bootstrap)
    try:
        await admin.start()
        (found,) = await admin.describe_topics([topic])
        before = len(found["partitions"])
        if partitions < before:
            raise PartitionsStay(f"{topic} has {before} partitions, and Kafka can't take any away")
        if partitions == before:
            return before
        if not force:
            await _refuse_within_meetings(connection, topic, now)
        await admin.create_partitions({topic: NewPartitions(partitions)})
        return before
    finally:
        await admin.close()


async def _refuse_within_meetings(connection: ConnectionSettings, topic: str, now: datetime) -> None:
    store = Store(connection)
    try:
        reason = await _meeting_on(store, now)
    finally:
        store.close()
    if reason:
        raise PartitionsStay(
            f"{reason}: {topic} keeps its partitions until then, for its cameras would move to other partitions and "
            "their frames be taken out of order; `--force` does it all the same"
        )


async def _meeting_on(store: Store, now: datetime) -> str | None:
    over = await store.meetings.open_and_over(now, limit=1)
    if over:
        return f"the meeting {over[0].id} is over and not closed yet"
    after: str | None = None
    while rooms := await store.cameras.page_of_rooms(after=after, limit=_PAGE):
        for room in rooms:
            for meeting in await store.meetings.in_room(room.id, opening_before=now, ending_after=now):
                return f"the meeting {meeting.id} is on until {meeting.end:%H:%M} UTC"
        after = rooms[-1].id
    return None
