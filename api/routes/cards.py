"""Card readers, the cards of students, and what happens when one is held to the other."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from api.bodies import BodyIn, BodyOut
from api.check_ins import check_in, is_on
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_student
from api.problems import Problem, invalid_field
from api.services import ServicesHere, StoreHere
from api.texts import Id, Name, StudentId
from api.times import MomentIn, MomentOut, now
from attendance.ids import new_id
from attendance.records import CheckIn
from attendance.rights import Role
from attendance.status import Method, Status
from attendance.store import Missing
from attendance.store.cards import Reader

router = APIRouter(prefix="/v1", tags=["codes and cards"], route_class=GuardedRoute)

# A reader that was cut off sends what it kept; its clock is believed within the second.
LONGEST_KEPT = timedelta(minutes=10)
CLOCK_AHEAD = timedelta(seconds=10)


def _plain_number(text: str) -> str:
    number = "".join(sign for sign in text.upper() if sign not in " :-")
    if not (number.isascii() and number.isalnum() and 4 <= len(number) <= 64):
        raise ValueError("a card's number has 4 to 64 letters and digits")
    return number


CardNumber = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain_number)]


class ReaderIn(BodyIn):
    """A card reader to add."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"room_id": "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90", "title": "north door"}]}
    )

    room_id: Id
    title: Name


class ReaderOut(BodyOut):
    """A card reader."""

    id: str
    room_id: str
    title: str


class NewReaderOut(BodyOut):
    """A reader just added, with its token."""

    reader: ReaderOut
    token_id: str
    token: str = Field(description="shown this once: put it into the reader now")


class CardIn(BodyIn):
    """A student's card."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"number": "04:A2:2B:9C:11:5E:80"}]})

    number: CardNumber = Field(description="as the reader gives it; spaces, colons and hyphens don't matter")


class TapIn(BodyIn):
    """A card held to the reader."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"card": "04A22B9C115E80"}]})

    card: CardNumber
    at: MomentIn | None = Field(default=None, description="when, where the reader kept it; at most 10 minutes ago")


class TappedMeetingOut(BodyOut):
    """A meeting for which the card counts."""

    meeting_id: str
    status: Status


class TapOut(BodyOut):
    """What a card did."""

    at: MomentOut
    meetings: list[TappedMeetingOut]


@router.post("/readers", status_code=201, summary="Add a card reader")
async def add_reader(body: ReaderIn, store: StoreHere, response: Response) -> NewReaderOut:
    """Add a reader to a room, and make the token that it calls with."""
    try:
        await store.cameras.get_room(body.room_id)
    except Missing as error:
        raise invalid_field("body", "room_id", "unknown_room", f"there is no room {body.room_id}") from error
    reader = Reader(new_id(), body.room_id, body.title)
    await store.cards.add_reader(reader)
    token = await store.tokens.create(
        Role.READER, now=now(), subjects=frozenset({reader.id}), label=f"card reader {body.title}"
    )
    response.headers["Location"] = "/v1/readers"
    return NewReaderOut(reader=ReaderOut.model_validate(reader), token_id=token.id, token=token.text)


@router.get("/readers", summary="List the card readers")
async def list_readers(store: StoreHere, cursor: CursorParameter = None, limit: Limit = 50) -> Page[ReaderOut]:
    """List all readers, in order of id."""
    found = await store.cards.page_of_readers(after=read_key(cursor), limit=limit + 1)
    return make_page(found, limit, ReaderOut.model_validate, lambda reader: write_key(reader.id))


@router.put("/students/{student_id}/card", status_code=204, summary="Give a student a card")
async def assign_card(student_id: StudentId, body: CardIn, store: StoreHere) -> None:
    """Give a student a card, in the place of the one that they had. 409 `conflict` where it is another student's.

    The number is kept as a keyed hash, and can't be read back.
    """
    await require_student(store, student_id)
    await store.cards.assign(body.number, student_id)


@router.delete("/students/{student_id}/card", status_code=204, summary="Take a student's card away")
async def take_card_away(student_id: StudentId, store: StoreHere) -> None:
    """Let the card open nothing any more. Doing it again changes nothing."""
    await require_student(store, student_id)
    await store.cards.take_away(student_id)


@router.post("/cards/taps", summary="Hold a card to a reader")
async def tap_card(body: TapIn, services: ServicesHere, visitor: VisitorHere) -> TapOut:
    """Take a card for whatever its student attends in the reader's room now. The same again changes nothing.

    404 `not_found` for a card that nobody has, 409 `meeting_not_on` where nothing is on in the room for its student.
    """
    store, moment = services.store, now()
    at = body.at or moment
    if not moment - LONGEST_KEPT <= at <= moment + CLOCK_AHEAD:
        raise invalid_field("body", "at", "wrong_clock", "it lies more than 10 minutes back, or ahead: set the clock")
    (reader_id,) = visitor.principal.subjects
    reader = await store.cards.get_reader(reader_id)
    student_id = await store.cards.student_of(body.card)
    if student_id is None:
        raise Problem("not_found", "nobody has this card")
    done: list[TappedMeetingOut] = []
    for meeting in await store.meetings.in_room(reader.room_id, opening_before=at, ending_after=at):
        expected = student_id in await store.classes.roster(meeting.class_id, meeting.local_date)
        if not expected or not is_on(meeting, at):
            continue
        try:
            record = await check_in(services, meeting, student_id, CheckIn(Method.CARD, at, visitor.principal.token_id))
        except Problem:  # they are still in an earlier meeting here: that one takes the card
            continue
        done.append(TappedMeetingOut(meeting_id=meeting.id, status=record.status))
    if not done:
        raise Problem("meeting_not_on", "nothing is on in this room for this card's student")
    return TapOut(at=at, meetings=done)
