"""Reports: the rate by class, week and student, and who is at risk, always with what a rate is a share of."""

from collections import Counter, defaultdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.cursors import CursorParameter, Limit, read_key, read_rank, write_key, write_rank
from api.formats import ByteOrderMark, JsonCsvOrPlot, chosen_format, described
from api.guard import GuardedRoute, Visitor, VisitorHere
from api.lookups import page_of_students, require_class, require_student
from api.report_files import written
from api.report_out import (
    AtRiskOut,
    ClassReportOut,
    ClassReportsOut,
    ClassStudentsOut,
    StandingOut,
    StudentClassOut,
    StudentReportOut,
    WeekOut,
)
from api.report_questions import ClassIds, QuestionAsked, RiskAsked, Span, SpanAsked, TermId, classes_asked
from api.services import ServicesHere, StoreHere
from api.texts import ClassId, StudentId
from attendance.people import Class
from attendance.reports import Counting, Mark, Risk, Standing, Tally, by_week, standing_of, together
from attendance.store import Store

router = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=GuardedRoute)

# A page of students at risk looks at so many students at most, so that it is answered soon whether it finds any or not.
_STUDENTS_LOOKED_AT = 200
_NO_RATE = 2_000_000  # behind every rate

# Each class of a page is counted for itself.
FewClasses = Annotated[int, Query(ge=1, le=50, description="how many at most")]


@router.get(
    "/classes",
    summary="Report the rate by class and week",
    response_model=ClassReportsOut,
    responses=described("csv", "svg", "png"),
)
async def report_classes(
    request: Request,
    store: StoreHere,
    visitor: VisitorHere,
    span: SpanAsked,
    question: QuestionAsked,
    class_ids: ClassIds = [],  # noqa: B006 (pydantic copies it)
    term_id: TermId = None,
    form: Annotated[JsonCsvOrPlot, Query(alias="format")] = None,
    byte_order_mark: ByteOrderMark = False,  # noqa: FBT002
    cursor: CursorParameter = None,
    limit: FewClasses = 12,
) -> ClassReportsOut | Response:
    """Report each class, in all and by week, in order of id; a teacher's own only.

    Also as CSV, a row a class and week, and as a picture (SVG, PNG) of the page's classes, at most 12.
    """
    chosen = chosen_format(request, "json", "csv", "svg", "png")
    among = await classes_asked(store, visitor, class_ids)
    found = await store.classes.page(after=read_key(cursor), limit=limit + 1, among=among)
    classes = [class_ for class_, _ in found[:limit]]
    report = ClassReportsOut(
        counting=question.shown,
        classes=[await _class_report(store, class_, term_id, span, question.counting) for class_ in classes],
        next_cursor=write_key(classes[-1].id) if len(found) > limit else None,
    )
    if chosen == "json":
        return report
    return await written(report, chosen, byte_order_mark=byte_order_mark)


@router.get(
    "/classes/{class_id}",
    summary="Report a class by week",
    response_model=ClassReportsOut,
    responses=described("csv", "svg", "png"),
)
async def report_class(
    request: Request,
    class_id: ClassId,
    store: StoreHere,
    visitor: VisitorHere,
    span: SpanAsked,
    question: QuestionAsked,
    form: Annotated[JsonCsvOrPlot, Query(alias="format")] = None,
    byte_order_mark: ByteOrderMark = False,  # noqa: FBT002
) -> ClassReportsOut | Response:
    """Report one class, in all and by week; also as CSV, and as a picture (SVG, PNG)."""
    chosen = chosen_format(request, "json", "csv", "svg", "png")
    visitor.require("class", class_id, class_id)
    class_, _ = await require_class(store, class_id)
    reported = await _class_report(store, class_, None, span, question.counting)
    report = ClassReportsOut(counting=question.shown, classes=[reported], next_cursor=None)
    if chosen == "json":
        return report
    return await written(report, chosen, byte_order_mark=byte_order_mark)


@router.get("/classes/{class_id}/students", summary="Report a class' students")
async def report_class_students(
    class_id: ClassId,
    store: StoreHere,
    visitor: VisitorHere,
    span: SpanAsked,
    question: QuestionAsked,
    risk: RiskAsked,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> ClassStudentsOut:
    """Report where each student with a record in the class stands, the lowest rate first.

    `below` and `missed_in_a_row` leave only those of whom either holds.
    """
    visitor.require("class", class_id, class_id)
    await require_class(store, class_id)
    meetings = await store.meetings.between(span.start, span.end, class_id=class_id)
    marks = await store.reports.marks_of_meetings({meeting.id: meeting.start for meeting in meetings})
    standings = {student_id: standing_of(each, question.counting) for student_id, each in marks.items()}
    ranked = sorted((_rank(each), student_id) for student_id, each in standings.items() if risk.holds_for(each))
    place = read_rank(cursor)
    found = [each for each in ranked if place is None or each > place][: limit + 1]
    page = [student_id for _, student_id in found[:limit]]
    return ClassStudentsOut(
        class_id=class_id,
        counting=question.shown,
        items=await _shown(store, visitor, {each: standings[each] for each in page}, question.counting, span),
        next_cursor=write_rank(*found[limit - 1]) if len(found) > limit else None,
    )


@router.get("/students/{student_id}", summary="Report a student by class and week")
async def report_student(
    student_id: StudentId, store: StoreHere, visitor: VisitorHere, span: SpanAsked, question: QuestionAsked
) -> StudentReportOut:
    """Report one student, in all, by class and by week; a student gets their own, an adviser their students'."""
    visitor.require("student", student_id, student_id)
    student = await require_student(store, student_id)
    counting = question.counting
    marks = await store.reports.marks_of_student(student_id, start=span.start, end=span.end)
    meetings = await store.meetings.get_many([mark.meeting_id for mark in marks])
    by_class: dict[str, list[Tally]] = defaultdict(list)
    for mark in marks:
        by_class[meetings[mark.meeting_id].class_id].append(_tally(mark))
    classes = await store.classes.get_many(sorted(by_class))
    weeks = by_week((meetings[mark.meeting_id].local_date, _tally(mark)) for mark in marks)
    standing = standing_of(marks, counting)
    named = student if visitor.sees_names else None
    return StudentReportOut(
        **dict(StandingOut.of(student_id, named, standing, counting, span.today, span.zone)),
        counting=question.shown,
        classes=[
            StudentClassOut.of(each, classes.get(each), together(by_class[each]), counting) for each in sorted(by_class)
        ],
        weeks=[WeekOut.of(week, tally, counting) for week, tally in weeks.items()],
    )


@router.get("/at-risk", summary="List the students at risk")
async def report_at_risk(
    services: ServicesHere,
    visitor: VisitorHere,
    span: SpanAsked,
    question: QuestionAsked,
    asked: RiskAsked,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> AtRiskOut:
    """List the students whose rate over all their classes is too low, or who missed too many meetings in a row.

    Where neither rule is given, it is the school's rate; where `from` isn't, its weeks up to now. The list is in order
    of id. A page looks at 200 students at most: it may be short, or empty, and still have a `next_cursor`.
    """
    settings, store = services.settings, services.store
    span = span.or_last_weeks(settings.risk_weeks)
    risk = Risk(settings.risk_below, None, asked.at_least) if asked.below is asked.missed_in_a_row is None else asked
    students = await page_of_students(store, visitor, after=read_key(cursor), limit=_STUDENTS_LOOKED_AT + 1)
    page = [student.id for student in students]
    chosen: dict[str, Standing] = {}
    looked_at = 0
    while looked_at < min(len(page), _STUDENTS_LOOKED_AT) and len(chosen) < limit:
        student_id = page[looked_at]
        marks = await store.reports.marks_of_student(student_id, start=span.start, end=span.end)
        standing = standing_of(marks, question.counting)
        if marks and risk.holds_for(standing):
            chosen[student_id] = standing
        looked_at += 1
    return AtRiskOut(
        counting=question.shown,
        below=risk.below,
        missed_in_a_row=risk.missed_in_a_row,
        at_least=risk.at_least,
        start=span.start,
        end=span.end,
        looked_at=looked_at,
        items=await _shown(store, visitor, chosen, question.counting, span),
        next_cursor=write_key(page[looked_at - 1]) if looked_at < len(page) else None,
    )


async def _class_report(
    store: Store, class_: Class, term_id: str | None, span: Span, counting: Counting
) -> ClassReportOut:
    meetings = await store.meetings.between(span.start, span.end, class_id=class_.id, term_id=term_id)
    tallies = await store.reports.tallies(meeting.id for meeting in meetings)
    weeks = by_week((meeting.local_date, tallies[meeting.id]) for meeting in meetings if meeting.id in tallies)
    return ClassReportOut.of_tally(
        together(tallies.values()),
        counting,
        class_id=class_.id,
        class_title=class_.title,
        meetings=len(tallies),
        weeks=[WeekOut.of(week, tally, counting) for week, tally in weeks.items()],
    )


async def _shown(
    store: Store, visitor: Visitor, standings: dict[str, Standing], counting: Counting, span: Span
) -> list[StandingOut]:
    known = await store.students.get_many(list(standings)) if visitor.sees_names else {}
    return [
        StandingOut.of(student_id, known.get(student_id), standing, counting, span.today, span.zone)
        for student_id, standing in standings.items()
    ]


def _rank(standing: Standing) -> int:
    value = standing.rate.value
    return _NO_RATE if value is None else round(1_000_000 * value)


def _tally(mark: Mark) -> Tally:
    return Counter([(mark.status, mark.provisional)])
