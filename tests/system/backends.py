"""The database and the broker of a stack of its own, and what can befall them."""

import asyncio
import os
import signal

from deploy.local.health import Unhealthy, check_kafka, check_mongo
from deploy.local.stack import LocalStack
from deploy.local.supervise import Supervisor
from tests.system.waiting import until
from tests.system.workers import paused

NAMES = ("database", "kafka")


class Backends:
    """What befalls the backends of a stack. Its supervisor starts anew what was killed."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        settings = stack.settings
        self._supervisor = Supervisor(settings.run_dir, settings.log_dir, settings.home)

    def kill(self, name: str) -> None:
        """Kill one with SIGKILL."""
        os.kill(self.pid_of(name), signal.SIGKILL)

    async def pause(self, *names: str, seconds: float) -> None:
        """Stop some of them, all at once, with SIGSTOP and let them go on."""
        with paused(*(self.pid_of(name) for name in names)):
            await asyncio.sleep(seconds)

    async def be_away(self, *names: str, seconds: float) -> None:
        """End some of them, and start them again after a time."""
        for name in names:
            await asyncio.to_thread(self._supervisor.stop_process, name)
        await asyncio.sleep(seconds)
        for name in names:
            self._supervisor.start_process(name)

    async def healthy(self) -> None:
        """Wait until both do their work."""

        async def do_their_work() -> bool:
            try:
                await check_mongo(self._stack.mongo_url, database="health_test")
                await check_kafka(self._stack.kafka_bootstrap)
            except Unhealthy:
                return False
            return True

        await until(do_their_work, seconds=120)

    def pid_of(self, name: str) -> int:
        """Give the process of one that runs."""
        pid = self.finds(name)
        assert pid is not None, f"{name} does not run"
        return pid

    def finds(self, name: str) -> int | None:
        """Give the process of one, None where it doesn't run."""
        return self._stack.pid_of(name)
