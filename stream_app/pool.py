"""The recognition pool: a frame has a process for itself, so that blame and deadline fall on one frame."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from recognition import DeadlinePassed, Glance, GlanceAt, Known, PictureError, ProcessDied, RecognitionProcess
from stream_app import metrics
from stream_app.messages import Refused

# A process may die for reasons that are not the frame's (memory, an operator); three in a row are the frame's.
MOST_DEATHS = 3
# A machine that stood still makes an innocent frame late once.
MOST_DEADLINES = 2


GlanceProcess = RecognitionProcess[[bytes, float, Known | None], Glance]


class RecognitionPool:
    """So many processes; whoever gets one has it alone."""

    def __init__(self, look: GlanceAt, *, size: int, deadline_s: float) -> None:
        """`look` is called in the processes (`recognition.glance_with`)."""
        self._processes = [RecognitionProcess(look, deadline_s) for _ in range(size)]
        self._free: asyncio.Queue[GlanceProcess] = asyncio.Queue()
        for process in self._processes:
            self._free.put_nowait(process)

    @asynccontextmanager
    async def free_process(self) -> AsyncIterator[GlanceProcess]:
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


async def look_patiently(process: GlanceProcess, picture: bytes, smallest_face: float, known: Known | None) -> Glance:
    """Look at a picture, again where its process died or was late for reasons that may not be the picture's.

    Raises:
        Refused: the picture's own code; `recognition_crashed` where it ended the process three times,
            `recognition_timeout` where it took longer than the deadline twice.
    """
    deaths = deadlines = 0
    while True:
        try:
            return await process.look(picture, smallest_face, known)
        except PictureError as error:
            raise Refused(error.code, str(error)) from error
        except ProcessDied as error:
            deaths += 1
            metrics.POOL_RESTARTS.labels("crash").inc()
            if deaths == MOST_DEATHS:
                raise Refused("recognition_crashed", "the picture ended the recogniser", tries=deaths) from error
        except DeadlinePassed as error:
            deadlines += 1
            metrics.POOL_RESTARTS.labels("deadline").inc()
            if deadlines == MOST_DEADLINES:
                raise Refused("recognition_timeout", str(error), tries=deadlines) from error
