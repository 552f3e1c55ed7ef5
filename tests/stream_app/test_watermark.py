"""When all that a room's cameras sent up to a meeting's end is in the records."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from attendance.meetings import Meeting
from stream_app.watermark import Watermark, watermark

START = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
LECTURE = Meeting("m", "c", ("hall",), START, START + timedelta(minutes=50), "Europe/Paris")
A_SECOND = timedelta(seconds=1)
moments = st.datetimes(datetime(2026, 9, 7, 6), datetime(2026, 9, 7, 12), timezones=st.just(UTC))
states = st.dictionaries(st.sampled_from("abcd"), moments)


def test_a_room_is_past_the_end_when_its_last_live_camera_is() -> None:
    through = {"door": LECTURE.end + A_SECOND, "board": LECTURE.end - A_SECOND}
    assert watermark(LECTURE, through, through) is Watermark.BEHIND
    through["board"] = LECTURE.end
    assert watermark(LECTURE, through, through) is Watermark.PAST


def test_a_camera_that_fell_silent_in_the_meeting_holds_the_room_back_since_its_frames_may_yet_come() -> None:
    assert watermark(LECTURE, "ab", {"a": LECTURE.end, "b": LECTURE.opens_at}) is Watermark.BEHIND


def test_a_camera_of_which_nothing_came_since_the_meeting_opened_is_told_apart() -> None:
    before = LECTURE.opens_at - A_SECOND
    assert watermark(LECTURE, "ab", {"a": LECTURE.end, "b": before}) is Watermark.PAST_BUT_FOR_SILENT
    assert watermark(LECTURE, "ab", {"a": LECTURE.end}) is Watermark.PAST_BUT_FOR_SILENT


def test_a_room_without_cameras_or_of_which_nothing_came_is_behind() -> None:
    assert watermark(LECTURE, (), {}) is Watermark.BEHIND
    assert watermark(LECTURE, "ab", {}) is Watermark.BEHIND
    assert watermark(LECTURE, "ab", {"somewhere else": LECTURE.end}) is Watermark.BEHIND


@given(states, st.sampled_from("abcd"), moments)
def test_what_is_processed_later_never_sets_the_room_back(
    through: dict[str, datetime], camera: str, moment: datetime
) -> None:
    order = [Watermark.BEHIND, Watermark.PAST_BUT_FOR_SILENT, Watermark.PAST]
    before = watermark(LECTURE, "abcd", through)
    # A camera that wakes up in the middle of the meeting may set it back: then it is live, with frames to come.
    wakes = through.get(camera, LECTURE.opens_at - A_SECOND) < LECTURE.opens_at <= moment < LECTURE.end
    after = watermark(LECTURE, "abcd", through | {camera: max(moment, through.get(camera, moment))})
    assert wakes or order.index(after) >= order.index(before)
