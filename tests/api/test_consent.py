import pytest

from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import CONSENT, School, an_id


async def test_a_consent_is_kept_as_it_was_given_with_its_time_in_utc(administrator: Caller, school: School) -> None:
    student = await school.student()
    path = f"/v1/students/{student}/consent"
    given = {**CONSENT, "guardian": "Annabella Byron"}
    recorded = body_of(await administrator.put(path, given))
    assert recorded == {**given, "student_id": student, "given_at": "2026-01-05T08:00:00.000Z"}
    assert body_of(await administrator.get(path)) == recorded


async def test_a_new_consent_takes_the_place_of_the_one_before(administrator: Caller, school: School) -> None:
    student = await school.consenting_student()
    path = f"/v1/students/{student}/consent"
    await school.publish("2027-01")
    body_of(await administrator.put(path, {**CONSENT, "notice_version": "2027-01"}))
    assert body_of(await administrator.get(path))["notice_version"] == "2027-01"


async def test_a_withdrawn_consent_is_gone_and_withdrawing_again_changes_nothing(
    administrator: Caller, school: School
) -> None:
    student = await school.consenting_student()
    path = f"/v1/students/{student}/consent"
    assert body_of(await administrator.delete(path))["had_consented"] is True
    problem_of(await administrator.get(path), 404, "not_found")
    assert body_of(await administrator.delete(path))["had_consented"] is False


async def test_whoever_withdraws_or_declines_is_told_how_to_be_marked_present_without_a_face(
    administrator: Caller, school: School
) -> None:
    student = await school.consenting_student()
    path = f"/v1/students/{student}/consent"
    for answer in (
        await administrator.delete(path),
        await administrator.post(f"{path}/decline", {"notice_version": "2026-08"}),
    ):
        assert [each["way"] for each in body_of(answer)["without_a_face"]] == ["code", "card", "roll"]


async def test_declining_ends_a_consent_that_stands(administrator: Caller, school: School) -> None:
    path = f"/v1/students/{await school.consenting_student()}/consent"
    body_of(await administrator.post(f"{path}/decline", {"notice_version": "2026-08"}))
    problem_of(await administrator.get(path), 404, "not_found")


async def test_what_became_of_a_consent_stays_in_its_history(administrator: Caller, school: School) -> None:
    student = await school.consenting_student()
    path = f"/v1/students/{student}/consent"
    body_of(await administrator.delete(path))
    body_of(await administrator.post(f"{path}/decline", {"notice_version": "2026-08"}))
    kept = body_of(await administrator.get(f"/v1/students/{student}/kept"))
    steps = [(each["step"], each["notice_version"]) for each in kept["consent_history"]]
    assert steps == [("given", "2026-08"), ("withdrawn", None), ("declined", "2026-08")]
    assert all(each["by"] for each in kept["consent_history"])


async def test_a_notice_that_was_never_published_can_be_neither_agreed_to_nor_declined(
    administrator: Caller, school: School
) -> None:
    path = f"/v1/students/{await school.student()}/consent"
    other = {"notice_version": "of nobody"}
    assert fields_of(await administrator.put(path, {**CONSENT, **other})) == {"notice_version"}
    assert fields_of(await administrator.post(f"{path}/decline", other)) == {"notice_version"}
    problem_of(await administrator.get(path), 404, "not_found")


async def test_for_a_student_under_age_a_guardian_has_to_agree(administrator: Caller, school: School) -> None:
    student = await school.student(needs_guardian=True)
    path = f"/v1/students/{student}/consent"
    assert fields_of(await administrator.put(path, CONSENT)) == {"guardian"}
    body_of(await administrator.put(path, {**CONSENT, "guardian": "Annabella Byron"}))


async def test_a_student_who_never_consented_has_no_consent(administrator: Caller, school: School) -> None:
    problem_of(await administrator.get(f"/v1/students/{await school.student()}/consent"), 404, "not_found")


async def test_nobody_can_consent_for_a_student_who_does_not_exist(administrator: Caller) -> None:
    path = f"/v1/students/{an_id()}/consent"
    for answer in (
        await administrator.put(path, CONSENT),
        await administrator.get(path),
        await administrator.delete(path),
    ):
        problem_of(answer, 404, "not_found")


@pytest.mark.parametrize("field", ["basis", "notice_version", "given_by", "given_at"])
async def test_a_consent_says_ground_notice_person_and_time(administrator: Caller, school: School, field: str) -> None:
    incomplete = {name: value for name, value in CONSENT.items() if name != field}
    answer = await administrator.put(f"/v1/students/{await school.student()}/consent", incomplete)
    assert fields_of(answer) == {field}


@pytest.mark.parametrize(
    "given_at",
    [
        "2999-01-01T00:00:00Z",
        "2026-01-05",
        "2026-01-05T09:00:00",
        "yesterday",
        1767600000,
        "0001-01-01T00:00:00+14:00",
        "",
    ],
)
async def test_a_consent_of_the_future_or_without_a_clear_moment_is_refused(
    administrator: Caller, school: School, given_at: object
) -> None:
    path = f"/v1/students/{await school.student()}/consent"
    assert fields_of(await administrator.put(path, {**CONSENT, "given_at": given_at})) == {"given_at"}
    problem_of(await administrator.get(path), 404, "not_found")
