"""The ingest service's settings."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# What a frame's key, headers and record framing take beside the picture; ids are bounded, so it can't grow.
_ROOM_FOR_HEADERS = 64 * 1024


class IngestSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`.

    Frames hold at most `in_flight_bytes`, and each connection that waits for its place one message; Kafka's client
    copies what it sends.
    """

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", frozen=True)

    ingest_host: str = Field(default="127.0.0.1", description="the address to listen on")
    ingest_port: int = Field(default=8001, ge=0, le=65535, description="the port to listen on")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug tells each stored frame, info the refused ones"
    )
    largest_picture: int = Field(
        default=8_000_000, ge=1_000, description="bytes of a picture; the topic `frames` has to take 1 MB more"
    )
    connections: int = Field(default=1_000, ge=1, description="cameras connected at the same time")
    connection_frames: int = Field(default=32, ge=1, description="a connection's frames under way")
    connection_bytes: int = Field(default=32_000_000, ge=1, description="bytes of a connection's frames under way")
    in_flight_frames: int = Field(default=4_000, ge=1, description="frames under way in all")
    in_flight_bytes: int = Field(default=128_000_000, ge=1, description="bytes of the frames under way in all")
    confirm_within_s: float = Field(
        default=30.0,
        gt=0,
        description="the longest wait for Kafka; a broker that starts after a crash needs up to 20 s",
    )
    recheck_every_s: float = Field(
        default=4.0,
        gt=0,
        le=8,
        description="how often an open connection's token is looked up; revoked ends it in 10 s",
    )
    ping_every_s: float = Field(default=20.0, gt=0, description="a silent camera is asked for a sign of life")
    ping_timeout_s: float = Field(default=20.0, gt=0, description="and its connection ended, where none comes")
    drain_within_s: float = Field(default=20.0, gt=0, description="the longest that a stop waits for confirmations")

    @model_validator(mode="after")
    def _bounds_hold_a_picture(self) -> Self:
        if min(self.connection_bytes, self.in_flight_bytes) < self.largest_picture:
            raise ValueError("connection_bytes and in_flight_bytes must each hold at least one largest_picture")
        return self

    @property
    def largest_socket_message(self) -> int:
        """Bytes from which on a message isn't read at all and ends the connection.

        What lies between the largest picture and this is read, refused and forgotten, and the connection goes on.
        """
        return self.largest_picture + self.largest_picture // 2

    @property
    def largest_kafka_message(self) -> int:
        """Bytes of the largest picture's message."""
        return self.largest_picture + _ROOM_FOR_HEADERS
