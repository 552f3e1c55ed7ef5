"""Asking for what a request names: what isn't there becomes a problem in the same words everywhere."""

from api.guard import Visitor
from api.problems import Problem, not_found
from attendance.meetings import ClassRules, Meeting
from attendance.people import Class, Student
from attendance.store import Missing, Store


async def require_student(store: Store, student_id: str) -> Student:
    """Give a student; raises Problem `not_found`."""
    try:
        return await store.students.get(student_id)
    except Missing as error:
        raise not_found("student", student_id) from error


async def require_sourced(store: Store, visitor: Visitor, sourced_id: str) -> Student:
    """Give the student with an id of the school's whom the visitor may see; raises Problem `not_found`."""
    try:
        student = await store.students.by_sourced_id(sourced_id)
    except Missing as error:
        raise not_found("student with the school's id", sourced_id) from error
    visitor.require("student with the school's id", sourced_id, student.id)
    return student


async def page_of_students(store: Store, visitor: Visitor, *, after: str | None, limit: int) -> list[Student]:
    """Give the next students whom the visitor may see, in order of id."""
    if visitor.own is None:
        return await store.students.page(after=after, limit=limit)
    ids = [each for each in visitor.own if after is None or each > after][:limit]
    known = await store.students.get_many(ids)
    return [known[each] for each in ids if each in known]


async def require_class(store: Store, class_id: str) -> tuple[Class, ClassRules]:
    """Give a class and its rules; raises Problem `not_found`."""
    try:
        return await store.classes.get(class_id)
    except Missing as error:
        raise not_found("class", class_id) from error


async def require_meeting(store: Store, meeting_id: str) -> Meeting:
    """Give a meeting; raises Problem `not_found`."""
    try:
        return await store.meetings.get(meeting_id)
    except Missing as error:
        raise not_found("meeting", meeting_id) from error


def consent_missing(student_id: str) -> Problem:
    """Say that nothing of a student's face may be kept."""
    detail = f"student {student_id} has no standing consent: record one first (PUT /v1/students/{student_id}/consent)"
    return Problem("consent_missing", detail)
