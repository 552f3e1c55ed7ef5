"""A plug-in of supervisord: a process that says that it is broken is ended, and so is started anew.

A database whose disk was full stays there and answers everything with an error, even once there is room again:
WiredTiger says that "the process must exit and restart", and the process doesn't. This module knows nothing of Rollcall
and imports nothing: it lives inside supervisord.
"""

import contextlib
import os
import signal

from supervisor import events


class EndsBroken:
    """Kills a process when its output holds its word for being broken. `words` are by the process' name."""

    def __init__(self, words: dict[str, str]) -> None:
        self._words = {name: word.encode() for name, word in words.items()}
        events.subscribe(events.ProcessLogStdoutEvent, self._look)

    def _look(self, event: events.ProcessLogStdoutEvent) -> None:
        word = self._words.get(event.process.config.name)
        # Its own kill would count as a stop that was asked for, after which nothing is started again.
        if word and word in event.data and event.process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(event.process.pid, signal.SIGKILL)


def make_interface(_supervisord: object, **words: str) -> EndsBroken:
    """Serve as the `supervisor.rpcinterface_factory` of the configuration."""
    return EndsBroken(words)
