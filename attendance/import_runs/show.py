"""A report as people read it, and as programs do."""

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from attendance.imports.findings import Finding
from attendance.imports.report import Report

_SHOWN = 50


def as_json(report: Report) -> str:
    """Give a report as JSON."""
    return json.dumps({**asdict(report), "is_sound": report.is_sound}, ensure_ascii=False, indent=2)


def show_report(console: Console, report: Report) -> None:
    """Print a report: the faults with their places, what changes, and what became of it."""
    for finding in report.findings[:_SHOWN]:
        style = "red" if finding.severity == "error" else "yellow"
        console.print(_sentence(finding), style=style, markup=False, soft_wrap=True)
    untold = report.errors + report.warnings - min(len(report.findings), _SHOWN)
    if untold:
        console.print(f"... and {untold:,} more")
    if report.counted:
        console.print(_table(report))
    for removal in report.removals[:_SHOWN]:
        console.print(f"removed of {removal.what}: {removal.id}", markup=False, soft_wrap=True)
    for student, count in list(report.photos_wanted.items())[:_SHOWN]:
        console.print(f"asked for of {student}: {count} more, of another day", markup=False, soft_wrap=True)
    if report.students_wanting > _SHOWN:
        console.print(f"... and of {report.students_wanting - _SHOWN:,} more students")
    for what, count in report.left_out.items():
        console.print(f"left out: {count:,} {what}")
    console.print(_outcome(report), style="bold" if report.is_sound else "bold red", markup=False, soft_wrap=True)


def _sentence(finding: Finding) -> str:
    place = ":".join(str(each) for each in (finding.file, finding.line) if each is not None)
    return f"{place}: {finding.severity.value}: {finding.detail} ({finding.code})"


def _table(report: Report) -> Table:
    table = Table("", *(("would be " if not report.written else "") + word for word in ("added", "changed", "removed")))
    table.add_column("unchanged")
    for each in report.counted:
        numbers = (each.added, each.changed, each.removed, each.unchanged)
        table.add_row(each.what, *(f"{number:,}" if number else "-" for number in numbers))
    return table


def _outcome(report: Report) -> str:
    if report.errors:
        return f"Nothing was written: {report.errors:,} errors."
    if report.refusal:
        return f"Nothing was written: {report.refusal} (--force)."
    if report.dry_run:
        return "A dry run: nothing was written."
    if any(each.added or each.changed or each.removed for each in report.counted):
        return "Written."
    return "Nothing had changed."
