"""The only code that talks to MongoDB. `Store` is the way in; each part keeps one kind of document."""

from attendance.store.connection import Store
from attendance.store.errors import Conflict, Missing, NoConsent, StoreUnavailable
from attendance.store.outbox import PendingEvents

__all__ = ["Conflict", "Missing", "NoConsent", "PendingEvents", "Store", "StoreUnavailable"]
