"""A lecture for the fault tests: people who stay for moments, frames that must be refused, one that comes twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from ingest.contract import Frame
from tests.system.pictures import astronaut, empty_room, hopper, jpeg
from tests.system.school import INTERVAL, School

# Tracks of some frames, so that a fault can fall into the middle of one.
_BURST = tuple(timedelta(seconds=second) for second in range(3))
_LONGEST_BACKLOG = timedelta(hours=2)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Lecture:
    """What the camera of a school sends: `sound` in the order of time; `refused` with the reason of each."""

    school: School
    sound: tuple[Frame, ...]
    refused: tuple[tuple[Frame, str], ...]

    @classmethod
    def of(cls, school: School) -> "Lecture":
        """Hopper comes in time, the other too late; each is seen for moments, again and again."""
        camera = school.camera.id
        middle = school.meeting.start + timedelta(minutes=3)
        good = jpeg(hopper())
        bad = (
            ("no-picture", middle, b"a text where a picture belongs", "not_a_picture"),
            ("half", middle + INTERVAL, good[: len(good) // 2], "truncated_picture"),
            # A camera's clock an hour wrong, either way.
            ("ahead", school.meeting.end + 2 * HOUR, good, "clock"),
            ("behind", school.meeting.start - _LONGEST_BACKLOG - HOUR, good, "clock"),
        )
        return cls(
            school,
            tuple(_frames(school)),
            tuple((Frame(name, camera, at, "image/jpeg", picture), why) for name, at, picture, why in bad),
        )

    @property
    def all(self) -> list[Frame]:
        """Every frame, the refused ones among the others."""
        bad = [frame for frame, _ in self.refused]
        return [*self.sound[:9], *bad[:2], *self.sound[9:30], *bad[2:], *self.sound[30:]]


def _frames(school: School) -> Iterator[Frame]:
    empty, pictures = jpeg(empty_room()), (jpeg(hopper(), 0.9), jpeg(astronaut(), 0.9))
    arrivals = timedelta(minutes=1), timedelta(minutes=12)
    moment, index = school.meeting.start - timedelta(minutes=2), 0
    while moment <= school.meeting.end + 2 * INTERVAL:
        person, is_turn = index // 2 % 2, index % 2 == 0
        if is_turn and moment >= school.meeting.start + arrivals[person]:
            shown = [(moment + after, pictures[person]) for after in _BURST]
        else:
            shown = [(moment, empty)]
        for number, (taken_at, picture) in enumerate(shown):
            yield Frame(f"frame-{index}-{number}", school.camera.id, taken_at, "image/jpeg", picture)
        moment, index = moment + INTERVAL, index + 1
