"""Recognition in a process of its own: what ends it, or never ends, doesn't end the caller.

pebble ends a hung process and tells that one died. It gives a whole pool up, though, when a process dies whose task it
did not hear of yet, or that had none; so each process here is a pebble pool of its own, made anew when it broke.
"""

import asyncio
import concurrent.futures
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Generic, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from recognition.engine import load_engine, shared_engine
from recognition.errors import DeadlinePassed, ProcessDied
from recognition.faces import Look
from recognition.picture import PictureLimits

__all__ = ["LookAt", "RecognitionProcess", "look_with"]

_PR_SET_PDEATHSIG = 1  # prctl(2)
# pebble counts a task's deadline from when the process takes it. One that died in just that moment takes none, and the
# caller would wait for ever; a process starts within so long.
_START_SECONDS = 15.0

LookAt = Callable[[bytes, float], Look]

Given = ParamSpec("Given")
Seen = TypeVar("Seen")


def look_with(engine: str, limits: PictureLimits, *, thorough: bool = False) -> LookAt:
    """Return what looks at a picture (bytes, smallest face) with an engine; each process loads the engine once.

    `thorough`: as `Engine.look` has it, for enrolment. Raises UnknownEngine if there is none of that name.
    """
    load_engine(engine)
    return partial(_look, engine, limits, thorough)


class RecognitionProcess(Generic[Given, Seen]):
    """One spawned process that looks at one picture at a time. It starts with its first, and dies with its parent.

    >>> process = RecognitionProcess(look_with("fast", PictureLimits()), deadline_s=20)
    >>> look = await process.look(picture, 40.0)
    >>> process.stop()
    """

    def __init__(self, look: Callable[Given, Seen], deadline_s: float) -> None:
        """`look` is called in the process, so it must be one that can be pickled."""
        self._look = look
        self._deadline_s = deadline_s
        self._pool = _pool_of_one()

    async def look(self, *given: Given.args, **named: Given.kwargs) -> Seen:
        """Return what `look` gives in the process, with its errors.

        Raises ProcessDied if the process ended meanwhile, and DeadlinePassed if it took too long and was ended. The
        next call finds a new one.
        """
        task = await self._schedule(*given, **named)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(task), self._deadline_s + _START_SECONDS)
        except concurrent.futures.TimeoutError as error:
            if not task.done() or task.cancelled():
                await self._replace()
                raise ProcessDied("The process that was to look at the picture never began.") from error
            raise DeadlinePassed(f"Looking at the picture took longer than {self._deadline_s:.0f} s.") from error
        except (BrokenProcessPool, ProcessExpired) as error:
            raise ProcessDied("The process that looked at the picture ended.") from error

    def stop(self) -> None:
        """End the process; what it was at is lost."""
        _end(self._pool)

    async def _schedule(self, *given: Given.args, **named: Given.kwargs) -> "ProcessFuture[Seen]":
        if not self._pool.active:
            await self._replace()
        return self._pool.schedule(self._look, args=given, kwargs=named, timeout=self._deadline_s)

    async def _replace(self) -> None:
        await asyncio.to_thread(_end, self._pool)
        self._pool = _pool_of_one()


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
    # Ctrl-C is the parent's to answer; a process that ends by it would look like one killed by its picture.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _look(engine: str, limits: PictureLimits, thorough: bool, picture: bytes, smallest_face: float) -> Look:  # noqa: FBT001 (bound above)
    return shared_engine(engine).look(picture, limits, smallest_face, thorough=thorough)
