"""The recognition pool: spawned processes, one frame in each, so that blame and deadline fall on one frame.

pebble ends a hung process and tells that one died. It gives a whole pool up, though, when a process dies whose task it
did not hear of yet, or that had none; so each process here is a pebble pool of its own, made anew when it broke. A
process dies with its parent, so a killed app leaves none behind.
"""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import TimeoutError as DeadlinePassed
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from functools import lru_cache, partial

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from recognition import Engine, Look, PictureError, PictureLimits, load_engine
from stream_app import metrics
from stream_app.messages import Refused

# A process may die for reasons that are not the frame's (memory, an operator); three in a row are the frame's.
MOST_DEATHS = 3
# A machine that stood still makes an innocent frame late once.
MOST_DEADLINES = 2

_PR_SET_PDEATHSIG = 1  # prctl(2)

LookAt = Callable[[bytes, float], Look]


def look_with(engine: str, limits: PictureLimits) -> LookAt:
    """Give the function that looks at a picture with an engine; each process loads the engine once.

    Raises:
        recognition.UnknownEngine: there is none of that name.
    """
    load_engine(engine)
    return partial(_look, engine, limits)


class RecognitionProcess:
    """One process that looks at one picture at a time."""

    def __init__(self, look: LookAt, deadline_s: float) -> None:
        self._look = look
        self._deadline_s = deadline_s
        self._pool = _pool_of_one()

    async def look(self, picture: bytes, smallest_face: float) -> Look:
        """Find the faces of a picture and their templates.

        Raises:
            Refused: the picture's own code; `recognition_crashed` where it ended the process three times,
                `recognition_timeout` where it took longer than the deadline twice.
        """
        deaths = deadlines = 0
        while True:
            try:
                return await asyncio.wrap_future(await self._schedule(picture, smallest_face))
            except PictureError as error:
                raise Refused(error.code, str(error)) from error
            except (ProcessExpired, BrokenProcessPool) as error:
                deaths += 1
                metrics.POOL_RESTARTS.labels("crash").inc()
                if deaths == MOST_DEATHS:
                    raise Refused("recognition_crashed", "the picture ended the recogniser", tries=deaths) from error
            except DeadlinePassed as error:
                deadlines += 1
                metrics.POOL_RESTARTS.labels("deadline").inc()
                if deadlines == MOST_DEADLINES:
                    sentence = f"looking at the picture took longer than {self._deadline_s:.0f} s"
                    raise Refused("recognition_timeout", sentence, tries=deadlines) from error

    def stop(self) -> None:
        """End the process; what it was at is lost."""
        _end(self._pool)

    async def _schedule(self, picture: bytes, smallest_face: float) -> "ProcessFuture[Look]":
        if not self._pool.active:
            await asyncio.to_thread(_end, self._pool)
            self._pool = _pool_of_one()
        return self._pool.schedule(self._look, args=(picture, smallest_face), timeout=self._deadline_s)


class RecognitionPool:
    """So many processes; whoever gets one has it alone."""

    def __init__(self, look: LookAt, *, size: int, deadline_s: float) -> None:
        """`look` is called in the processes, so it must be one that can be pickled (`look_with`)."""
        self._processes = [RecognitionProcess(look, deadline_s) for _ in range(size)]
        self._free: asyncio.Queue[RecognitionProcess] = asyncio.Queue()
        for process in self._processes:
            self._free.put_nowait(process)

    @asynccontextmanager
    async def free_process(self) -> AsyncIterator[RecognitionProcess]:
        """Wait for a free process and have it for a while; who waited longest is first."""
        process = await self._free.get()
        try:
            yield process
        finally:
            self._free.put_nowait(process)

    def stop(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.stop()


def _pool_of_one() -> ProcessPool:
    return ProcessPool(
        max_workers=1,
        initializer=_die_with_parent,
        initargs=(os.getpid(),),
        context=multiprocessing.get_context("spawn"),
    )


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _die_with_parent(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    # Ctrl-C is the parent's to answer; a process that ends by it would look like one killed by its frame.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=1)
def _engine(name: str) -> Engine:
    return load_engine(name)


def _look(engine: str, limits: PictureLimits, picture: bytes, smallest_face: float) -> Look:
    return _engine(engine).look(picture, limits, smallest_face)
