"""Reports once more: slow, obvious, and written from the words of the docs alone. It imports nothing of the project.

A record is (day, minute of the day, status, provisional). Settings are those of the docs, as words.
"""

from dataclasses import dataclass
from fractions import Fraction

Told = tuple[int, int, str, bool]


@dataclass
class ObviousSettings:
    late_weight: Fraction
    left_early: str  # left_out, attended, missed
    excused: str
    provisional_counts: bool


def obvious_rate(records: list[Told], settings: ObviousSettings) -> tuple[Fraction, int]:
    """Give what was attended, and of how many."""
    attended = Fraction(0)
    of = 0
    for _, _, status, provisional in records:
        if provisional and not settings.provisional_counts:
            if status == "absent":
                continue  # nobody confirmed it
            if status in ("late", "left_early"):
                status = "present"  # they were there: what isn't confirmed is when
            if status != "present":
                continue
        if status == "present":
            attended += 1
            of += 1
        if status == "late":
            attended += settings.late_weight
            of += 1
        if status == "absent":
            of += 1
        for each, setting in (("left_early", settings.left_early), ("excused", settings.excused)):
            if status == each and setting != "left_out":
                of += 1
                attended += 1 if setting == "attended" else 0
    return attended, of


def obvious_missed_in_a_row(records: list[Told], settings: ObviousSettings) -> int:
    """Walk back through the meetings, one after the other, until one at which the student was."""
    missed = 0
    left = sorted(records, key=lambda record: record[:2])
    while left:
        _, _, status, provisional = left.pop()
        if status in ("present", "late", "left_early"):
            return missed
        counts = settings.provisional_counts or not provisional
        if status == "absent" and counts:
            missed += 1
        if status == "excused" and settings.excused == "missed" and counts:
            missed += 1
    return missed


def obvious_days_since(records: list[Told], today: int) -> int | None:
    """Look at each day before today, the latest first, for a meeting at which the student was."""
    days = 0
    while days <= today:
        if any(day == today - days and status in ("present", "late", "left_early") for day, _, status, _ in records):
            return days
        days += 1
    return None
