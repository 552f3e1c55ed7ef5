"""How reports are shown: each rate with its totals, and once for all how they were counted."""

from datetime import date, tzinfo
from typing import Self

from pydantic import Field

from api.bodies import BodyOut
from api.rate_out import CountingOut, RateOut
from api.times import MomentOut
from attendance.people import Class, Student
from attendance.reports import Counting, Standing, Tally, Week, rate_of, totals_of, unconfirmed_in
from attendance.status import Status


class CountedOut(BodyOut):
    """Some records, counted."""

    rate: RateOut
    totals: dict[Status, int]
    unconfirmed: int = Field(description="how many of them are provisional: no person has confirmed them yet")

    @classmethod
    def of_tally(cls, tally: Tally, counting: Counting, **more: object) -> Self:
        """Show a tally; `more`: what else the body has."""
        rate = RateOut.of(rate_of(tally, counting))
        return cls.model_validate(
            {"rate": rate, "totals": totals_of(tally), "unconfirmed": unconfirmed_in(tally), **more}
        )


class WeekOut(CountedOut):
    """A week, Monday to Sunday, by the civil date of each meeting where it is held."""

    week: str = Field(description="by ISO 8601", examples=["2026-W10"])
    monday: date

    @classmethod
    def of(cls, week: Week, tally: Tally, counting: Counting) -> Self:
        """Show a week."""
        return cls.of_tally(tally, counting, week=week.name, monday=week.monday)


class ClassReportOut(CountedOut):
    """A class, in all and week by week."""

    class_id: str
    class_title: str
    meetings: int = Field(description="those with a record")
    weeks: list[WeekOut] = Field(description="the earliest first; those without a record are left out")


class ClassReportsOut(BodyOut):
    """One page of classes."""

    counting: CountingOut
    classes: list[ClassReportOut]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


class StandingOut(CountedOut):
    """A student over some meetings."""

    student_id: str
    given_name: str | None
    family_name: str | None
    missed_in_a_row: int = Field(
        description="of the latest meetings, those missed without one attended in between; excused and unmarked ones "
        "are passed over"
    )
    last_attended: MomentOut | None = Field(description="the start of the latest meeting that they attended")
    days_since_last_attended: int | None = Field(description="civil days until today in the campus' time zone")

    @classmethod
    def of(
        cls, student_id: str, student: Student | None, standing: Standing, counting: Counting, today: date, zone: tzinfo
    ) -> Self:
        """Show where a student stands."""
        return cls.of_tally(
            standing.tally,
            counting,
            student_id=student_id,
            given_name=student.given_name if student else None,
            family_name=student.family_name if student else None,
            missed_in_a_row=standing.missed_in_a_row,
            last_attended=standing.last_attended,
            days_since_last_attended=standing.days_since(today, zone),
        )


class ClassStudentsOut(BodyOut):
    """One page of a class' students."""

    class_id: str
    counting: CountingOut
    items: list[StandingOut]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


class StudentClassOut(CountedOut):
    """A student in one class."""

    class_id: str
    class_title: str | None

    @classmethod
    def of(cls, class_id: str, class_: Class | None, tally: Tally, counting: Counting) -> Self:
        """Show a student's part in a class."""
        return cls.of_tally(tally, counting, class_id=class_id, class_title=class_.title if class_ else None)


class StudentReportOut(StandingOut):
    """A student in all, by class and by week."""

    counting: CountingOut
    classes: list[StudentClassOut]
    weeks: list[WeekOut]


class AtRiskOut(BodyOut):
    """Some students at risk, and how far the search went."""

    counting: CountingOut
    below: float | None
    missed_in_a_row: int | None
    at_least: int
    start: MomentOut | None = Field(description="meetings that start at this moment or later were looked at")
    end: MomentOut | None = Field(description="and before this one; null: all")
    looked_at: int = Field(description="how many students this page looked at to find its items")
    items: list[StandingOut]
    next_cursor: str | None = Field(description="where to look on; null once every student was looked at")
