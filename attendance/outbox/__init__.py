"""The relay that brings stored events to Kafka; stream app and API both run it."""

from attendance.outbox.producer import make_producer
from attendance.outbox.relay import OutboxRelay

__all__ = ["OutboxRelay", "make_producer"]
