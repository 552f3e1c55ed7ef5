"""What a tracker can be told."""

from dataclasses import dataclass, field

from recognition.tracking.association import Motion
from recognition.tracking.decision import Spending
from recognition.tracking.fusion import Correlation

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How a tracker works.

    `lost_after`: seconds without a face after which a track is closed; at one frame a second a face that is missed
    twice must not break it. `most_tracks`: open at once; a picture full of false finds must not fill the memory.
    `read_back`, `glimpses`, `glimpse_every`: the seconds, and of a track the encoded faces and how many seconds lie
    between them, of which the state says where they were, for `Tracker.resume`. A template hardly gains from more
    (frames of a second are alike, and a track is never worth two independent ones); without these bounds a worker would
    have to look at every frame of those seconds again before its first new one, and the state of a lecture hall, 65 KB,
    would grow without end.
    """

    motion: Motion = field(default_factory=Motion)
    correlation: Correlation = field(default_factory=Correlation)
    spending: Spending = field(default_factory=Spending)
    lost_after: float = 4.0
    most_tracks: int = 500
    read_back: float = 10.0
    glimpses: int = 12
    glimpse_every: float = 1.0
