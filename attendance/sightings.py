"""The sightings of one record: taken in by id, whatever comes twice or in another order. Pure.

A track is told again each time that it has grown, and again after a crash. Its times, frames and score only widen, so
that each telling of it leaves what all of them together leave.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from attendance.records import Sighting

# A record is one document, read and written whole. Without a bound, a camera at which tracks break every second makes
# it grow by 200 bytes each time, until it is slow for everybody and, at 16 MB, can't be written any more.
MOST_SIGHTINGS = 200


def clip(sighting: Sighting, start: datetime, end: datetime) -> Sighting | None:
    """Give the part of a sighting between two moments; None where it lies outside of `[start, end)`."""
    if sighting.first_seen >= end or sighting.last_seen < start:
        return None
    return replace(sighting, first_seen=max(sighting.first_seen, start), last_seen=min(sighting.last_seen, end))


def put(sightings: Iterable[Sighting], new: Sighting) -> tuple[Sighting, ...]:
    """Take a sighting in: widen the one with its id, or add it.

    Beyond `MOST_SIGHTINGS` the two of one camera with the least time between them become one, under the earlier's id.
    The first and the last moment stay what they were; only the number of frames of tracks that were joined may then
    depend on the order in which they came.
    """
    by_id = {each.id: each for each in sightings}
    before = by_id.get(new.id)
    by_id[new.id] = _widen(before, new) if before else new
    ordered = in_order(by_id.values())
    return ordered if len(ordered) <= MOST_SIGHTINGS else _join_nearest(ordered)


def in_order(sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
    """Give sightings in order of when they began, and of id where that is the same."""
    return tuple(sorted(sightings, key=lambda each: (each.first_seen, each.id)))


def _widen(one: Sighting, other: Sighting) -> Sighting:
    return replace(
        one,
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        score=max(one.score, other.score),
        frames=max(one.frames, other.frames),
    )


def _join_nearest(ordered: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    by_camera: dict[str, list[Sighting]] = {}
    for each in ordered:
        by_camera.setdefault(each.camera_id, []).append(each)
    neighbours = [pair for run in by_camera.values() for pair in pairwise(run)]
    if not neighbours:  # as many cameras as sightings: nothing can be joined, and cameras are few
        return ordered
    earlier, later = min(neighbours, key=_gap)
    joined = _widen(earlier, later)
    if _gap((earlier, later)) > timedelta():  # else they may be one track, told again after it was joined
        joined = replace(joined, frames=earlier.frames + later.frames)
    return tuple(joined if each is earlier else each for each in ordered if each is not later)


def _gap(pair: tuple[Sighting, Sighting]) -> timedelta:
    earlier, later = pair
    return later.first_seen - earlier.last_seen
