"""Looks at photos for the command, in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from attendance.import_runs.photos import Desk, PhotoRefused
from attendance.import_runs.settings import ImportSettings
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


@contextmanager
def desk_of(settings: ImportSettings) -> Iterator[Desk]:
    """Give a desk for as long as it is needed.

    Raises:
        UnknownEngine: no recognition engine has the name in the settings.
    """
    limits = PictureLimits(max_bytes=settings.largest_photo, max_pixels=settings.largest_photo_pixels)
    matcher = load_engine(settings.engine).matcher  # its models are not loaded in this process
    process = RecognitionProcess(look_with(settings.engine, limits, thorough=True), settings.photo_deadline_s)

    async def look(photo: bytes) -> Face:
        try:
            found = await process.look(photo, SMALLEST_FACE)
        except (DeadlinePassed, ProcessDied) as error:
            raise PhotoRefused("recognition_failed", "looking at it took too long, or ended the process") from error
        return enrolment_face(found, settings.smallest_enrolment_face)

    try:
        yield Desk(look, matcher, limits, settings.photos_a_student)
    finally:
        process.stop()
