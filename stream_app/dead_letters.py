"""Refused frames go to `frames.dead`, once and confirmed, before they are acknowledged."""

import structlog
from aiokafka.errors import MessageSizeTooLargeError

from ingest.contract import format_time
from stream_app.confirmed import ConfirmedProducer, Outgoing
from stream_app.messages import Message, Refused
from stream_app.refused_before import RefusedBefore

# Text of a refused frame may stand in the error; whoever sent it must not fill the topic with it.
LONGEST_ERROR = 500
# The key of a letter without its frame's bytes: a camera's id is shorter, and the frame's own may be what is too large.
LONGEST_KEY = 128
# Headers that begin so are the stream app's own word. A camera's are left out, or it could write its own reason.
DEAD_PREFIX = "dead_"

log = structlog.get_logger(__name__)


class DeadLetters:
    """Sends refused frames with the reason, the error, and where they came from."""

    def __init__(self, bootstrap: str, topic: str, *, largest_message: int) -> None:
        self._topic = topic
        self._producer = ConfirmedProducer(
            bootstrap, client_id="rollcall-dead-letters", largest_message=largest_message
        )
        self._before = RefusedBefore(bootstrap, topic)

    async def send(self, message: Message, refused: Refused) -> None:
        """Send the frame as it came, its own headers kept, and wait for the confirmation; nothing if it lies there.

        A producer that compresses gets a message into `frames` that no dead letter can hold. Its letter says the reason
        and leaves out the bytes (`dead_leftout`): to wait for room would stop the partition for ever.

        Raises:
            KafkaError: Kafka did not confirm; send again.
        """
        if await self._before.holds(message):
            return
        try:
            await self._send(message, refused)
        except BaseException:
            self._before.failed(message)
            raise
        self._before.sent(message)

    async def _send(self, message: Message, refused: Refused) -> None:
        own, dead = own_headers(message), dead_headers(message, refused)
        try:
            await self._producer.send(Outgoing(self._topic, message.key, message.value or b"", (*own, *dead)))
        except MessageSizeTooLargeError:
            log.warning("a refused frame's bytes are left out of its dead letter: too large", **message.place)
            key = None if message.key is None else message.key[:LONGEST_KEY]
            dead.append(("dead_leftout", str(message.size).encode()))
            await self._producer.send(Outgoing(self._topic, key, b"", dead))

    async def stop(self) -> None:
        """Close the connection."""
        await self._producer.stop()


def own_headers(message: Message) -> list[tuple[str, bytes]]:
    """Give the headers that a message came with."""
    return [(name, value or b"") for name, value in message.headers if not name.startswith(DEAD_PREFIX)]


def dead_headers(message: Message, refused: Refused) -> list[tuple[str, bytes]]:
    """Give the headers that say why a message was refused, and where and when it came."""
    dead = {
        "dead_reason": refused.code,
        "dead_error": str(refused)[:LONGEST_ERROR],
        "dead_topic": message.topic,
        "dead_partition": str(message.partition),
        "dead_offset": str(message.offset),
        "dead_tries": str(refused.tries),
        "dead_arrivedat": format_time(message.arrived_at),
    }
    return [(name, value.encode()) for name, value in dead.items()]
