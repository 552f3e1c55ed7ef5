"""The settings of imports."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from attendance.zones import known_zone
from recognition import SMALLEST_ENROLMENT_FACE


class ImportSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`; those that the API has too must be the same there."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", frozen=True)

    default_zone: Annotated[str, AfterValidator(known_zone)] = Field(
        default="UTC", description="the campus' time zone, where a room has none of its own"
    )

    engine: str = Field(default="fast", description="the recognition engine; the stream app's must be the same")
    largest_photo: int = Field(default=8_000_000, ge=100_000, description="bytes of a photo")
    largest_photo_pixels: int = Field(
        default=50_000_000, ge=10_000, le=89_000_000, description="pixels of a photo; one with more isn't decoded"
    )
    smallest_enrolment_face: float = Field(
        default=SMALLEST_ENROLMENT_FACE, gt=0, description="the least width in pixels of a face on a photo"
    )
    photo_deadline_s: float = Field(default=60.0, gt=0, description="the longest that one photo may be looked at")
    photos_a_student: int = Field(default=20, ge=1, description="photos that are kept of one student")

    def today(self) -> date:
        """Give the civil date at the campus."""
        return datetime.now(UTC).astimezone(ZoneInfo(self.default_zone)).date()
