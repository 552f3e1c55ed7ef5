"""Photos are looked at in a process of their own: one at a time, a bounded number waiting, each under a deadline.

The web server's own process never decodes a picture: a photo that takes long, or that ends the decoder, can't hold up
or end the answers to others.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import Problem
from api.settings import ApiSettings
from recognition import (
    SMALLEST_FACE,
    DeadlinePassed,
    Face,
    PictureLimits,
    ProcessDied,
    RecognitionProcess,
    enrolment_face,
    load_engine,
    look_with,
)


class EnrolmentDesk:
    """Makes templates out of photos. Nothing of a photo outlives the call."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self.limits = PictureLimits(max_bytes=settings.largest_photo, max_pixels=settings.largest_photo_pixels)
        self.matcher = load_engine(settings.engine).matcher  # its models are not loaded in this process
        self._taken = 0
        self._turn = asyncio.Lock()
        self._process = RecognitionProcess(
            look_with(settings.engine, self.limits, thorough=True), settings.photo_deadline_s
        )

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places for photos under way, from before the photo's bytes are read.

        Raises:
            Problem: `busy`, where all are taken.
        """
        if self._taken >= self._settings.photos_at_once:
            detail = f"{self._taken} photos are being looked at: send this one again in some seconds"
            raise Problem("busy", detail, headers={"Retry-After": "5"})
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def look(self, photo: bytes) -> Face:
        """Give the one face of a photo, with its template.

        Raises:
            PictureError: the bytes can't be used as a picture.
            EnrolmentError: no template can be enrolled from it.
            Problem: `recognition_failed`, where looking at it took too long or ended the process.
        """
        async with self._turn:
            try:
                look = await self._process.look(photo, SMALLEST_FACE)
            except ProcessDied as error:
                raise Problem("recognition_failed", "looking at the photo failed: send another one") from error
            except DeadlinePassed as error:
                raise Problem("recognition_failed", f"{error.sentence} Send a smaller photo.") from error
        return enrolment_face(look, self._settings.smallest_enrolment_face)

    def stop(self) -> None:
        """End the process; a photo that it was looking at is lost."""
        self._process.stop()
