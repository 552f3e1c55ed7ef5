"""What a picture must fulfil before it goes to Kafka."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from attendance.cameras import Camera, WrongClock, check_clock
from attendance.pictures import PictureError, PictureLimits, read_header
from ingest.codes import Code, Refused
from ingest.contract import CONTENT_TYPES, Frame
from ingest.messages import Metadata


class FrameChecks:
    """Checks size, header and clock; decodes nothing."""

    def __init__(self, largest_picture: int) -> None:
        self._limits = replace(PictureLimits(), max_bytes=largest_picture)

    def check(self, camera: Camera, metadata: Metadata, picture: bytes, arrived_at: datetime) -> Frame:
        """Give the frame; without an id of its own it gets a random one, without a time that of its arrival.

        Raises:
            Refused: with the code of what is wrong.
        """
        frame_id = metadata.id or str(uuid4())
        taken_at = metadata.taken_at or arrived_at
        if len(picture) > self._limits.max_bytes:
            raise Refused(
                Code.MESSAGE_TOO_LARGE,
                f"the picture has {len(picture):,} bytes; {self._limits.max_bytes:,} are allowed: "
                "set the camera to a smaller size or a lower quality",
                frame_id=metadata.id,
            )
        try:
            header = read_header(picture, self._limits)
            check_clock(camera, taken_at, arrived_at)
        except PictureError as error:
            raise Refused(Code(error.code), error.sentence, frame_id=metadata.id) from error
        except WrongClock as error:
            raise Refused(Code.CLOCK, str(error), frame_id=metadata.id) from error
        return Frame(
            id=frame_id,
            camera_id=camera.id,
            taken_at=taken_at,
            content_type=CONTENT_TYPES[header.format],
            picture=picture,
            received_at=arrived_at,
        )
