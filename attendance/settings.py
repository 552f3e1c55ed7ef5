"""Where Kafka, the database and the keys are: the settings that every process shares."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from attendance.topics import Topics


def _local_kafka(validated: dict[str, Any]) -> str:
    return f"127.0.0.1:{validated.get('kafka_port', 9092)}"


def _local_mongo(validated: dict[str, Any]) -> str:
    return f"mongodb://127.0.0.1:{validated.get('mongo_port', 27017)}"


def _default_key_file(name: str) -> Callable[[dict[str, Any]], Path]:
    # A home that was refused is not among the validated fields; its own error is the one to show.
    return lambda validated: Path(validated.get("home", ".rollcall")) / "keys" / name


def _in_home(name: str) -> Callable[[dict[str, Any]], Path]:
    return lambda validated: Path(validated.get("home", ".rollcall")) / name


class ConnectionSettings(BaseSettings):
    """Settings with the prefix `ROLLCALL_`; `KAFKA_BOOTSTRAP` and `MONGO_URL` also without it.

    Each can be given as an argument by its name here: `ConnectionSettings(mongo_url="mongodb://db:27017")`.
    """

    model_config = SettingsConfigDict(
        env_prefix="ROLLCALL_", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    kafka_port: int = Field(default=9092, ge=1, le=65535, description="the port of the local stack's Kafka")
    mongo_port: int = Field(default=27017, ge=1, le=65535, description="the port of the local stack's database")
    kafka_bootstrap: str = Field(
        default_factory=_local_kafka,
        min_length=1,
        validation_alias=AliasChoices("KAFKA_BOOTSTRAP", "ROLLCALL_KAFKA_BOOTSTRAP"),
        description="the brokers to begin with, as host:port,host:port; the local stack's unless set",
    )
    mongo_url: str = Field(
        default_factory=_local_mongo,
        min_length=1,
        validation_alias=AliasChoices("MONGO_URL", "ROLLCALL_MONGO_URL"),
        description="the database's address; the local stack's unless set",
    )
    database: str = Field(default="rollcall", min_length=1, description="the database's name")
    topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="put before every topic's name"
    )
    home: Path = Field(default=Path(".rollcall"), validate_default=True, description="the folder for keys and data")
    gateway_key_file: Path = Field(
        default_factory=_default_key_file("gateway.key"),
        description="the key by which ingest signs frames, as 64 hex digits",
    )
    look_up_key_file: Path = Field(
        default_factory=_default_key_file("look-up.key"),
        description="the key by which people are found by the school's own ids, as 64 hex digits",
    )
    audit_key_file: Path = Field(
        default_factory=_default_key_file("audit.key"), description="the key that seals the audit, as 64 hex digits"
    )
    audit_head_file: Path = Field(
        default_factory=_in_home("audit/head.json"),
        description="the end of the audit, kept outside of the database; best where no one who writes there can write",
    )

    master_key_file: Path = Field(
        default_factory=_default_key_file("master.key"),
        description="the key that wraps people's own keys, as 64 hex digits; not read where one of the next two is set",
    )
    master_key: SecretStr = Field(default=SecretStr(""), description="that key itself, instead of its file")
    master_key_command: str = Field(default="", description="what prints that key, a key service's say, instead of it")
    key_store_file: Path = Field(
        default_factory=_default_key_file("people.sqlite"),
        description="people's own keys, wrapped; not used where key_store_url is set",
    )
    key_store_url: str = Field(
        default="", description="another database for people's own keys, as a MongoDB address that ends with its name"
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        # A child process that is started in another folder has to find the same home.
        return home.expanduser().absolute()

    @property
    def topics(self) -> Topics:
        """The topics' names under this prefix."""
        return Topics(self.topic_prefix)
