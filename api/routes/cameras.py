"""Cameras and their device tokens."""

from datetime import timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn, BodyOut, changed
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.etags import IfMatch, require_match
from api.guard import GuardedRoute
from api.problems import invalid_field, not_found
from api.services import StoreHere
from api.texts import CameraId, Id
from api.times import now
from attendance.cameras import Camera, CameraKind
from attendance.ids import new_id
from attendance.rights import NewToken, Role
from attendance.store import Missing, Store

router = APIRouter(prefix="/v1/cameras", tags=["rooms and cameras"], route_class=GuardedRoute)

_DAY = 86_400

Seconds = Annotated[float, Field(allow_inf_nan=False)]


class CameraIn(BodyIn):
    """A camera to add to a room."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"room_id": "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90", "expected_interval_s": 1, "smallest_face": 40}
            ]
        }
    )

    room_id: Id
    kind: CameraKind = Field(
        default=CameraKind.ROOM,
        description="`room`: it sees who is there; `entrance`: who goes in or out; `kiosk`: who steps up to it by "
        "choice. Only the first says that somebody isn't there",
    )
    leads_to: Annotated[tuple[Id, ...], Field(max_length=50)] = Field(
        default=(),
        validate_default=True,
        description="an entrance's or a kiosk's: the rooms whose meetings it is about; else the room's own",
    )
    expected_interval_s: Seconds = Field(default=1, ge=0.04, le=600, description="the time between two of its frames")
    smallest_face: int = Field(default=40, ge=16, le=2000, description="narrower faces, in pixels, aren't looked for")
    allowed_clock_offset_s: Seconds = Field(
        default=10, ge=0, le=3600, description="how far ahead of its arrival a frame may say that it was taken"
    )
    allowed_backlog_s: Seconds = Field(
        default=600, ge=0, le=7 * _DAY, description="how old a frame may be when it arrives"
    )

    @field_validator("leads_to")
    @classmethod
    def _stands_before_rooms(cls, leads_to: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        kind = info.data.get("kind")
        if leads_to and kind is CameraKind.ROOM:
            raise ValueError("a room's camera leads nowhere: it sees its own room")
        if not leads_to and kind is CameraKind.ENTRANCE:
            raise ValueError("say which rooms the entrance leads to")
        return leads_to

    @classmethod
    def of(cls, camera: Camera) -> Self:
        """Give what would add this camera."""
        return cls.model_validate(CameraOut.of(camera).model_dump(exclude={"id"}))

    def camera(self, camera_id: str) -> Camera:
        """Give the camera."""
        return Camera(
            id=camera_id,
            room_id=self.room_id,
            kind=self.kind,
            leads_to=tuple(dict.fromkeys(self.leads_to)),
            expected_interval=timedelta(seconds=self.expected_interval_s),
            smallest_face=self.smallest_face,
            allowed_clock_offset=timedelta(seconds=self.allowed_clock_offset_s),
            allowed_backlog=timedelta(seconds=self.allowed_backlog_s),
        )


class CameraChange(BodyIn):
    """What is to change of a camera; what isn't named stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"smallest_face": 60}]})

    room_id: Id | None = None
    kind: CameraKind | None = None
    leads_to: Annotated[tuple[Id, ...], Field(max_length=50)] | None = None
    expected_interval_s: Seconds | None = None
    smallest_face: int | None = None
    allowed_clock_offset_s: Seconds | None = None
    allowed_backlog_s: Seconds | None = None


class CameraOut(BodyOut):
    """A camera."""

    id: str
    room_id: str
    kind: CameraKind
    leads_to: list[str]
    expected_interval_s: float
    smallest_face: int
    allowed_clock_offset_s: float
    allowed_backlog_s: float

    @classmethod
    def of(cls, camera: Camera) -> Self:
        """Show a camera."""
        return cls(
            id=camera.id,
            room_id=camera.room_id,
            kind=camera.kind,
            leads_to=list(camera.leads_to),
            expected_interval_s=camera.expected_interval.total_seconds(),
            smallest_face=camera.smallest_face,
            allowed_clock_offset_s=camera.allowed_clock_offset.total_seconds(),
            allowed_backlog_s=camera.allowed_backlog.total_seconds(),
        )


class DeviceTokenOut(BodyOut):
    """A device token, at the only moment when its text is known."""

    token_id: str
    token: str = Field(description="shown this once: put it into the camera now")


class NewCameraOut(BodyOut):
    """A camera just added, with its token."""

    camera: CameraOut
    token_id: str
    token: str = Field(description="the camera's device token, shown this once: put it into the camera now")


@router.post("", status_code=201, summary="Add a camera")
async def add_camera(body: CameraIn, store: StoreHere, response: Response) -> NewCameraOut:
    """Add a camera to a room, and make the token that it sends its frames with."""
    await _require_rooms(store, body)
    camera = body.camera(new_id())
    await store.cameras.add(camera)
    token = await _make_token(store, camera.id)
    response.headers["Location"] = f"/v1/cameras/{camera.id}"
    return NewCameraOut(camera=CameraOut.of(camera), token_id=token.id, token=token.text)


@router.get("", summary="List the cameras")
async def list_cameras(store: StoreHere, cursor: CursorParameter = None, limit: Limit = 50) -> Page[CameraOut]:
    """List all cameras, in order of id."""
    found = await store.cameras.page(after=read_key(cursor), limit=limit + 1)
    return make_page(found, limit, CameraOut.of, lambda camera: write_key(camera.id))


@router.get("/{camera_id}", summary="Get a camera")
async def get_camera(camera_id: CameraId, store: StoreHere) -> CameraOut:
    """Get one camera."""
    return CameraOut.of(await _require_camera(store, camera_id))


@router.patch("/{camera_id}", summary="Change a camera")
async def change_camera(
    camera_id: CameraId, body: CameraChange, store: StoreHere, if_match: IfMatch = None
) -> CameraOut:
    """Change what the body names. Workers and ingest know of it within seconds."""
    camera = await _require_camera(store, camera_id)
    require_match(if_match, CameraOut.of(camera))
    wanted = changed(CameraIn.of(camera), body)
    await _require_rooms(store, wanted)
    after = wanted.camera(camera.id)
    if after != camera:
        await store.cameras.change(camera, after)
    return CameraOut.of(after)


@router.delete("/{camera_id}", status_code=204, summary="Delete a camera")
async def delete_camera(camera_id: CameraId, store: StoreHere, if_match: IfMatch = None) -> None:
    """Delete a camera and revoke its tokens: its frames are refused from then on. What it saw stays in the records."""
    require_match(if_match, CameraOut.of(await _require_camera(store, camera_id)))
    await store.tokens.revoke_of(Role.DEVICE, camera_id, now())
    await store.cameras.delete(camera_id)


@router.post("/{camera_id}/tokens", status_code=201, summary="Make another device token")
async def add_camera_token(camera_id: CameraId, store: StoreHere) -> DeviceTokenOut:
    """Make another token for the camera. Those made before go on working until they are revoked."""
    await _require_camera(store, camera_id)
    token = await _make_token(store, camera_id)
    return DeviceTokenOut(token_id=token.id, token=token.text)


async def _require_rooms(store: Store, body: CameraIn) -> None:
    named = [("room_id", body.room_id), *((f"leads_to.{index}", room) for index, room in enumerate(body.leads_to))]
    for field, room_id in named:
        try:
            await store.cameras.get_room(room_id)
        except Missing as error:
            raise invalid_field("body", field, "unknown_room", f"there is no room {room_id}") from error


async def _require_camera(store: Store, camera_id: str) -> Camera:
    try:
        return await store.cameras.get(camera_id)
    except Missing as error:
        raise not_found("camera", camera_id) from error


async def _make_token(store: Store, camera_id: str) -> NewToken:
    label = f"camera {camera_id}"
    return await store.tokens.create(Role.DEVICE, now=now(), subjects=frozenset({camera_id}), label=label)
