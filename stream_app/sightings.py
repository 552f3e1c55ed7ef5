"""Decided tracks go to the topic `sightings`, where that is switched on."""

from collections.abc import Sequence

from attendance.sighting_events import SightingEvent
from stream_app.confirmed import ConfirmedProducer, Outgoing

# CloudEvents in structured mode: the content type says so, the rest is in the value.
_HEADERS = (("content-type", b"application/cloudevents+json; charset=utf-8"),)


class SightingSender:
    """Sends sightings, those of one camera in the order given, and waits until Kafka has confirmed them."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._producer = ConfirmedProducer(bootstrap, client_id="rollcall-sightings")

    async def send(self, events: Sequence[SightingEvent]) -> None:
        """Send these, and return once all are confirmed.

        Raises:
            KafkaError: not all were confirmed; send all of them again, their ids make it harmless.
        """
        if not events:
            return
        await self._producer.send(
            *(
                Outgoing(self._topic, event.data.camera_id.encode(), event.frozen().encode(), _HEADERS)
                for event in events
            )
        )

    async def stop(self) -> None:
        """Close the connection."""
        await self._producer.stop()
