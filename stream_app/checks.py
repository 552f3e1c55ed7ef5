"""What a frame's message must fulfil before its picture is looked at."""

from attendance.cameras import Camera, WrongClock, check_clock
from attendance.store import Missing, Store
from ingest.contract import GATEWAY_KEY_ID, BadFrame, from_message
from stream_app.gallery_sync import Changes, GallerySync
from stream_app.kept import Kept
from stream_app.messages import CheckedFrame, Message, Refused
from stream_app.replayed import BadReplay, first_arrival


class FrameChecks:
    """Checks a message against the contract, the gateway's key, the camera registry and the camera's clock."""

    def __init__(self, store: Store, gateway_key: bytes, sync: GallerySync) -> None:
        self._gateway_key = gateway_key
        self._sync = sync
        self._cameras: Kept[str, Camera] = Kept(store.cameras.get)
        sync.follow(self)

    async def check(self, message: Message) -> CheckedFrame:
        """Give the frame of a sound message.

        Raises:
            Refused: with the contract's code, `bad_replay`, `unknown_camera` or `clock`.
            StoreUnavailable: the registry can't be asked now.
        """
        try:
            frame = from_message(message.key, message.value, message.headers, find_key=self._find_key)
            arrived_at = first_arrival(message.key, frame.picture, message.headers, self._gateway_key)
            self._sync.check()
            camera = await self._cameras.get(frame.camera_id)
            check_clock(camera, frame.taken_at, arrived_at or message.arrived_at)
        except BadFrame as error:
            raise Refused(error.code, str(error)) from error
        except BadReplay as error:
            raise Refused("bad_replay", str(error)) from error
        except Missing as error:
            raise Refused("unknown_camera", "no camera with this id is registered") from error
        except WrongClock as error:
            raise Refused("clock", str(error)) from error
        return CheckedFrame(frame, camera)

    async def take_in(self, changes: Changes) -> None:
        """Forget the cameras that changed."""
        self._cameras.forget(lambda camera_id, _: camera_id in changes.cameras)

    def drop(self) -> None:
        """Forget all cameras."""
        self._cameras.drop()

    def _find_key(self, _camera_id: str, key_id: str) -> bytes | None:
        return self._gateway_key if key_id == GATEWAY_KEY_ID else None
