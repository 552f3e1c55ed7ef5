"""The present moment, as the store keeps it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment in UTC, cut to milliseconds: MongoDB keeps no more."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
