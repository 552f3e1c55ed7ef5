"""The rule for change: within a version only optional fields are added; a new value of an enum is a new version."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for
from pydantic import BaseModel, ConfigDict

from attendance.events import AttendanceChanged, AttendanceChangedData, MeetingClosed
from attendance.sighting_events import SightingEvent
from deploy.contract import writing
from deploy.contract.changes import breaks
from deploy.contract.schemas import EVENTS, schema_of, type_of
from deploy.contract.writing import CONTRACT, BrokenVersion, write

EXAMPLES = CONTRACT.parent / "examples" / "events"


class Room(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str


class DataOfALaterRelease(AttendanceChangedData):
    """As the rule allows: two fields more, with defaults."""

    weight: float | None = None
    rooms: tuple[Room, ...] = ()


class OfALaterRelease(AttendanceChanged):
    traceparent: str | None = None
    data: DataOfALaterRelease


class DataWithAFieldThatMustBe(AttendanceChangedData):
    weight: float


class WithAFieldThatMustBe(AttendanceChanged):
    data: DataWithAFieldThatMustBe


class WithAnAttributeThatMustBe(AttendanceChanged):
    traceparent: str


class MoreStatuses(StrEnum):
    PRESENT = "present"
    REMOTE = "remote"


class DataWithAnotherStatus(AttendanceChangedData):
    status: MoreStatuses  # type: ignore[assignment]


class WithAnotherStatus(AttendanceChanged):
    data: DataWithAnotherStatus


class DataWithAnotherKind(AttendanceChangedData):
    revision: str  # type: ignore[assignment]


class WithAnotherKind(AttendanceChanged):
    data: DataWithAnotherKind


class DataThatMayBeNull(AttendanceChangedData):
    zone: str | None  # type: ignore[assignment]


class WithANull(AttendanceChanged):
    data: DataThatMayBeNull


class DataWithADefault(AttendanceChangedData):
    zone: str = "UTC"


class ThatMayLackAField(AttendanceChanged):
    data: DataWithADefault


class WithAnotherType(AttendanceChanged):
    type: Literal["org.rollcall.attendance.changed.v2"] = "org.rollcall.attendance.changed.v2"  # type: ignore[assignment]


class WithoutTheRest(BaseModel):
    type: Literal["org.rollcall.attendance.changed.v1"] = "org.rollcall.attendance.changed.v1"
    data: AttendanceChangedData


SCHEMA = validator_for(schema_of(AttendanceChanged))


def later(event: AttendanceChanged) -> OfALaterRelease:
    whole = event.model_dump()
    whole["data"] |= {"weight": 0.5, "rooms": [{"id": "r"}]}
    return OfALaterRelease.model_validate({**whole, "traceparent": "00-1-2-01"})


def examples(of: type[BaseModel]) -> list[str]:
    texts = [path.read_text() for path in sorted(EXAMPLES.iterdir())]
    return [text for text in texts if json.loads(text)["type"] == type_of(of)]


@pytest.mark.parametrize("model", EVENTS)
def test_events_of_before_are_read_by_the_model_of_now(model: type[BaseModel]) -> None:
    assert examples(model)
    for text in examples(model):
        assert json.loads(model.model_validate_json(text).model_dump_json()) == json.loads(text)


@pytest.mark.parametrize("text", examples(AttendanceChanged))
def test_events_of_before_are_read_by_the_model_of_a_later_release(text: str) -> None:
    read = OfALaterRelease.model_validate_json(text)
    assert (read.traceparent, read.data.weight, read.data.rooms) == (None, None, ())
    assert (
        AttendanceChanged.model_validate_json(read.frozen()).frozen()
        == AttendanceChanged.model_validate_json(text).frozen()
    )


@pytest.mark.parametrize("text", examples(AttendanceChanged))
def test_events_of_a_later_release_are_read_by_the_model_of_before_which_ignores_what_it_does_not_know(
    text: str,
) -> None:
    before = AttendanceChanged.model_validate_json(text)
    told = later(before).frozen()
    assert "traceparent" in told
    assert AttendanceChanged.model_validate_json(told) == before
    assert SCHEMA.is_valid(json.loads(told))


@pytest.mark.parametrize("text", examples(AttendanceChanged))
def test_events_of_before_fit_the_schema_of_a_later_release(text: str) -> None:
    validator_for(schema_of(OfALaterRelease)).validate(json.loads(text))


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=st.just(UTC))
OF_A_CHANGE = st.builds(
    AttendanceChangedData,
    scheduled_start=MOMENTS,
    scheduled_end=MOMENTS,
    first_seen=st.none() | MOMENTS,
    last_seen=st.none() | MOMENTS,
)


@settings(deadline=None)
@given(st.builds(AttendanceChanged, time=MOMENTS, data=OF_A_CHANGE))
def test_whatever_is_written_fits_the_schema(event: AttendanceChanged) -> None:
    assert SCHEMA.is_valid(json.loads(event.frozen()))


def test_optional_fields_may_be_added() -> None:
    assert breaks(schema_of(AttendanceChanged), schema_of(OfALaterRelease)) == []


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (WithAFieldThatMustBe, "weight is new and required"),
        (WithAnAttributeThatMustBe, "traceparent is new and required"),
        (WithAnotherStatus, "status: enum was"),
        (WithAnotherKind, "revision: type was integer, is string"),
        (WithANull, "zone: may be something else"),
        (ThatMayLackAField, "zone is required in only one of the two"),
        (WithAnotherType, "type: const was"),
        (WithoutTheRest, "specversion is gone"),
    ],
)
def test_any_other_change_is_a_new_version(model: type[BaseModel], told: str) -> None:
    found = breaks(schema_of(AttendanceChanged), schema_of(model))
    assert any(told in sentence for sentence in found), found


def test_a_change_back_is_one_too() -> None:
    assert breaks(schema_of(OfALaterRelease), schema_of(AttendanceChanged))
    assert breaks(schema_of(MeetingClosed), schema_of(SightingEvent))


def test_a_broken_version_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    before: dict[str, Any] = {path.name: path.read_text() for path in tmp_path.iterdir()}
    monkeypatch.setattr(writing, "EVENTS", (WithAFieldThatMustBe, MeetingClosed, SightingEvent))
    with pytest.raises(BrokenVersion, match=r"org\.rollcall\.attendance\.changed\.v1 needs a new version:"):
        write(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
