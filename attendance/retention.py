"""How long each kind of data is kept."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_YEAR = 365


class RetentionSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`, in days. What is shorter-lived by its nature isn't here.

    Frames and events on Kafka: `rollcall topics`. Open tracks: a day. Answers kept for repeated requests: a day.
    Claims of codes: an hour after they could hold.
    """

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", frozen=True, env_ignore_empty=True)

    keep_records_days: int = Field(
        default=3 * _YEAR, ge=1, description="records of attendance with their events, notices and coverage"
    )
    keep_audit_days: int = Field(default=3 * _YEAR, ge=30, description="who looked at what")
    keep_tokens_days: int = Field(
        default=3 * _YEAR, ge=1, description="tokens that are revoked or expired: records and audit name them"
    )
    keep_told_days: int = Field(
        default=45, ge=1, description="the event that tells of an erasure; longer than Kafka keeps events"
    )
    consent_ends_after_days: int = Field(
        default=30, ge=0, description="consent and templates of whoever is in no class any more"
    )
    backup_sets: dict[str, int] = Field(
        default={}, description='how many days each set of backups is kept, as JSON: {"nightly": 35, "yearly": 1100}'
    )
