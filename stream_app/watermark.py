"""Whether all that a room's cameras sent up to the end of a meeting is in the records. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from attendance.meetings import Meeting


class Watermark(Enum):
    """Where a room stands against a meeting's end."""

    PAST = "past"
    BEHIND = "behind"
    PAST_BUT_FOR_SILENT = "past but for silent"  # nothing of them since the meeting opened: off, or still in Kafka


def watermark(meeting: Meeting, cameras: Iterable[str], through: Mapping[str, datetime]) -> Watermark:
    """Give the room's watermark by how far each of its cameras was processed; those that never sent are not in it.

    A camera of which nothing came since the meeting opened has no say about its end, one that fell silent afterwards
    has: its frames may yet come. Frames by a wrong clock are refused, so that a clock that is ahead tells nothing here.
    """
    live, silent = [], False
    for camera in cameras:
        moment = through.get(camera)
        if moment is None or moment < meeting.opens_at:
            silent = True
        else:
            live.append(moment)
    if not live or min(live) < meeting.end:
        return Watermark.BEHIND
    return Watermark.PAST_BUT_FOR_SILENT if silent else Watermark.PAST
