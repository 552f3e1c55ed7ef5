"""Runs the work of a command so that Ctrl-C, and the terminal's end, leave nothing behind."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from deploy.local.processes import kill_all, marked
from deploy.local.settings import LocalSettings

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_until_interrupted(work: Coroutine[Any, Any, None], settings: LocalSettings) -> bool:
    """Run the work. The first signal cancels it, so that it can end its processes in order; a second kills them.

    Returns:
        Whether it came to its own end.
    """

    async def guarded() -> bool:
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()

        def end() -> None:
            if task.cancelling():
                kill_all(marked(settings.home))
            task.cancel()

        for ending in _ENDINGS:
            loop.add_signal_handler(ending, end)
        try:
            await task
        except asyncio.CancelledError:
            return False
        return True

    return asyncio.run(guarded())
