"""What a frame's message must fulfil before its picture is looked at."""

from attendance.cameras import Camera, WrongClock, check_clock
from attendance.store import Missing, Store
from ingest.contract import GATEWAY_KEY_ID, BadFrame, from_message
from stream_app.lease import Leased
from stream_app.messages import CheckedFrame, Message, Refused
from stream_app.replayed import BadReplay, first_arrival

# A camera's settings are read again after so long; its frames come far more often than those change.
CAMERA_LEASE_SECONDS = 10.0


class FrameChecks:
    """Checks a message against the contract, the gateway's key, the camera registry and the camera's clock."""

    def __init__(self, store: Store, gateway_key: bytes) -> None:
        self._gateway_key = gateway_key
        self._cameras: Leased[str, Camera] = Leased(store.cameras.get, CAMERA_LEASE_SECONDS)

    async def check(self, message: Message) -> CheckedFrame:
        """Give the frame of a sound message.

        Raises:
            Refused: with the contract's code, `bad_replay`, `unknown_camera` or `clock`.
            StoreUnavailable: the registry can't be asked now.
        """
        try:
            frame = from_message(message.key, message.value, message.headers, find_key=self._find_key)
            arrived_at = first_arrival(message.key, frame.picture, message.headers, self._gateway_key)
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

    def _find_key(self, _camera_id: str, key_id: str) -> bytes | None:
        return self._gateway_key if key_id == GATEWAY_KEY_ID else None
