"""Photos are looked at in a process of their own: one at a time, a bounded number waiting, each under a deadline.

The web server's own process never decodes a picture: a photo that takes long, or that ends the decoder, can't hold up
or end the answers to others.
"""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import TimeoutError as DeadlinePassed
from contextlib import contextmanager
from functools import lru_cache

from pebble import ProcessExpired, ProcessPool

from api.problems import Problem
from api.settings import ApiSettings
from recognition import Engine, Face, PictureLimits, enrolment_face, load_engine

_PR_SET_PDEATHSIG = 1  # prctl(2)


class EnrolmentDesk:
    """Makes templates out of photos. Nothing of a photo outlives the call."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self.limits = PictureLimits(max_bytes=settings.largest_photo, max_pixels=settings.largest_photo_pixels)
        self._taken = 0
        self._turn = asyncio.Lock()
        self._pool: ProcessPool | None = None

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
            task = self._working_pool().schedule(
                _look,
                args=(self._settings.engine, photo, self.limits, self._settings.smallest_enrolment_face),
                timeout=self._settings.photo_deadline_s,
            )
            try:
                face: Face = await asyncio.wrap_future(task)
            except ProcessExpired as error:
                raise Problem("recognition_failed", "looking at the photo failed: send another one") from error
            except DeadlinePassed as error:
                detail = f"looking at the photo took over {self._settings.photo_deadline_s:.0f} s: send a smaller one"
                raise Problem("recognition_failed", detail) from error
            return face

    def _working_pool(self) -> ProcessPool:
        # A pool whose process could not even start is spoilt for good; the next photo deserves a new one.
        if self._pool is not None and not self._pool.active:
            self.stop()
        if self._pool is None:
            self._pool = _start_pool()
        return self._pool

    def stop(self) -> None:
        """End the process; a photo that it was looking at is lost."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


def _start_pool() -> ProcessPool:
    return ProcessPool(
        max_workers=1,
        initializer=_die_with_parent,
        initargs=(os.getpid(),),
        context=multiprocessing.get_context("spawn"),
    )


def _die_with_parent(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    # Ctrl-C is the parent's to answer; a worker that ends by it would look like one killed by its photo.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=1)
def _engine(name: str) -> Engine:
    return load_engine(name)


def _look(engine: str, photo: bytes, limits: PictureLimits, smallest_face: float) -> Face:
    return enrolment_face(_engine(engine).look(photo, limits), smallest_face)
