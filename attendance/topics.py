"""The names of the Kafka topics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topics:
    """Every topic's name. `prefix` keeps several installations, or several tests, apart on one cluster.

    >>> Topics("autumn.").frames
    'autumn.frames'
    """

    prefix: str = ""

    @property
    def frames(self) -> str:
        """Pictures as taken, keyed by camera."""
        return f"{self.prefix}frames"

    @property
    def frames_dead(self) -> str:
        """Refused frames with the reason, keyed by camera."""
        return f"{self.prefix}frames.dead"

    @property
    def attendance_events(self) -> str:
        """The events that other systems build on, keyed by student."""
        return f"{self.prefix}attendance.events"

    @property
    def sightings(self) -> str:
        """Decided tracks, keyed by camera; nothing is sent there unless it is switched on."""
        return f"{self.prefix}sightings"

    @property
    def cameras(self) -> str:
        """What became of a camera (silent, back, clock wrong, dark, frozen), keyed by camera."""
        return f"{self.prefix}cameras"
