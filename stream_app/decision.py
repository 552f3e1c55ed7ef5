"""From faces to sightings: each frame decides alone. Pure."""

from collections.abc import Sequence
from datetime import datetime

from attendance.cameras import Camera
from attendance.meetings import Meeting, counts_from
from attendance.records import Sighting
from ingest.contract import Frame
from recognition import Face, Matcher
from stream_app.messages import Looked
from stream_app.rosters import View, Watched


def decide(frame: Frame, camera: Camera, faces: Sequence[Face], view: View, matcher: Matcher) -> Looked:
    """Tell who was seen. A face that is nobody's on the rosters is unknown, and nothing of it is kept."""
    identities = matcher.identify(faces, view.gallery)
    sightings: list[tuple[Meeting, datetime, Sighting]] = []
    for identity in identities:
        if identity.person is None or identity.score is None:
            continue
        sighting = Sighting(identity.person, camera.id, frame.id, frame.taken_at, identity.score)
        attended = [each for each in view.watched if identity.person in each.roster]
        sightings += [(each.meeting, _counts_from(each, attended), sighting) for each in attended]
    return Looked(
        frame_id=frame.id,
        camera=camera,
        taken_at=frame.taken_at,
        meetings=tuple(each.meeting for each in view.watched),
        sightings=tuple(sightings),
        faces=len(faces),
        unknown=sum(identity.person is None for identity in identities),
    )


def _counts_from(watched: Watched, attended: list[Watched]) -> datetime:
    return counts_from(watched.meeting, [other.meeting for other in attended if other is not watched])
