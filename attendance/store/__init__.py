"""The only code that talks to MongoDB. `Store` is the way in; each part keeps one kind of document."""

from attendance.store.connection import Store, require_keys
from attendance.store.errors import Conflict, Missing, NoConsent, StoreUnavailable
from attendance.store.outbox import PendingEvents
from attendance.store.record_export import Selection

__all__ = [
    "Conflict",
    "Missing",
    "NoConsent",
    "PendingEvents",
    "Selection",
    "Store",
    "StoreUnavailable",
    "require_keys",
]
