"""The frame message: what is written can be read, and everything else is refused with its code."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import CONTENT_TYPES, GATEWAY_KEY_ID, BadFrame, Frame, format_time, from_message, parse_time, to_headers

KEY = bytes(range(32))
FRAME = Frame(
    id="door-17",
    camera_id="cam-1",
    taken_at=datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC),
    content_type="image/jpeg",
    picture=b"\xff\xd8picture\xff\xd9",
    received_at=datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC),
)

ids = st.from_regex(r"[A-Za-z0-9._:\-]{1,128}", fullmatch=True)
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=zones)
frames = st.builds(
    Frame,
    id=ids,
    camera_id=ids,
    taken_at=moments,
    content_type=st.sampled_from(sorted(CONTENT_TYPES.values())),
    picture=st.binary(min_size=1, max_size=200),
    received_at=st.none() | moments,
)


def find_key(_camera_id: str, key_id: str) -> bytes | None:
    return KEY if key_id == GATEWAY_KEY_ID else None


def in_milliseconds(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def headers_of(frame: Frame, **changes: bytes | None) -> list[tuple[str, bytes | None]]:
    """The headers of a signed frame with some replaced; underscores in names, as in `content_type`, become hyphens."""
    headers: dict[str, bytes | None] = dict(to_headers(frame, key_id=GATEWAY_KEY_ID, key=KEY))
    for name, value in changes.items():
        headers["content-type" if name == "content_type" else name] = value
    return list(headers.items())


def refusal(
    headers: list[tuple[str, bytes | None]], *, key: bytes | None = b"cam-1", value: bytes | None = FRAME.picture
) -> str:
    with pytest.raises(BadFrame) as caught:
        from_message(key, value, headers, find_key=find_key)
    assert str(caught.value)
    return caught.value.code


@given(frames)
def test_a_frame_is_read_as_it_was_written_in_milliseconds(frame: Frame) -> None:
    headers = to_headers(frame, key_id=GATEWAY_KEY_ID, key=KEY)
    read = from_message(frame.camera_id.encode(), frame.picture, headers, find_key=find_key)
    assert read == Frame(
        id=frame.id,
        camera_id=frame.camera_id,
        taken_at=in_milliseconds(frame.taken_at) or frame.taken_at,
        content_type=frame.content_type,
        picture=frame.picture,
        received_at=in_milliseconds(frame.received_at),
    )


def test_the_headers_are_cloudevents_in_binary_mode() -> None:
    mac = hmac.new(
        KEY,
        b"door-17\n2026-03-02T09:00:00.250Z\ncam-1\n" + hashlib.sha256(FRAME.picture).hexdigest().encode(),
        hashlib.sha256,
    ).hexdigest()
    assert dict(to_headers(FRAME, key_id=GATEWAY_KEY_ID, key=KEY)) == {
        "ce_specversion": b"1.0",
        "ce_id": b"door-17",
        "ce_source": b"/cameras/cam-1",
        "ce_type": b"org.rollcall.frame.v1",
        "ce_time": b"2026-03-02T09:00:00.250Z",
        "ce_receivedat": b"2026-03-02T09:00:01.000Z",
        "content-type": b"image/jpeg",
        "ce_signature": f"gateway:{mac}".encode(),
    }


@pytest.mark.parametrize(
    "name", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_signature", "content-type"]
)
def test_each_header_but_the_arrival_is_needed(name: str) -> None:
    assert refusal([header for header in headers_of(FRAME) if header[0] != name]) == "missing_header"
    assert refusal(headers_of(FRAME, **{name.replace("-", "_"): None})) == "missing_header"


def test_no_headers_at_all_are_refused() -> None:
    with pytest.raises(BadFrame) as caught:
        from_message(b"cam-1", FRAME.picture, None, find_key=find_key)
    assert caught.value.code == "missing_header"


@pytest.mark.parametrize("key", [None, b""])
def test_a_message_without_a_key_is_refused(key: bytes | None) -> None:
    assert refusal(headers_of(FRAME), key=key) == "missing_key"


@pytest.mark.parametrize("value", [None, b""])
def test_a_message_without_a_value_is_refused(value: bytes | None) -> None:
    assert refusal(headers_of(FRAME), value=value) == "missing_value"


@pytest.mark.parametrize("key", [b"\xff\xfe", b"two\nlines", b"a b", b"x" * 129])
def test_a_key_that_is_no_cameras_id_is_refused(key: bytes) -> None:
    assert refusal(headers_of(FRAME), key=key) == "bad_key"


def test_a_header_that_stands_twice_is_refused_lest_two_readers_take_different_ones() -> None:
    assert refusal([*headers_of(FRAME), ("ce_id", b"another")]) == "bad_header"


def test_a_header_that_is_not_utf_8_is_refused() -> None:
    assert refusal(headers_of(FRAME, ce_id=b"\xff")) == "bad_header"


@pytest.mark.parametrize("change", [{"ce_type": b"org.rollcall.frame.v2"}, {"ce_specversion": b"0.3"}])
def test_another_type_of_message_is_refused(change: dict[str, bytes | None]) -> None:
    assert refusal(headers_of(FRAME, **change)) == "wrong_type"


def test_a_source_that_names_another_camera_is_refused() -> None:
    assert refusal(headers_of(FRAME, ce_source=b"/cameras/cam-2")) == "wrong_source"


@pytest.mark.parametrize("frame_id", [b"", b"a b", b"a\nb", b"x" * 129, "tür".encode()])
def test_an_id_that_could_pose_as_something_else_is_refused(frame_id: bytes) -> None:
    assert refusal(headers_of(FRAME, ce_id=frame_id)) == "bad_id"


@pytest.mark.parametrize("name", ["ce_time", "ce_receivedat"])
def test_a_time_that_is_none_is_refused(name: str) -> None:
    assert refusal(headers_of(FRAME, **{name: b"yesterday"})) == "bad_time"


@pytest.mark.parametrize("signature", [b"", b"gateway", b"gateway:00", b"nobody:" + b"0" * 64, b"gateway:" + b"0" * 64])
def test_a_signature_that_does_not_fit_is_refused(signature: bytes) -> None:
    assert refusal(headers_of(FRAME, ce_signature=signature)) == "bad_signature"


@given(frames, st.data())
def test_what_is_signed_cannot_be_changed(frame: Frame, data: st.DataObject) -> None:
    other = data.draw(frames.filter(lambda other: other.picture != frame.picture))
    headers = headers_of(frame)
    assert refusal(headers, key=frame.camera_id.encode(), value=other.picture) == "bad_signature"
    later = frame.taken_at + timedelta(milliseconds=data.draw(st.integers(1, 10**9)))
    moved = headers_of(frame, ce_time=format_time(later).encode())
    assert refusal(moved, key=frame.camera_id.encode(), value=frame.picture) == "bad_signature"
    renamed = headers_of(frame, ce_id=(frame.id[:-1] + ("x" if frame.id[-1] != "x" else "y")).encode())
    assert refusal(renamed, key=frame.camera_id.encode(), value=frame.picture) == "bad_signature"
    stolen = headers_of(frame, ce_source=b"/cameras/thief")
    assert refusal(stolen, key=b"thief", value=frame.picture) == "bad_signature"


@given(
    st.none() | st.binary(max_size=10),
    st.none() | st.binary(max_size=10),
    st.dictionaries(
        st.sampled_from([name for name, _ in headers_of(FRAME)]) | st.text(max_size=5), st.none() | st.binary()
    ),
)
def test_whatever_comes_is_refused_by_a_code_and_never_breaks_the_reader(
    key: bytes | None, value: bytes | None, changes: dict[str, bytes | None]
) -> None:
    headers = dict(headers_of(FRAME)) | changes
    with pytest.raises(BadFrame):
        from_message(key, value, headers, find_key=find_key)


@given(moments)
def test_a_time_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == in_milliseconds(moment)
    assert parse_time(moment.isoformat()) == in_milliseconds(moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02t09:00:00z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02 10:00:00.123999+01:00", datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-03-02T09:00:00.123456789-00:00", datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC)),
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1767258000",
        "2026-03-02",
        "2026-03-02T09:00:00",
        "2026-03-02T09:00Z",
        "2026-W10-1T09:00:00Z",
        "20260302T090000Z",
        "2026-02-30T09:00:00Z",
        "2026-03-02T25:00:00Z",
        "2026-03-02T09:00:00Z\n",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "٢٠٢٦-03-02T09:00:00Z",
    ],
)
def test_what_is_not_a_moment_is_refused(text: str) -> None:
    with pytest.raises(BadFrame) as caught:
        parse_time(text)
    assert caught.value.code == "bad_time"


@given(st.text())
def test_any_text_is_a_moment_or_is_refused(text: str) -> None:
    moment: datetime | None = None
    code = None
    try:
        moment = parse_time(text)
    except BadFrame as refused:
        code = refused.code
    assert code == "bad_time" if moment is None else moment.tzinfo is UTC
