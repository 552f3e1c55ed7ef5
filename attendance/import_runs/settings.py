"""The settings of imports."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from attendance.zones import known_zone


class ImportSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`; those that the API has too must be the same there."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", frozen=True)

    default_zone: Annotated[str, AfterValidator(known_zone)] = Field(
        default="UTC", description="the campus' time zone, where a room has none of its own"
    )

    def today(self) -> date:
        """Give the civil date at the campus."""
        return datetime.now(UTC).astimezone(ZoneInfo(self.default_zone)).date()
