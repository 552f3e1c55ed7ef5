"""A plug-in of supervisord: a process that fails at its start is tried again for ever, after a bounded wait.

By itself supervisord waits one second longer after each failure, without an end: after an hour of a database that is
away it would try every 85 s, and each fault would take as long to heal. Retries that end instead (its `startretries`)
leave a process down that nobody looks at. This module knows nothing of Rollcall and imports nothing: it lives inside
supervisord.
"""

import time

from supervisor import events

# A person who has just mended the fault waits no longer than this for the process to come back.
LONGEST_WAIT_S = 15


class BoundedBackoff:
    """Cuts the wait before the next start of every process that supervisord starts."""

    def __init__(self) -> None:
        events.subscribe(events.ProcessStateBackoffEvent, self._bound)

    def _bound(self, event: events.ProcessStateBackoffEvent) -> None:
        process = event.process
        process.delay = min(process.delay, time.time() + LONGEST_WAIT_S)


def make_interface(_supervisord: object, **_options: str) -> BoundedBackoff:
    """Serve as the `supervisor.rpcinterface_factory` of the configuration."""
    return BoundedBackoff()
