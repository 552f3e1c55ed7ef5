"""From tracks to what records hear: sightings of students, sightings taken back, budgets spent. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from attendance.cameras import Camera
from attendance.meetings import counts_from
from attendance.records import Sighting
from recognition.tracking import Change, Ledger, TrackState
from stream_app.messages import Seen, TakenBack
from stream_app.rosters import View, Watched


def sightings(tracks: Iterable[TrackState], view: View, camera: Camera) -> list[Seen]:
    """Give each named track as a sighting for each meeting that its student attends. Nothing is kept of the others."""
    found = []
    for track in tracks:
        if track.person is None:
            continue
        attended = [each for each in view.watched if track.person in each.roster]
        earlier = [each for each in view.earlier if track.person in each.roster]
        sighting = Sighting(
            id=track.id,
            student_id=track.person,
            camera_id=camera.id,
            first_seen=moment(track.first_seen),
            last_seen=moment(track.last_seen),
            score=track.margin or 0.0,
            frames=track.frames,
            kind=camera.kind,
        )
        found += [Seen(each.meeting, _counts_from(each, (*attended, *earlier)), sighting) for each in attended]
    return found


def taken_back(changes: Iterable[Change], view: View, at: datetime) -> tuple[TakenBack, ...]:
    """Give the sightings that later evidence contradicts. Who left the roster meanwhile was there all the same."""
    return tuple(
        TakenBack(each.meeting, change.person, change.track, at)
        for change in changes
        if not change.given and change.reason == "evidence"
        for each in view.watched
        if change.person in each.roster
    )


def ledger_of(view: View, chances: Mapping[str, Mapping[str, int]]) -> Ledger:
    """Give the error budget of what is on in a room: of somebody in two meetings at once, what either has spent."""
    total: dict[str, int] = {}
    for each in view.watched:
        for person, count in chances.get(each.meeting.id, {}).items():
            total[person] = max(total.get(person, 0), count)
    return Ledger(total)


def spent(
    view: View, chances: Mapping[str, Mapping[str, int]], before: Ledger, after: Ledger
) -> dict[str, Mapping[str, int]]:
    """Give each meeting's chances after a frame."""
    more = {person: count - before.spent(person) for person, count in after.chances.items()}
    grown = {person: count for person, count in more.items() if count > 0}
    result: dict[str, Mapping[str, int]] = {}
    for each in view.watched:
        of = dict(chances.get(each.meeting.id, {}))
        for person, count in grown.items():
            if person in each.roster:
                of[person] = of.get(person, 0) + count
        result[each.meeting.id] = of
    return result


def moment(seconds: float) -> datetime:
    """Give a track's time as the store keeps it, down to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def _counts_from(watched: Watched, attended: Sequence[Watched]) -> datetime:
    return counts_from(watched.meeting, [other.meeting for other in attended if other is not watched])
