"""The routes, one resource a file."""

from fastapi import APIRouter

from api.routes import (
    attendance,
    cameras,
    cards,
    classes,
    codes,
    consents,
    corrections,
    documentation,
    events,
    imports,
    live,
    me,
    meetings,
    mistakes,
    notices,
    photos,
    rescheduling,
    rolls,
    rooms,
    rosters,
    service,
    students,
    tokens,
)

ROUTERS: tuple[APIRouter, ...] = (
    students.router,
    consents.router,
    photos.router,
    imports.router,
    rooms.router,
    cameras.router,
    classes.router,
    rosters.router,
    meetings.router,
    rescheduling.router,
    rolls.router,
    live.router,
    corrections.router,
    codes.router,
    cards.router,
    notices.router,
    mistakes.router,
    attendance.router,
    attendance.by_sourced_id,
    events.router,
    tokens.router,
    me.router,
    service.router,
    documentation.router,
)

__all__ = ["ROUTERS"]
