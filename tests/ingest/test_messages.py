"""What a camera says of a frame, and what it is answered."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import format_time
from ingest.assembly import FrameAssembler
from ingest.codes import Code, Refused
from ingest.messages import LONGEST_METADATA, Metadata, Stored, parse_metadata, reply

ids = st.from_regex(r"[A-Za-z0-9._:\-]{1,128}", fullmatch=True)
moments = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
texts = st.text() | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(json.dumps)


def refusal(text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_metadata(text)
    return caught.value


@given(st.none() | ids, st.none() | moments)
def test_what_a_camera_says_is_read(frame_id: str | None, taken_at: datetime | None) -> None:
    said: dict[str, str | None] = {"id": frame_id, "taken_at": format_time(taken_at) if taken_at else None}
    assert parse_metadata(json.dumps(said)) == Metadata(frame_id, taken_at)
    given_only = {name: value for name, value in said.items() if value is not None}
    assert parse_metadata("\n " + json.dumps(given_only)) == Metadata(frame_id, taken_at)


@given(texts)
def test_any_text_is_metadata_or_is_refused_by_a_code(text: str) -> None:
    answer: Metadata | Refused
    try:
        answer = parse_metadata(text)
    except Refused as refused:
        answer = refused
    if isinstance(answer, Refused):
        assert answer.code in {Code.NOT_A_PICTURE, Code.BAD_METADATA, Code.BAD_ID, Code.BAD_TIME}
        assert json.loads(reply(answer))["code"] == answer.code


@pytest.mark.parametrize("text", ["", "hello", "/9j/4AAQSkZJRgABAQ==", "[1]", "7", "null"])
def test_a_text_that_is_no_object_stands_where_a_picture_belongs(text: str) -> None:
    assert refusal(text).code is Code.NOT_A_PICTURE


@pytest.mark.parametrize(
    ("text", "code", "frame_id"),
    [
        ('{"id": 7}', Code.BAD_METADATA, None),
        ('{"id": "a", "takenat": "2026-03-02T09:00:00Z"}', Code.BAD_METADATA, "a"),
        ('{"id": "a", "taken_at": 1767258000}', Code.BAD_METADATA, "a"),
        ('{"id": "a"', Code.BAD_METADATA, None),
        ('{"id": "' + "a" * LONGEST_METADATA + '"}', Code.BAD_METADATA, None),
        ("{" * LONGEST_METADATA, Code.BAD_METADATA, None),
        ('{"id": "a b"}', Code.BAD_ID, None),
        ('{"id": "a", "taken_at": "2026-03-02T09:00:00"}', Code.BAD_TIME, "a"),
    ],
)
def test_what_is_wrong_with_an_object_is_said_with_the_id_where_it_can_be_read(
    text: str, code: Code, frame_id: str | None
) -> None:
    refused = refusal(text)
    assert (refused.code, refused.frame_id) == (code, frame_id)


def test_the_replies_are_small_json_objects() -> None:
    assert json.loads(reply(Stored("a", 3, 42))) == {"type": "stored", "id": "a", "partition": 3, "offset": 42}
    assert json.loads(reply(Refused(Code.CLOCK, "set it", frame_id="a"))) == {
        "type": "error",
        "id": "a",
        "code": "clock",
        "message": "set it",
    }
    assert json.loads(reply(Refused(Code.CLOCK, "set it"))) == {"type": "error", "code": "clock", "message": "set it"}


def test_a_text_belongs_to_the_picture_directly_after_it_only() -> None:
    assembler = FrameAssembler()
    assert assembler.text('{"id": "a"}') == []
    assert assembler.picture() == Metadata("a")
    assert assembler.picture() == Metadata()


def test_what_is_wrong_in_a_text_is_answered_with_its_picture_once() -> None:
    assembler = FrameAssembler()
    assert assembler.text('{"id": "a", "taken_at": "noon"}') == []
    with pytest.raises(Refused) as caught:
        assembler.picture()
    assert (caught.value.code, caught.value.frame_id) == (Code.BAD_TIME, "a")
    assert assembler.picture() == Metadata()


def test_a_text_in_a_pictures_place_is_refused_with_the_id_that_was_announced() -> None:
    assembler = FrameAssembler()
    assembler.text('{"id": "a"}')
    assert [(refused.code, refused.frame_id) for refused in assembler.text("hello")] == [(Code.NOT_A_PICTURE, "a")]
    assert assembler.picture() == Metadata()


def test_a_second_text_refuses_the_first_and_stands_for_the_next_picture() -> None:
    assembler = FrameAssembler()
    assembler.text('{"id": "a"}')
    assert [(refused.code, refused.frame_id) for refused in assembler.text('{"id": "b"}')] == [(Code.BAD_METADATA, "a")]
    assert assembler.picture() == Metadata("b")


@given(st.lists(st.none() | st.sampled_from(['{"id":"a"}', '{"id":""}', "{", "hello"]) | texts))
def test_every_picture_gets_one_answer_and_every_text_at_most_one_of_its_own(messages: list[str | None]) -> None:
    assembler = FrameAssembler()
    objects_answered: list[Any] = []
    texts_seen = pictures = 0
    for message in messages:
        if message is None:
            pictures += 1
            try:
                objects_answered.append(assembler.picture())
            except Refused as refused:
                objects_answered.append(refused)
        else:
            texts_seen += 1
            early = assembler.text(message)
            assert len(early) <= 1
            objects_answered.extend(early)
    assert pictures <= len(objects_answered) <= pictures + texts_seen
