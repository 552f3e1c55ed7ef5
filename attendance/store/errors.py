"""What the store refuses.

StoreError
├── Missing           there is no such document
├── Conflict          another document holds that id, or the document changed meanwhile
├── NoConsent         a template without a recorded, standing consent
└── StoreUnavailable  the database can't be reached, didn't answer in time, or has a fault of its own: try again
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    CursorNotFound,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
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
    """The database can't be reached, didn't answer in time, or has a fault of its own."""


# A cursor is not found where the server was started again between two batches of one answer.
_TRANSIENT = (AutoReconnect, ConnectionFailure, CursorNotFound, ExecutionTimeout, NetworkTimeout)
# Faults of the server: no question of ours, and no frame, is at fault for them, and somebody will mend them.
_OUT_OF_DISK_SPACE = 14031
_INTERNAL_ERROR = 1  # SecantusDB's answer to a full disk, and to everything after it


@contextmanager
def unavailable_on_network_error() -> Iterator[None]:
    """Turn the driver's network errors into `StoreUnavailable`; those of a full, broken or stepping-down server too."""
    try:
        yield
    except _TRANSIENT as error:
        raise StoreUnavailable(str(error)) from error
    except PyMongoError as error:
        if error.has_error_label("RetryableWriteError") or _is_of_the_server(error):
            raise StoreUnavailable(str(error)) from error
        raise


def _is_of_the_server(error: PyMongoError) -> bool:
    if not isinstance(error, OperationFailure):
        return False
    # Of several writes at once each has its own code.
    of_writes = (error.details or {}).get("writeErrors", ())
    return bool({error.code, *(each["code"] for each in of_writes)} & {_OUT_OF_DISK_SPACE, _INTERNAL_ERROR})
