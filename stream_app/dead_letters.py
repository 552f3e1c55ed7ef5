"""Refused frames go to `frames.dead`, confirmed, before they are acknowledged."""

from aiokafka import AIOKafkaProducer

from attendance.outbox import make_producer
from stream_app.messages import Message, Refused

# Text of a refused frame may stand in the error; whoever sent it must not fill the topic with it.
LONGEST_ERROR = 500


class DeadLetters:
    """Sends refused frames with the reason, the error, and where they came from."""

    def __init__(self, bootstrap: str, topic: str, *, largest_message: int) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._largest_message = largest_message
        self._producer: AIOKafkaProducer | None = None

    async def send(self, message: Message, refused: Refused) -> None:
        """Send the frame as it came, its own headers kept, and wait for the confirmation.

        Raises:
            KafkaError: Kafka did not confirm; send again.
        """
        dead = {
            "dead_reason": refused.code,
            "dead_error": str(refused)[:LONGEST_ERROR],
            "dead_topic": message.topic,
            "dead_partition": str(message.partition),
            "dead_offset": str(message.offset),
            "dead_tries": str(refused.tries),
        }
        own = [(name, value if value is not None else b"") for name, value in message.headers]
        headers = own + [(name, value.encode()) for name, value in dead.items()]
        try:
            producer = await self._started()
            await producer.send_and_wait(self._topic, key=message.key, value=message.value or b"", headers=headers)
        except Exception:
            # An idempotent producer that failed once may refuse all that follows.
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = make_producer(
                self._bootstrap, client_id="rollcall-dead-letters", largest_message=self._largest_message
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer
