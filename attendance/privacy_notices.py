"""The notices that people are given before they are asked whether their face may be recognised."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """One version, as it was published; never changed afterwards: a consent names the version that was read."""

    version: str
    title: str
    text: str
    language: str
    published_at: datetime
    published_by: str
