"""Decided tracks go to the topic `sightings`, where that is switched on."""

from collections.abc import Sequence

import structlog
from aiokafka.errors import MessageSizeTooLargeError

from attendance.sighting_events import SightingEvent
from stream_app.confirmed import ConfirmedProducer, Outgoing

# CloudEvents in structured mode: the content type says so, the rest is in the value.
_HEADERS = (("content-type", b"application/cloudevents+json; charset=utf-8"),)

log = structlog.get_logger(__name__)


class SightingSender:
    """Sends sightings, those of one camera in the order given, and waits until Kafka has confirmed them."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._producer = ConfirmedProducer(bootstrap, client_id="rollcall-sightings")

    async def send(self, events: Sequence[SightingEvent]) -> None:
        """Send these, and return once all are confirmed. What Kafka will never take is left out, and logged.

        Raises:
            KafkaError: not all were confirmed; send all of them again, their ids make it harmless.
        """
        if not events:
            return
        try:
            await self._producer.send(*map(self._outgoing, events))
        except MessageSizeTooLargeError:
            # The topic's limit was made too low for somebody's ids: waiting would stop the camera for ever.
            for event in events:
                await self._send_or_leave_out(event)

    async def stop(self) -> None:
        """Close the connection."""
        await self._producer.stop()

    async def _send_or_leave_out(self, event: SightingEvent) -> None:
        try:
            await self._producer.send(self._outgoing(event))
        except MessageSizeTooLargeError:
            log.warning("sighting left out: too large for the topic", id=event.id, topic=self._topic)

    def _outgoing(self, event: SightingEvent) -> Outgoing:
        return Outgoing(self._topic, event.data.camera_id.encode(), event.frozen().encode(), _HEADERS)
