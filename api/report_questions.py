"""What reports have in common to ask: over which time, how to count, and who is at risk."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query

from api.guard import Visitor
from api.lookups import require_class
from api.problems import invalid_field
from api.rate_out import CountingOut, Purpose
from api.services import ServicesHere
from api.spans import Since, Until, read_span
from api.texts import Id
from api.times import now
from attendance.reports import Counting, Risk
from attendance.store import Store


@dataclass(frozen=True, slots=True)
class Span:
    """The time asked about, `[start, end)` in UTC, with the campus' zone and the civil date there."""

    start: datetime | None
    end: datetime | None
    zone: ZoneInfo
    today: date

    def or_last_weeks(self, weeks: int) -> "Span":
        """Give the span; where its begin isn't said, so many weeks up to today."""
        if self.start is not None:
            return self
        day = self.today - timedelta(weeks=weeks)
        return replace(self, start=datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Question:
    """How rates are counted, and for what."""

    counting: Counting
    purpose: Purpose

    @property
    def shown(self) -> CountingOut:
        """How the answer says it."""
        return CountingOut.of(self.counting, self.purpose)


def _span(services: ServicesHere, since: Since = None, until: Until = None) -> Span:
    zone = ZoneInfo(services.settings.default_zone)
    return Span(*read_span(since, until, zone), zone, now().astimezone(zone).date())


def _question(
    services: ServicesHere,
    provisional: Annotated[
        bool | None,
        Query(description="whether what no person has confirmed counts against a student; true unless for a sanction"),
    ] = None,
    purpose: Annotated[
        Purpose, Query(description="`sanction`: what no person has confirmed never counts against a student")
    ] = "overview",
) -> Question:
    if provisional and purpose == "sanction":
        detail = "a report for a sanction never counts what no person has confirmed"
        raise invalid_field("query", "provisional", "contradiction", detail)
    counts = purpose == "overview" if provisional is None else provisional
    return Question(replace(services.settings.counting, provisional=counts), purpose)


def _risk(
    below: Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False, description="a rate below this one")] = None,
    missed_in_a_row: Annotated[
        int | None, Query(ge=1, le=1000, description="or so many of the latest meetings missed in a row")
    ] = None,
    at_least: Annotated[
        int, Query(ge=1, le=1000, description="the rate counts only where it is of so many meetings")
    ] = 1,
) -> Risk:
    return Risk(below, missed_in_a_row, at_least)


async def classes_asked(store: Store, visitor: Visitor, class_ids: list[str]) -> list[str] | None:
    """Give the classes to go through: those that are named, else the visitor's own; None: all.

    Raises:
        Problem: `not_found`, where one doesn't exist or isn't theirs to see.
    """
    for class_id in class_ids:
        visitor.require("class", class_id, class_id)
        await require_class(store, class_id)
    return list(dict.fromkeys(class_ids)) or visitor.own


ClassIds = Annotated[list[Id], Query(alias="class_id", max_length=50, description="these classes; given once for each")]
TermId = Annotated[Id | None, Query(description="only meetings of this term")]
SpanAsked = Annotated[Span, Depends(_span)]
QuestionAsked = Annotated[Question, Depends(_question)]
RiskAsked = Annotated[Risk, Depends(_risk)]
