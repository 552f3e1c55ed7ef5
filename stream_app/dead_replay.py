"""Sends dead letters back to `frames`: their own bytes, key and headers, and what makes each known as a replay.

What stops a loop: a replay is made by a person's command alone; a frame says how often it was replayed, and beyond a
number isn't replayed again; and a letter that was replayed has a receipt in `frames.dead`, so that no later run sends
it again. (A consumer group's committed offset could not say so: it marks a prefix, and a replay takes a selection. A
search of `frames` for the replay could not either: that is kept for less time than the letter.) The receipt follows
the replay: a run that is killed between the two sends that one frame again the next time, and its `ce_id` makes it
counted once. The other order would lose it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import ConsumerRecord

from attendance.topics import Topics
from ingest.contract import format_time
from stream_app.confirmed import ConfirmedProducer, Outgoing
from stream_app.dead_letters import DEAD_PREFIX
from stream_app.dead_topic import RECEIPT, RECEIPT_OF, DeadTopic, Letter, Place, letter_of
from stream_app.replayed import REPLAY_PREFIX, BadReplay, first_arrival, replay_headers


@dataclass(slots=True)
class Replayed:
    """What became of the letters: `too_large` are those that the topic `frames` doesn't take."""

    sent: int = 0
    too_large: int = 0


class Replayer:
    """Sends letters back to `frames`, each with a receipt in `frames.dead`."""

    def __init__(self, producer: ConfirmedProducer, topics: Topics, gateway_key: bytes) -> None:
        self._producer = producer
        self._topics = topics
        self._gateway_key = gateway_key

    async def replay(
        self, topic: DeadTopic, places: Iterable[Place], on_read: Callable[[], None] = lambda: None
    ) -> Replayed:
        """Send the letters at these places, those of one camera in their order.

        Raises:
            KafkaError: Kafka did not confirm; those that were sent have their receipts, run it again for the others.
        """
        wanted, result = set(places), Replayed()
        async for record in topic.records(on_read):
            if (record.partition, record.offset) not in wanted:
                continue
            try:
                (sent,) = await self._producer.send(self._frame(record))
            except MessageSizeTooLargeError:
                result.too_large += 1
                continue
            await self._producer.send(self._receipt(record, f"{sent.partition}:{sent.offset}"))
            result.sent += 1
        return result

    def _frame(self, record: ConsumerRecord) -> Outgoing:
        letter, body = letter_of(record), record.value or b""
        own = [
            (name, value or b"") for name, value in record.headers if not name.startswith((DEAD_PREFIX, REPLAY_PREFIX))
        ]
        more = replay_headers(
            key=record.key,
            body=body,
            arrived_at=self._arrived_at(record, letter),
            replays=letter.replays + 1,
            letter=letter.name,
            gateway_key=self._gateway_key,
        )
        return Outgoing(self._topics.frames, record.key, body, (*own, *more))

    def _arrived_at(self, record: ConsumerRecord, letter: Letter) -> datetime:
        try:
            first = first_arrival(record.key, record.value or b"", record.headers, self._gateway_key)
        except BadReplay:
            first = None
        return first or letter.arrived_at

    def _receipt(self, record: ConsumerRecord, sent_to: str) -> Outgoing:
        letter = letter_of(record)
        texts = {
            RECEIPT: letter.reason,
            RECEIPT_OF: letter.name,
            "dead_replayedto": sent_to,
            "dead_replayedat": format_time(datetime.now(UTC)),
        }
        headers = tuple((name, text.encode()) for name, text in texts.items())
        return Outgoing(self._topics.frames_dead, record.key, b"", headers, partition=record.partition)
