"""What people do after the machine, each by one command: confirm, correct, call a roll by a code, export."""

import csv

from deploy.demo.commands import Terminal
from deploy.demo.school import NEVER_SEEN, NO_CONSENT, School

_EXPORT = "records.csv"


def people_speak(terminal: Terminal, school: School) -> None:
    """Have the teacher confirm the absence and correct the roll, and a student give the code of the seminar."""
    lecture, teacher = school.meeting_id, school.teacher_token
    terminal.run("roll", "confirm", lecture, school.students[NEVER_SEEN], token=teacher, who="the teacher")
    answered = ("present", "--reason", "answered")
    terminal.run("roll", "set", lecture, school.students[NO_CONSENT], *answered, token=teacher, who="the teacher")
    code = terminal.run("roll", "code", school.seminar_id, token=teacher, who="the teacher").strip()
    terminal.run("roll", "check-in", code, token=school.student_token, who=NO_CONSENT)


def export(terminal: Terminal, school: School) -> list[dict[str, str]]:
    """Export the class' records, and give the rows that are in the file."""
    where = ("--class", school.class_id, "--out", _EXPORT, "--force")
    terminal.run("export", "records", "--format", "csv", *where)
    with terminal.path(_EXPORT).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
