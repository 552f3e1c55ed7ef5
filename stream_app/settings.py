"""The stream app's settings."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from stream_app.cores import cores_given, pool_size


class StreamSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore")

    stream_host: str = "127.0.0.1"
    stream_port: int = Field(default=8002, description="where health and metrics are served")
    stream_group: str = Field(default="rollcall-stream", description="the consumer group")
    worker: str | None = Field(
        default=None,
        description="this worker's name in the group, of its own and the same after a restart (a pod's name in a "
        "StatefulSet); without it, the first one that is free on this machine",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug tells what became of each frame"
    )
    sightings: bool = Field(default=False, description="tell each decided track on the topic `sightings`")
    engine: str = Field(default="fast", description="the recognition engine")
    pool_size: int = Field(default_factory=lambda: pool_size(cores_given()), ge=1, description="recognition processes")
    most_lag_s: float = Field(
        default=30.0,
        gt=0,
        description="the longest that a frame should wait to be looked at, from its arrival on Kafka; when more come "
        "than can be looked at within it, they are thinned",
    )
    frame_deadline_s: float = Field(
        default=20.0, gt=0, description="the longest that one frame's recognition may take before it is ended"
    )
    spare_work: bool = Field(
        default=True,
        description="leave undone what tells nothing new: frames without a change, places without a track, "
        "templates of who is known already",
    )
    write_after_s: float = Field(
        default=0.5,
        ge=0,
        description="frames that change no record are written together after so long; each camera costs a few writes "
        "each time",
    )
    unacknowledged_frames: int = Field(
        default=256, ge=1, description="a partition with so many frames under way is asked for no more"
    )
    unacknowledged_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1, description="a partition whose frames hold so many bytes is asked for no more"
    )
    drain_deadline_s: float = Field(
        default=25.0, gt=0, description="the longest that a stop or a rebalance waits for frames under way"
    )
    close_after_s: float = Field(
        default=3600.0, ge=0, description="a meeting closes so long after its end, however far its cameras were read"
    )
    close_every_s: float = Field(default=1.0, gt=0, description="how often meetings to close are looked for")
    dead_letter_bytes: int = Field(
        default=10 * 1024 * 1024, description="the largest message of the topic of refused frames"
    )
