"""Whether a connection may send a camera's frames.

Without a valid token every camera gets the same answer, so nobody learns which ones exist.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import HTTPConnection

from attendance.cameras import Camera
from attendance.rights import Permission
from attendance.store import Missing, Store, StoreUnavailable
from ingest.codes import Code, Refused

SUBPROTOCOL = "rollcall.v1"
_TOKEN_SUBPROTOCOL = "rollcall.token."  # noqa: S105 - a prefix
_TOKEN_NAMES = re.compile(r"token|bearer|auth|secret|password|api[_-]?key", re.IGNORECASE)
_TOKEN_VALUE = re.compile(r"rc_[0-9a-f]{12}_")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a connection says that it is."""

    camera_id: str
    token: str


def read_claim(connection: HTTPConnection) -> Claim:
    """Read camera and token out of the request.

    Raises:
        Refused: `token_in_url`, `missing_camera`, `unauthorized`.
    """
    query = connection.query_params.multi_items()
    if any(_TOKEN_NAMES.search(name) or _TOKEN_VALUE.search(name + "=" + value) for name, value in query):
        raise Refused(
            Code.TOKEN_IN_URL,
            "a URL ends up in logs, so no token may stand in it: revoke this one, and send a new one in the header "
            f"`Authorization: Bearer TOKEN` or as the subprotocol `{_TOKEN_SUBPROTOCOL}TOKEN`",
        )
    token = _token(connection)
    if token is None:
        raise Refused(
            Code.UNAUTHORIZED,
            "no token: send the camera's one in the header `Authorization: Bearer TOKEN` or as the subprotocol "
            f"`{_TOKEN_SUBPROTOCOL}TOKEN`",
        )
    cameras = connection.query_params.getlist("camera")
    if len(cameras) != 1 or not cameras[0]:
        raise Refused(Code.MISSING_CAMERA, "say once which camera this is: /ws?camera=ID")
    return Claim(cameras[0], token)


async def admit(store: Store, claim: Claim) -> Camera:
    """Give the camera whose frames the claim may send.

    Raises:
        Refused: `unauthorized`, `forbidden`, `unknown_camera`, `store_unavailable`.
    """
    try:
        principal = await store.tokens.principal_of(claim.token, datetime.now(UTC))
        if principal is None:
            raise Refused(Code.UNAUTHORIZED, "this token is wrong, revoked or expired")
        if not principal.may(Permission.SEND_OWN_FRAMES):
            raise Refused(Code.FORBIDDEN, "this is no device's token: make one for the camera")
        camera = await store.cameras.get(claim.camera_id)
    except Missing as error:
        raise Refused(Code.UNKNOWN_CAMERA, "no camera with this id is registered") from error
    except StoreUnavailable as error:
        raise Refused(Code.STORE_UNAVAILABLE, "the token can't be looked up now: try again in a few seconds") from error
    if not principal.owns(camera.id):
        raise Refused(Code.FORBIDDEN, "this token belongs to another camera")
    return camera


def offered(connection: HTTPConnection) -> list[str]:
    """Give the subprotocols that the client offers."""
    subprotocols: list[str] = connection.scope.get("subprotocols", [])
    return subprotocols


def _token(connection: HTTPConnection) -> str | None:
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    tokens = [
        name.removeprefix(_TOKEN_SUBPROTOCOL) for name in offered(connection) if name.startswith(_TOKEN_SUBPROTOCOL)
    ]
    return tokens[0] if tokens else None
