"""The local stack's settings: its ports, its folders, how much memory its parts may take."""

import os
import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from attendance.settings import ConnectionSettings

CHECKOUT = Path(__file__).resolve().parents[2]


class LocalSettings(ConnectionSettings):
    """Settings with the prefix `ROLLCALL_`.

    `KAFKA_BOOTSTRAP` or `MONGO_URL` in the environment (or as an argument) puts a real cluster in the place of a part
    that would be started here.
    """

    kafka_controller_port: int = Field(default=9093, ge=1, le=65535, description="where Kafka talks to itself")
    ingest_port: int = Field(default=8001, ge=1, le=65535, description="where cameras connect")
    stream_port: int = Field(default=8002, ge=1, le=65535, description="the stream app's health and metrics")
    api_port: int = Field(default=8000, ge=1, le=65535, description="where the REST API and the pages are")

    kafka_libs: Path = Field(
        default=CHECKOUT / ".rollcall" / "kafka" / "libs", description="the folder of Kafka's jars"
    )
    java: str = Field(
        default_factory=lambda: str(Path(os.environ["JAVA_HOME"]) / "bin/java") if "JAVA_HOME" in os.environ else "java"
    )
    kafka_heap_mb: int = Field(
        default=256, ge=128, description="Kafka's heap; below 128 MB a few frames of 8 MB at once end the broker"
    )
    database_cache_mb: int = Field(default=128, ge=32, description="the database's cache")
    retention_check_s: float = Field(
        default=60, gt=0, description="how often Kafka looks for old segments: part of how long a frame is kept"
    )
    delete_delay_s: float = Field(
        default=60, ge=0, description="how long a deleted segment's file stays: part of how long a frame is kept"
    )
    start_deadline_s: float = Field(default=90, gt=0, description="the longest that `up` waits for one process")

    @property
    def kafka_is_local(self) -> bool:
        """Whether Kafka is started here."""
        return "kafka_bootstrap" not in self.model_fields_set

    @property
    def database_is_local(self) -> bool:
        """Whether the database is started here."""
        return "mongo_url" not in self.model_fields_set

    @property
    def run_dir(self) -> Path:
        """The folder of the supervisor's socket, configuration and state."""
        return self.home / "run"

    @property
    def log_dir(self) -> Path:
        """The folder of every process's log."""
        return self.home / "logs"

    @property
    def scripts_dir(self) -> Path:
        """Where the commands of the packages are that this Python has."""
        return Path(sys.executable).parent

    def child_environment(self) -> dict[str, str]:
        """Give what the supervised processes find in their environment, so that all mean the same stack."""
        return {
            "KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "MONGO_URL": self.mongo_url,
            "ROLLCALL_HOME": str(self.home),
            "ROLLCALL_DATABASE": self.database,
            "ROLLCALL_TOPIC_PREFIX": self.topic_prefix,
            "ROLLCALL_GATEWAY_KEY_FILE": str(self.gateway_key_file),
            "ROLLCALL_LOOK_UP_KEY_FILE": str(self.look_up_key_file),
            "ROLLCALL_MASTER_KEY_FILE": str(self.master_key_file),
            "ROLLCALL_KEY_STORE_FILE": str(self.key_store_file),
            "ROLLCALL_KEY_STORE_URL": self.key_store_url,
            "ROLLCALL_AUDIT_KEY_FILE": str(self.audit_key_file),
            "ROLLCALL_AUDIT_HEAD_FILE": str(self.audit_head_file),
            "ROLLCALL_INGEST_PORT": str(self.ingest_port),
            "ROLLCALL_STREAM_PORT": str(self.stream_port),
            "ROLLCALL_API_PORT": str(self.api_port),
            "PYTHONUNBUFFERED": "1",
        }

    def keep(self, path: Path) -> None:
        """Write what was set to a file that only this user can read: an address may hold a password."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        # A secret would be written as stars; whoever set it sets it again.
        kept = self.model_copy(update={"home": self.home})
        path.write_text(kept.model_dump_json(exclude_unset=True, exclude={"master_key"}))

    @staticmethod
    def kept(path: Path) -> "LocalSettings | None":
        """Read what `keep` wrote, whatever the environment says now; None where there is nothing readable.

        The port that a stack runs on is the one it was started with, not the one set in the terminal that asks.
        """
        try:
            return IsolatedSettings.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None


class IsolatedSettings(LocalSettings):
    """The same without the environment: a test must not reach the cluster that a terminal is set to."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments only."""
        return (init_settings,)
