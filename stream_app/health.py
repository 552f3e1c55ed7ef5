"""Whether the stream app does its work: a process that is merely alive is not healthy."""

from stream_app.lag import STUCK_SECONDS, Lag


class Health:
    """What `/readyz` and `/healthz` answer from.

    `waiters`: how many wait for a database or broker that is away. `is_assigned`: the group gave this worker its share,
    be it empty. `is_broker_away`: it did not say how far its partitions are.
    `bad_calibration`: why a calibration file that was changed can't be used; None where it can.
    """

    def __init__(self, lag: Lag | None = None) -> None:
        self.lag = lag or Lag()
        self.waiters = 0
        self.is_assigned = False
        self.is_broker_away = False
        self.bad_calibration: str | None = None

    @property
    def is_waiting(self) -> bool:
        """Tell whether database or broker are away."""
        return self.waiters > 0

    def complaints(self) -> list[str]:
        """Say what keeps the app from its work; nothing, where it is ready."""
        found = []
        if not self.is_assigned:
            found.append("the consumer group has not given this worker its partitions yet")
        if self.is_waiting:
            found.append("the database or the broker is away; frames wait")
        if self.is_broker_away:
            found.append("the broker does not answer")
        if self.bad_calibration:
            found.append(self.bad_calibration)
        return found + self.faults()

    def faults(self) -> list[str]:
        """Say what only a restart may mend: with all that is needed there, the committed offset stands still."""
        if self.is_waiting or self.is_broker_away:
            return []
        return [
            f"partition {number} is behind and its committed offset has not advanced for {STUCK_SECONDS:.0f} s"
            for number in self.lag.stuck()
        ]
