"""Reports as functions of values: rates with their denominator, weeks, who is at risk. No database, no web."""

from attendance.reports.counting import (
    Counting,
    Rate,
    Tally,
    Treatment,
    rate_of,
    together,
    totals_of,
    unconfirmed_in,
)
from attendance.reports.standing import Mark, Risk, Standing, standing_of
from attendance.reports.weeks import Week, by_week

__all__ = [
    "Counting",
    "Mark",
    "Rate",
    "Risk",
    "Standing",
    "Tally",
    "Treatment",
    "Week",
    "by_week",
    "rate_of",
    "standing_of",
    "together",
    "totals_of",
    "unconfirmed_in",
]
