"""The agent's file: where to send, and which cameras there are. Read strictly: a misspelt field is an error."""

from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

from attendance.keys import KEY_BYTES

SOURCES = ("rtsp", "rtsps", "http", "https", "usb", "file", "folder")

_Text = Annotated[str, StringConstraints(min_length=1)]


class BadConfig(ValueError):
    """The agent's file can't be used; each line of the text says where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PictureSettings(_Strict):
    """What becomes of a camera's pictures."""

    every_s: float = Field(default=1.0, ge=0.04, le=600, description="seconds between two pictures")
    quality: int = Field(default=85, ge=1, le=100, description="of the JPEG")
    largest_side: int = Field(default=1920, ge=16, le=8_000, description="pixels; larger pictures are made smaller")
    skip_unchanged: bool = Field(default=True, description="leave out pictures that show no change")
    least_change: float = Field(default=4.0, gt=0, le=255, description="grey levels in one of 64 x 36 cells")
    longest_gap_s: float | None = Field(
        default=None, gt=0, description="a picture is sent at least so often; two of `every_s` unless set"
    )
    repeat: bool = Field(default=False, description="a file begins again at its end")

    @property
    def longest_gap(self) -> float:
        """Seconds; a frame covers two expected intervals, so a longer gap would count as not looked at."""
        return self.longest_gap_s or 2 * self.every_s


class CameraSettings(PictureSettings):
    """One camera."""

    camera: str = Field(pattern=r"^[A-Za-z0-9._:\-]{1,128}$", description="its id")
    source: _Text = Field(description="rtsp://…, http://….mjpg, usb:0, file:PATH or folder:PATH")
    token_file: Path | None = Field(default=None, description="the file that holds its device token")
    key_file: Path | None = Field(default=None, description="straight to Kafka: the file with its key, KEYID:HEX")

    @property
    def scheme(self) -> str:
        """What kind of source it is."""
        return self.source.partition(":")[0].lower()

    @property
    def place(self) -> str:
        """What follows the scheme, for usb, file and folder."""
        return self.source.partition(":")[2]

    @property
    def shown_source(self) -> str:
        """The source without the password that may stand in it, for logs."""
        if self.scheme in ("usb", "file", "folder"):
            return self.source
        parts = urlsplit(self.source)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

    @model_validator(mode="after")
    def _source_can_be_read(self) -> Self:
        if self.scheme not in SOURCES:
            raise ValueError(f"source: {self.scheme!r} is none of {', '.join(SOURCES)}")
        if not self.place.strip("/"):
            raise ValueError("source: nothing follows the colon")
        if self.scheme == "usb" and not self.place.isdecimal():
            raise ValueError("source: usb is followed by the device's number, as in usb:0")
        return self


class BufferSettings(_Strict):
    """Where pictures wait until they are confirmed."""

    folder: Path
    megabytes: float = Field(default=200, gt=0, description="of each camera; beyond it the oldest are dropped")


class AgentConfig(_Strict):
    """The whole file: either `ingest` or `kafka`."""

    ingest: str | None = Field(default=None, pattern=r"^wss?://[^/?#]+/?$", description="wss://HOST:PORT")
    ca_file: Path | None = Field(default=None, description="certificates to trust instead of the system's")
    kafka: _Text | None = Field(default=None, description="HOST:PORT,… to produce straight to Kafka")
    topic: _Text = Field(default="frames", description="Kafka's topic")
    buffer: BufferSettings
    metrics_port: int | None = Field(default=None, ge=1, le=65535, description="where Prometheus reads, on loopback")
    cameras: list[CameraSettings] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.ingest is None) == (self.kafka is None):
            raise ValueError("say either `ingest` or `kafka`")
        secret = "token_file" if self.ingest else "key_file"
        seen: set[str] = set()
        for index, camera in enumerate(self.cameras):
            if getattr(camera, secret) is None:
                raise ValueError(f"cameras.{index}: `{secret}` is missing")
            if camera.camera in seen:
                raise ValueError(f"cameras.{index}: {camera.camera} stands twice")
            seen.add(camera.camera)
        return self


def read_config(path: Path) -> AgentConfig:
    """Read the file; paths in it are relative to its folder, and the secrets that it names must be there.

    Raises:
        BadConfig: one line for each thing that is wrong.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
        config = AgentConfig.model_validate(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadConfig(f"{path}: {error}") from error
    except ValidationError as error:
        raise BadConfig("\n".join(f"{path}: {_sentence(fault)}" for fault in error.errors())) from error
    config = _placed(config, path.absolute().parent)
    complaints = list(_unreadable_secrets(config))
    if complaints:
        raise BadConfig("\n".join(f"{path}: {complaint}" for complaint in complaints))
    return config


def read_token(path: Path | None) -> str:
    """Read a device token.

    Raises:
        BadConfig: there is none.
    """
    token = _read_secret(path)
    if not token.startswith("rc_") or len(token.split()) != 1:
        raise BadConfig(f"{path} holds no device token: it is one word that begins with rc_")
    return token


def read_key(path: Path | None) -> tuple[str, bytes]:
    """Read a signing key: its id and its bytes.

    Raises:
        BadConfig: there is none.
    """
    key_id, _, text = _read_secret(path).partition(":")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if not key_id or len(key) < KEY_BYTES:
        raise BadConfig(f"{path} holds no signing key: it is KEYID:HEX with at least {2 * KEY_BYTES} hex digits")
    return key_id, key


def _read_secret(path: Path | None) -> str:
    if path is None:
        raise BadConfig("the file isn't named")
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} can't be read: {error}") from error


def _placed(config: AgentConfig, home: Path) -> AgentConfig:
    def at_home(path: Path | None) -> Path | None:
        return None if path is None else home / path.expanduser()

    def placed(camera: CameraSettings) -> CameraSettings:
        changes: dict[str, Any] = {name: at_home(getattr(camera, name)) for name in ("token_file", "key_file")}
        if camera.scheme in ("file", "folder"):
            changes["source"] = f"{camera.scheme}:{home / Path(camera.place).expanduser()}"
        return camera.model_copy(update=changes)

    return config.model_copy(
        update={
            "ca_file": at_home(config.ca_file),
            "buffer": config.buffer.model_copy(update={"folder": at_home(config.buffer.folder)}),
            "cameras": [placed(camera) for camera in config.cameras],
        }
    )


def _unreadable_secrets(config: AgentConfig) -> list[str]:
    complaints = []
    for index, camera in enumerate(config.cameras):
        try:
            if config.ingest:
                read_token(camera.token_file)
            else:
                read_key(camera.key_file)
        except BadConfig as error:
            complaints.append(f"cameras.{index}: {error}")
    if config.ca_file and not config.ca_file.is_file():
        complaints.append(f"ca_file: there is no file {config.ca_file}")
    return complaints


def _sentence(fault: ErrorDetails) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    message = "no such field" if fault["type"] == "extra_forbidden" else fault["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # the package has no types
    """YAML's plain types; a key that stands twice is an error instead of the last one's silent win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Build a mapping."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if (key := self.construct_object(key_node, deep=True)) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping
