"""The rules that turn sightings, closings and people's words into a record. Pure: values in, a record out.

Each function gives the record as it stands afterwards. Where nothing that matters changed, its revision is the same.
"""

from attendance.rules.machine import check_in, close, is_taken, reschedule, see, take_back
from attendance.rules.people import NothingToUndo, confirm, deny, excuse, mark, undo

__all__ = [
    "NothingToUndo",
    "check_in",
    "close",
    "confirm",
    "deny",
    "excuse",
    "is_taken",
    "mark",
    "reschedule",
    "see",
    "take_back",
    "undo",
]
