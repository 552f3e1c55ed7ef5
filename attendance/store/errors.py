"""What the store refuses.

StoreError
├── Missing           there is no such document
├── Conflict          another document holds that id, or the document changed meanwhile
├── NoConsent         a template without a recorded, standing consent
└── StoreUnavailable  the database can't be reached, or didn't answer in time: try again
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    CursorNotFound,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
)


class StoreError(Exception):
    """Whatever the store refuses."""


class Missing(StoreError):
    """There is no such document."""


class Conflict(StoreError):
    """Another document holds that id, or the document changed meanwhile."""


class NoConsent(StoreError):
    """A template can't be kept: no consent is recorded, or it was withdrawn."""


class StoreUnavailable(StoreError):
    """The database can't be reached or didn't answer in time."""


# A cursor is not found where the server was started again between two batches of one answer.
_TRANSIENT = (AutoReconnect, ConnectionFailure, CursorNotFound, ExecutionTimeout, NetworkTimeout)


@contextmanager
def unavailable_on_network_error() -> Iterator[None]:
    """Turn the driver's network errors into `StoreUnavailable`; those of a full or stepping-down server too."""
    try:
        yield
    except _TRANSIENT as error:
        raise StoreUnavailable(str(error)) from error
    except PyMongoError as error:
        if error.has_error_label("RetryableWriteError"):
            raise StoreUnavailable(str(error)) from error
        raise
