"""Where the commands that speak to the API find it, and as whom they speak."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClientSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", env_ignore_empty=True, frozen=True)

    api: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://\S+$", description="the API's address")
    token: str = Field(default="", repr=False, pattern=r"^[!-~]*$", description="the token of whoever speaks")
