"""The API's settings."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.times import Zone
from attendance.reports import Counting, Treatment
from attendance.rights import Role
from recognition import SMALLEST_ENROLMENT_FACE


class ApiSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", frozen=True)

    api_host: str = Field(default="127.0.0.1", description="the address to listen on")
    api_port: int = Field(default=8000, ge=0, le=65535, description="the port to listen on")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    default_zone: Zone = Field(default="UTC", description="the campus' time zone, where a room has none of its own")
    engine: str = Field(default="fast", description="the recognition engine; the stream app's must be the same")
    largest_json: int = Field(default=1_000_000, ge=10_000, description="bytes of a body, photos apart")
    json_upload_s: float = Field(default=30.0, gt=0, description="the longest that a body may take, photos apart")
    largest_photo: int = Field(default=8_000_000, ge=100_000, description="bytes of a photo")
    largest_photo_pixels: int = Field(
        default=50_000_000, ge=10_000, le=89_000_000, description="pixels of a photo; one with more isn't decoded"
    )
    smallest_enrolment_face: float = Field(
        default=SMALLEST_ENROLMENT_FACE, gt=0, description="the least width in pixels of a face on a photo"
    )
    largest_import: int = Field(
        default=64_000_000, ge=100_000, description="bytes of an imported file; it is held in memory"
    )
    import_upload_s: float = Field(
        default=300.0, gt=0, description="the longest that an imported file may take to arrive; one is taken at a time"
    )
    photos_at_once: int = Field(
        default=8, ge=1, description="photos taken in at one time; one is looked at, the others wait, more are refused"
    )
    photo_upload_s: float = Field(
        default=60.0, gt=0, description="the longest that one photo may take to arrive; it holds a place meanwhile"
    )
    photo_deadline_s: float = Field(default=60.0, gt=0, description="the longest that one photo may be looked at")
    oidc_issuer: str | None = Field(
        default=None,
        min_length=1,
        description="the identity provider whose tokens are taken, as its tokens name it (`iss`); none where unset",
    )
    oidc_audience: str | None = Field(
        default=None, min_length=1, description="for whom its tokens have to be (`aud`); needed with an issuer"
    )
    oidc_keys_url: str | None = Field(
        default=None, description="where its public keys are (JWKS); else what the issuer's own document says"
    )
    oidc_roles_claim: str = Field(default="roles", description="the claim that says which roles somebody has")
    oidc_roles: dict[str, str] = Field(
        default={}, description='what its roles are called here, as JSON: {"staff": "teacher"}; others go by their name'
    )
    oidc_person_claim: str = Field(
        default="sub", description="the claim that holds the school's own id of a student or teacher"
    )
    oidc_students_claim: str = Field(
        default="advisees", description="the claim that lists the school's ids of an adviser's students"
    )
    code_link: str = Field(
        default="rollcall:{code}",
        max_length=500,
        description="what the QR code of a meeting's code says; `{code}` is put in: the page on which students give it",
    )
    live_streams: int = Field(default=500, ge=1, description="rolls followed live at one time; more are refused")
    photos_a_student: int = Field(default=20, ge=1, description="photos that are kept of one student")
    rate_late_weight: float = Field(
        default=1.0, ge=0, le=1, description="the share of a meeting that a late student attended, in rates"
    )
    rate_left_early: Treatment = Field(
        default=Treatment.LEFT_OUT, description="what left_early is to a rate: left_out, attended or missed"
    )
    rate_excused: Treatment = Field(
        default=Treatment.LEFT_OUT, description="what excused is to a rate: left_out, attended or missed"
    )
    risk_below: float = Field(default=0.8, ge=0, le=1, description="the rate below which a student is at risk")
    risk_weeks: int = Field(default=4, ge=1, le=520, description="the weeks that are looked at for it")

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        if self.oidc_issuer is None:
            return self
        if self.oidc_audience is None:
            raise ValueError("ROLLCALL_OIDC_AUDIENCE is needed: without it a token made for any other service would do")
        for address in filter(None, (self.oidc_issuer, self.oidc_keys_url)):
            where = urlsplit(address)
            if where.scheme != "https" and where.hostname not in ("127.0.0.1", "::1", "localhost"):
                raise ValueError(f"the identity provider is asked by https only, not by {address}")
        unknown = set(self.oidc_roles.values()) - {role.value for role in Role}
        if unknown:
            raise ValueError(f"ROLLCALL_OIDC_ROLES names a role that isn't one: {min(unknown)}")
        return self

    @property
    def counting(self) -> Counting:
        """How the school counts a rate."""
        return Counting(self.rate_late_weight, self.rate_left_early, self.rate_excused)
