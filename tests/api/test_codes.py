"""The route without a face over REST: codes through a login, one device for several, cards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from attendance.codes import MARGIN_STEPS, STEP, code_at
from attendance.store import Store
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id

Calling = Callable[[str | None], Caller]


@pytest.fixture
def store(app: FastAPI) -> Store:
    store: Store = app.state.services.store
    return store


@pytest.fixture(autouse=True)
def nobody_guessed_before(app: FastAPI) -> None:
    """Every test calls from the same address."""
    app.state.services.guesses.__init__()


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


class Lecture:
    """A meeting that is on, with a roster, and who calls."""

    def __init__(self, school: School, calling: Calling) -> None:
        self.school = school
        self.calling = calling
        self.students: list[str] = []
        self.room = self.meeting = self.class_id = ""

    async def begin(self, *, began_ago: float = 2) -> "Lecture":
        self.students = [await self.school.student() for _ in range(3)]
        self.class_id = await self.school.class_(*self.students)
        self.room = await self.school.room()
        self.meeting = await self.school.meeting(
            self.class_id, in_minutes(-began_ago), in_minutes(40), room_ids=[self.room]
        )
        self.teacher = self.calling(await self.school.token("teacher", self.class_id))
        return self

    async def student(self, number: int = 0) -> Caller:
        return self.calling(await self.school.token("student", self.students[number]))

    async def code(self) -> str:
        return str(body_of(await self.teacher.post(f"/v1/meetings/{self.meeting}/code", {}))["code"])


@pytest.fixture
async def lecture(school: School, calling: Calling) -> Lecture:
    return await Lecture(school, calling).begin()


async def test_a_teacher_opens_a_code_and_a_student_gives_it(lecture: Lecture) -> None:
    path = f"/v1/meetings/{lecture.meeting}/code"
    problem_of(await lecture.teacher.get(path), 404, "not_found")
    opened = body_of(await lecture.teacher.post(path, {}))
    assert 0 < opened["seconds_left"] <= STEP.total_seconds()
    assert opened["qr_svg"].startswith("<svg")
    assert body_of(await lecture.teacher.get(path))["opened_at"] == opened["opened_at"]
    student = await lecture.student()
    done = body_of(await student.post("/v1/codes/redeem", {"code": opened["code"].lower()}))
    assert (done["status"], done["method"], done["meeting_id"]) == ("present", "code", lecture.meeting)
    again = body_of(await student.post("/v1/codes/redeem", {"code": opened["code"]}))
    assert again == done  # once a student and meeting
    record = body_of(await lecture.teacher.get(f"/v1/meetings/{lecture.meeting}/roll/{lecture.students[0]}"))
    assert [step["cause"] for step in record["history"]] == ["check_in"]
    assert record["check_ins"] == [{"method": "code", "at": done["at"]}]


async def test_who_comes_after_the_time_to_be_there_is_late_by_the_code_too(school: School, calling: Calling) -> None:
    lecture = await Lecture(school, calling).begin(began_ago=20)
    student = await lecture.student()
    done = body_of(await student.post("/v1/codes/redeem", {"code": await lecture.code()}))
    assert (done["status"], done["provisional"]) == ("late", True)


async def test_a_code_is_taken_for_a_while_after_it_was_shown_and_not_for_long(lecture: Lecture, store: Store) -> None:
    await lecture.code()
    opened = await store.codes.get(lecture.meeting, datetime.now(UTC))
    assert opened
    student = await lecture.student()
    old = code_at(opened.secret, datetime.now(UTC) - (MARGIN_STEPS + 2) * STEP)
    problem_of(await student.post("/v1/codes/redeem", {"code": old}), 422, "wrong_code")
    just_past = code_at(opened.secret, datetime.now(UTC) - STEP)
    body_of(await student.post("/v1/codes/redeem", {"code": just_past, "meeting_id": lecture.meeting}))


async def test_a_code_is_kept_through_the_login_as_a_claim_of_one_student(lecture: Lecture, calling: Calling) -> None:
    start = {"code": await lecture.code(), "device": "phone"}
    claim = body_of(await calling(None).post("/v1/codes/start", start))["claim"]
    student, other = await lecture.student(0), await lecture.student(1)
    done = body_of(await student.post("/v1/codes/redeem", {"claim": claim}))
    assert (done["status"], done["method"]) == ("present", "code")
    assert body_of(await student.post("/v1/codes/redeem", {"claim": claim})) == done
    problem_of(await other.post("/v1/codes/redeem", {"claim": claim}), 409, "conflict")
    problem_of(await other.post("/v1/codes/redeem", {"claim": claim[:-1] + "x"}), 422, "wrong_code")


async def test_closing_the_code_ends_it_and_its_claims(lecture: Lecture, calling: Calling) -> None:
    code = await lecture.code()
    claim = body_of(await calling(None).post("/v1/codes/start", {"code": code}))["claim"]
    assert (await lecture.teacher.delete(f"/v1/meetings/{lecture.meeting}/code")).status_code == 204
    student = await lecture.student()
    problem_of(await student.post("/v1/codes/redeem", {"code": code}), 422, "wrong_code")
    problem_of(await student.post("/v1/codes/redeem", {"claim": claim}), 422, "wrong_code")


async def test_one_device_that_answers_for_several_is_shown_to_the_teacher_and_kept_as_a_hash(
    lecture: Lecture, store: Store
) -> None:
    code = await lecture.code()
    for number, device in enumerate(("somebody's phone", "somebody's phone", "another phone")):
        body_of(await (await lecture.student(number)).post("/v1/codes/redeem", {"code": code, "device": device}))
    roll = body_of(await lecture.teacher.get(f"/v1/meetings/{lecture.meeting}/roll"))
    assert roll["shared_devices"] == [sorted(lecture.students[:2])]
    for student in lecture.students:
        assert "phone" not in repr(await store.records.get(lecture.meeting, student))


async def test_guessing_ends_after_some_wrong_codes(lecture: Lecture) -> None:
    code = await lecture.code()
    student = await lecture.student()
    for _ in range(10):
        problem_of(await student.post("/v1/codes/redeem", {"code": "222222"}), 422, "wrong_code")
    refused = await student.post("/v1/codes/redeem", {"code": code})
    problem_of(refused, 429, "too_many_guesses")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    body_of(await (await lecture.student(1)).post("/v1/codes/redeem", {"code": code}))  # others aren't held up


async def test_guessing_without_a_token_ends_too(lecture: Lecture, calling: Calling) -> None:
    for _ in range(10):
        problem_of(await calling(None).post("/v1/codes/start", {"code": "222222"}), 422, "wrong_code")
    problem_of(await calling(None).post("/v1/codes/start", {"code": await lecture.code()}), 429, "too_many_guesses")


async def test_who_is_not_on_the_roster_gets_nowhere_with_a_code(
    lecture: Lecture, school: School, calling: Calling
) -> None:
    stranger = calling(await school.token("student", await school.student()))
    problem_of(await stranger.post("/v1/codes/redeem", {"code": await lecture.code()}), 404, "not_found")


@pytest.mark.parametrize(("start", "end"), [(60, 90), (-90, -60)])
async def test_a_code_is_opened_only_while_the_meeting_is_on(
    school: School, administrator: Caller, start: float, end: float
) -> None:
    meeting = await school.meeting(await school.class_(), in_minutes(start), in_minutes(end))
    problem_of(await administrator.post(f"/v1/meetings/{meeting}/code", {}), 409, "meeting_not_on")


async def test_a_teachers_word_stands_over_a_code(lecture: Lecture, school: School) -> None:
    await school.mark(lecture.meeting, lecture.students[0], "absent")
    done = body_of(await (await lecture.student()).post("/v1/codes/redeem", {"code": await lecture.code()}))
    assert (done["status"], done["method"]) == ("absent", "manual")


@pytest.mark.parametrize("body", [{}, {"code": "BCDFGH", "claim": "x"}, {"code": ""}, {"code": "x" * 41}])
async def test_a_redemption_gives_either_a_code_or_a_claim(lecture: Lecture, body: object) -> None:
    assert fields_of(await (await lecture.student()).post("/v1/codes/redeem", body))


async def test_a_card_counts_for_what_its_student_attends_in_the_readers_room(
    lecture: Lecture, school: School, administrator: Caller, calling: Calling
) -> None:
    student = lecture.students[0]
    reader, elsewhere = (
        calling(await school.reader(lecture.room)),
        calling(await school.reader(await school.room())),
    )
    problem_of(await reader.post("/v1/cards/taps", {"card": "04A22B9C"}), 404, "not_found")
    card = {"number": "04:a2:2b:9c"}
    assert (await administrator.put(f"/v1/students/{student}/card", card)).status_code == 204
    tapped = body_of(await reader.post("/v1/cards/taps", {"card": "04A22B9C"}))
    assert tapped["meetings"] == [{"meeting_id": lecture.meeting, "status": "present"}]
    body_of(await reader.post("/v1/cards/taps", {"card": "04A22B9C"}))
    record = body_of(await administrator.get(f"/v1/meetings/{lecture.meeting}/roll/{student}"))
    assert [(step["cause"], step["method"]) for step in record["history"]] == [("check_in", "card")]
    problem_of(await elsewhere.post("/v1/cards/taps", {"card": "04A22B9C"}), 409, "meeting_not_on")


async def test_a_reader_that_was_cut_off_sends_what_it_kept_with_its_time(
    school: School, administrator: Caller, calling: Calling
) -> None:
    lecture = await Lecture(school, calling).begin(began_ago=14)
    reader = calling(await school.reader(lecture.room))
    body_of_none = await administrator.put(f"/v1/students/{lecture.students[0]}/card", {"number": "KEPT0001"})
    assert body_of_none.status_code == 204
    for minutes in (-11, 1):
        tap = {"card": "KEPT0001", "at": in_minutes(minutes)}
        assert fields_of(await reader.post("/v1/cards/taps", tap)) == {"at"}
    kept = body_of(await reader.post("/v1/cards/taps", {"card": "KEPT0001", "at": in_minutes(-8)}))
    assert kept["meetings"][0]["status"] == "present"  # by now they would be late


async def test_a_card_is_one_students_and_can_be_taken_away(
    lecture: Lecture, school: School, administrator: Caller, calling: Calling
) -> None:
    one, other = lecture.students[:2]
    number = {"number": "TAKEN-0001"}
    assert (await administrator.put(f"/v1/students/{one}/card", number)).status_code == 204
    problem_of(await administrator.put(f"/v1/students/{other}/card", number), 409, "conflict")
    for _ in range(2):
        assert (await administrator.delete(f"/v1/students/{one}/card")).status_code == 204
    assert (await administrator.put(f"/v1/students/{other}/card", number)).status_code == 204
    problem_of(await administrator.put(f"/v1/students/{an_id()}/card", number), 404, "not_found")
    for wrong in ("", "12", "x" * 65, "ä234", "12;34"):
        assert fields_of(await administrator.put(f"/v1/students/{one}/card", {"number": wrong})) == {"number"}


async def test_the_database_holds_no_cards_number(
    administrator: Caller, school: School, store: Store, lecture: Lecture
) -> None:
    await administrator.put(f"/v1/students/{lecture.students[2]}/card", {"number": "SECRET0042"})
    assert await store.cards.student_of("SECRET0042") == lecture.students[2]
    assert "SECRET0042" not in store.look_up.card("SECRET0042")
