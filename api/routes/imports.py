"""Imports of what the school hands over: rosters, meetings, photos. The commands `rollcall import` do the same."""

from datetime import UTC, datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.bodies import BodyOut
from api.enrolment import EnrolmentDesk
from api.guard import GuardedRoute
from api.problems import Problem
from api.services import ServicesHere
from api.texts import Name
from api.times import now
from api.uploads import TIMETABLES, ZIPS, body_of, read_file
from attendance.import_runs.meetings import MeetingFile, import_meetings
from attendance.import_runs.photos import Desk, PhotoRefused, import_photos
from attendance.import_runs.roster import import_roster
from attendance.imports.files import Files, Unreadable, open_zip
from attendance.imports.report import Report
from recognition import Face

router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=GuardedRoute)

DryRun = Annotated[bool, Query(description="check all and say what would change; write nothing")]
Force = Annotated[bool, Query(description="remove also more than a tenth of what there is of a kind")]


class FindingOut(BodyOut):
    """One fault of what is imported."""

    severity: str = Field(description="`error`: nothing is written; `warning`: what it speaks of is left out")
    code: str = Field(description="what is wrong, in a stable word")
    detail: str
    file: str
    line: int | None = Field(description="the line in the file, from 1")
    column: str | None


class CountedOut(BodyOut):
    """What an import did, or would do, to the things of a kind."""

    what: str
    added: int
    changed: int
    removed: int
    unchanged: int


class RemovalOut(BodyOut):
    """One thing that is removed."""

    what: str
    id: str = Field(description="the school's own id of it")


class ReportOut(BodyOut):
    """What became of an import."""

    kind: str
    source: str
    dry_run: bool
    written: bool
    refusal: str | None
    counted: list[CountedOut]
    removals: list[RemovalOut] = Field(description="the first 500 things that are removed")
    left_out: dict[str, int] = Field(description="what attendance has no need of")
    photos_wanted: dict[str, int] = Field(
        description="how many more photos are asked for of each student, by the school's id; the first 500"
    )
    students_wanting: int = Field(description="of how many students more photos are asked for")
    errors: int
    warnings: int
    findings: list[FindingOut] = Field(description="the first 500 faults")

    @classmethod
    def of(cls, report: Report) -> Self:
        """Show a report, where nothing keeps it from being carried out.

        Raises:
            Problem: `import_has_errors`, or `removes_too_much`; with the report.
        """
        shown = cls.model_validate(report)
        members = {"report": shown.model_dump(mode="json")}
        if report.errors:
            first = report.findings[0]
            place = first.file if first.line is None else f"{first.file}, line {first.line}"
            raise Problem(
                "import_has_errors", f"{report.errors} errors; the first: {place}: {first.detail}", (), members
            )
        if report.refusal is not None:
            raise Problem("removes_too_much", f"{report.refusal} (`force=true`)", (), members)
        return shown


@router.post("/oneroster", summary="Import a OneRoster bundle", openapi_extra=body_of(ZIPS, "bundle"))
async def import_oneroster(
    request: Request, services: ServicesHere, *, dry_run: DryRun = False, force: Force = False
) -> ReportOut:
    """Import orgs, terms, courses, classes, people and enrolments from a zip of OneRoster CSVs, 1.2 or 1.1.

    Everything is checked before anything is written. The same bundle again changes nothing. 422 `import_has_errors`
    with each fault by file and line; 409 `removes_too_much` where more than a tenth of a kind would go.
    """
    with services.imports.place():
        data = await read_file(request, ZIPS, within_s=services.settings.import_upload_s)
        today = datetime.now(UTC).astimezone(ZoneInfo(services.settings.default_zone)).date()
        files = _unzipped(data)
        return ReportOut.of(await import_roster(services.store, files, today=today, dry_run=dry_run, force=force))


@router.post("/meetings", summary="Import meetings", openapi_extra=body_of(TIMETABLES, "meetings"))
async def import_timetable(
    request: Request,
    services: ServicesHere,
    calendar: Annotated[Name, Query(description="what the file is all of: what the next one leaves out is cancelled")],
    class_name: Annotated[
        Name | None, Query(alias="class", description="the class of all its meetings, where the file doesn't say it")
    ] = None,
    *,
    dry_run: DryRun = False,
    force: Force = False,
) -> ReportOut:
    """Import new, moved and cancelled meetings from a CSV or an iCalendar file. A moved meeting keeps its id."""
    with services.imports.place():
        data = await read_file(request, TIMETABLES, within_s=services.settings.import_upload_s)
        report = await import_meetings(
            services.store,
            MeetingFile("meetings", data, calendar, class_name),
            campus_zone=services.settings.default_zone,
            now=now(),
            dry_run=dry_run,
            force=force,
        )
        return ReportOut.of(report)


@router.post("/photos", summary="Import photos", openapi_extra=body_of(ZIPS, "photos"))
async def import_portraits(request: Request, services: ServicesHere, *, dry_run: DryRun = False) -> ReportOut:
    """Enrol photos out of a zip: `ID.jpg`, `ID-2.jpg`, or any name in a folder `ID`, by the school's ids.

    A photo of a student without a standing consent isn't looked at. Those that can't be used are warnings, and so are
    those that look more like another student than like their own (`nearer_to_another`), which are kept.
    """
    with services.imports.place():
        data = await read_file(request, ZIPS, within_s=services.settings.import_upload_s)
        desk = _desk(services.desk, services.settings.photos_a_student)
        return ReportOut.of(await import_photos(services.store, _unzipped(data), desk, dry_run=dry_run))


def _unzipped(data: bytes) -> Files:
    try:
        return open_zip(data)
    except Unreadable as error:
        raise Problem("import_has_errors", f"{error.file}: {error}") from error


def _desk(desk: EnrolmentDesk, photos_a_student: int) -> Desk:
    async def look(photo: bytes) -> Face:
        try:
            return await desk.look(photo)
        except Problem as error:
            raise PhotoRefused(error.code, error.detail) from error

    return Desk(look, desk.matcher, desk.limits, photos_a_student)
