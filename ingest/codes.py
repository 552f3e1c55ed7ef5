"""What ingest refuses, by stable codes: they stand in replies, logs and metrics, and in `docs/send-frames.md`."""

from enum import IntEnum, StrEnum


class Code(StrEnum):
    """Why a frame or a connection was refused."""

    MISSING_CAMERA = "missing_camera"
    TOKEN_IN_URL = "token_in_url"  # noqa: S105 - the code's name
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    UNKNOWN_CAMERA = "unknown_camera"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    STORE_UNAVAILABLE = "store_unavailable"

    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED_PICTURE = "unsupported_picture"
    TRUNCATED_PICTURE = "truncated_picture"
    DAMAGED_PICTURE = "damaged_picture"
    PICTURE_TOO_SMALL = "picture_too_small"
    PICTURE_TOO_LARGE = "picture_too_large"
    MESSAGE_TOO_LARGE = "message_too_large"
    BAD_METADATA = "bad_metadata"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    CLOCK = "clock"
    KAFKA_UNAVAILABLE = "kafka_unavailable"


class Close(IntEnum):
    """How a WebSocket is closed (RFC 6455, section 7.4, and its registry; 4000 and up are an application's own)."""

    MESSAGE_TOO_BIG = 1009
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404


CLOSES: dict[Code, Close] = {
    Code.MISSING_CAMERA: Close.BAD_REQUEST,
    Code.TOKEN_IN_URL: Close.UNAUTHORIZED,
    Code.UNAUTHORIZED: Close.UNAUTHORIZED,
    Code.FORBIDDEN: Close.FORBIDDEN,
    Code.UNKNOWN_CAMERA: Close.NOT_FOUND,
    Code.TOO_MANY_CONNECTIONS: Close.TRY_AGAIN_LATER,
    Code.STORE_UNAVAILABLE: Close.TRY_AGAIN_LATER,
}
"""The refusals that end a connection; every other one is for a single frame, and the connection goes on."""


class Refused(Exception):
    """A frame or a connection that ingest doesn't take. `frame_id` is set where the camera gave one that can be one."""

    def __init__(self, code: Code, sentence: str, *, frame_id: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.frame_id = frame_id
