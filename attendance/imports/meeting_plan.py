"""From the meetings of a file and those that there are to a plan: a meeting that is moved keeps its id.

A file is all that there is of its calendar: what it no longer has, of those that lie ahead, is cancelled. What has
begun stays where it was held: only a word that it was cancelled counts for it still.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from attendance.ids import new_id
from attendance.imports.findings import Findings
from attendance.imports.plan import Changes, refusal_of
from attendance.imports.sittings import BadTime, Sitting, moments_of
from attendance.imports.tables import shortened
from attendance.meetings import ClassRules, Meeting, MeetingState, cancelled, moved, restored
from attendance.people import Class
from attendance.school import AcademicSession, Standing


@dataclass(frozen=True, slots=True)
class Place:
    """A room, as far as a timetable names it."""

    id: str
    title: str
    zone: str | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting that an import writes. `source` is the hash by which it is known again; `before` as it was."""

    source: str
    before: Meeting | None
    after: Meeting


@dataclass(frozen=True, slots=True)
class Kept:
    """A meeting that an import brought; `calendar` is the hash of the name of the one that it came in."""

    source: str
    calendar: str
    meeting: Meeting


@dataclass(frozen=True, slots=True)
class Timetable:
    """What is there: classes with their rules, rooms, academic sessions, and imported meetings by source."""

    classes: Sequence[tuple[Class, ClassRules]]
    rooms: Sequence[Place]
    sessions: Mapping[str, AcademicSession]
    meetings: Mapping[str, Kept]


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """What a file of meetings would change."""

    meetings: Changes[Planned]

    @property
    def refusal(self) -> str | None:
        """What keeps it from being carried out without being forced."""
        return refusal_of([self.meetings])


class _Names:
    """Finds things by what people call them; a name that two things bear finds neither."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._ids: dict[str, set[str]] = {}
        for name, its_id in names:
            self._ids.setdefault(name.casefold(), set()).add(its_id)

    def of(self, name: str) -> set[str]:
        return self._ids.get(name.casefold(), set())


class _Unresolved(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class MeetingPlanner:
    """Plans for one state of the timetable."""

    def __init__(self, there: Timetable, *, campus_zone: str, now: datetime) -> None:
        standing = [(class_, rules) for class_, rules in there.classes if class_.standing is Standing.ACTIVE]
        self._there = there
        self._classes = {class_.id: (class_, rules) for class_, rules in standing}
        # The school's id before the code before the title: an id is meant to be one thing's only.
        self._class_names = [
            _Names((name, class_.id) for class_, _ in standing if (name := getattr(class_, field)))
            for field in ("id", "sourced_id", "code", "title")
        ]
        self._rooms = {room.id: room for room in there.rooms}
        self._room_names = _Names(name for room in there.rooms for name in ((room.id, room.id), (room.title, room.id)))
        self._campus_zone = campus_zone
        self._now = now

    def plan(
        self,
        file: str,
        sittings: Sequence[Sitting],
        findings: Findings,
        *,
        calendar: str,
        digests: Mapping[str, str],
        class_name: str | None = None,
    ) -> MeetingPlan:
        """Compare a file's meetings with those that there are. What names nothing is an error in the findings.

        Args:
            file: the file's name, for the findings.
            sittings: what it tells.
            findings: where faults go.
            calendar: the hash of the name of the calendar that the file is of.
            digests: the hash of each sitting's source.
            class_name: the class of all of them, where the file doesn't say it.
        """
        changes: Changes[Planned] = Changes("meetings")
        told: set[str] = set()
        for sitting in sittings:
            source = digests[sitting.source]
            told.add(source)
            kept = self._there.meetings.get(source)
            try:
                after = self._meeting(sitting, kept.meeting if kept else None, class_name)
            except (_Unresolved, BadTime) as error:
                findings.error(error.code, str(error), file, sitting.line)
                continue
            self._note(changes, source, kept.meeting if kept else None, after, file, sitting, findings)
        for source, kept in self._there.meetings.items():
            if kept.calendar == calendar and self._lies_ahead(kept.meeting):
                changes.there += 1
                if source not in told:
                    self._cancel(changes, source, kept.meeting)
        return MeetingPlan(changes)

    def _note(
        self,
        changes: Changes[Planned],
        source: str,
        before: Meeting | None,
        after: Meeting,
        file: str,
        sitting: Sitting,
        findings: Findings,
    ) -> None:
        is_cancelled = after.state is MeetingState.CANCELLED
        if before is None:
            # Of a meeting that never was nobody has to be told that it isn't.
            if is_cancelled:
                changes.unchanged += 1
            else:
                changes.added.append(Planned(source, None, after))
        elif before == after:
            changes.unchanged += 1
        elif before.start <= self._now and not (is_cancelled and before.state is not MeetingState.CANCELLED):
            detail = f"it began at {before.start:%Y-%m-%d %H:%M} UTC and stays as it was held"
            findings.warn("already_begun", detail, file, sitting.line)
            changes.unchanged += 1
        else:
            if before.start <= self._now:
                after = cancelled(before)
            changes.changed.append(Planned(source, before, after))

    def _lies_ahead(self, meeting: Meeting) -> bool:
        return meeting.start > self._now and meeting.state is not MeetingState.CANCELLED

    def _cancel(self, changes: Changes[Planned], source: str, meeting: Meeting) -> None:
        changes.removed.append(Planned(source, meeting, cancelled(meeting)))
        class_, _ = self._classes.get(meeting.class_id, (None, None))
        name = (class_.sourced_id or class_.title) if class_ else meeting.class_id
        changes.removals.append(f"{name} at {meeting.start:%Y-%m-%d %H:%M} UTC")

    def _meeting(self, sitting: Sitting, before: Meeting | None, class_name: str | None) -> Meeting:
        class_, rules = self._class_of((class_name,) if class_name else sitting.classes)
        rooms = self._rooms_of(sitting.rooms)
        zone = sitting.zone or next((room.zone for room in rooms if room.zone), None) or self._campus_zone
        start, end = moments_of(sitting, zone)
        room_ids = tuple(room.id for room in rooms)
        if before is None:
            planned = Meeting(new_id(), class_.id, room_ids, start, end, zone, class_.course_id, rules=rules)
            term = self._term_of(class_, planned.local_date)
            return cancelled(replace(planned, term_id=term)) if sitting.cancelled else replace(planned, term_id=term)
        if before.class_id != class_.id:
            raise _Unresolved("other_class", "it was another class's meeting before: give it another id")
        if (start, end, room_ids, zone) != (before.start, before.end, before.room_ids, before.zone):
            after = moved(before, start, end, room_ids, zone)
        else:
            after = before
        if sitting.cancelled:
            return cancelled(after)
        return restored(after) if after.state is MeetingState.CANCELLED else after

    def _class_of(self, candidates: Sequence[str]) -> tuple[Class, ClassRules]:
        for name in candidates:
            for names in self._class_names:
                found = names.of(name)
                if len(found) > 1:
                    raise _Unresolved("ambiguous_class", f"{shortened(name)!r} is the name of {len(found)} classes")
                if found:
                    return self._classes[next(iter(found))]
        told = ", ".join(repr(shortened(name)) for name in candidates) or "nothing"
        raise _Unresolved("unknown_class", f"{told} names no class: its school's id, code or title is asked for")

    def _rooms_of(self, names: Sequence[str]) -> list[Place]:
        rooms: dict[str, Place] = {}
        for name in names:
            # A room's title may hold a comma; only what is no room as a whole is parted.
            parts = (
                [name] if self._room_names.of(name) else [part.strip() for part in name.replace(";", ",").split(",")]
            )
            for part in parts:
                found = self._room_names.of(part)
                if len(found) != 1:
                    what = "names no room" if not found else f"is the title of {len(found)} rooms: give the id"
                    raise _Unresolved("unknown_room", f"{shortened(part)!r} {what}")
                room = self._rooms[next(iter(found))]
                rooms[room.id] = room
        if not rooms:
            raise _Unresolved("unknown_room", "it names no room")
        return list(rooms.values())

    def _term_of(self, class_: Class, day: date) -> str | None:
        for term in class_.term_ids:
            session = self._there.sessions.get(term)
            if session is not None and session.begin <= day <= session.end:
                return term
        return class_.term_id
