import pytest

from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id


async def test_a_student_who_was_added_can_be_got_at_the_place_that_the_answer_names(administrator: Caller) -> None:
    body = {"given_name": "Grace", "family_name": "Hopper", "sourced_id": "s-1906", "email": "grace@example.org"}
    added = await administrator.post("/v1/students", body)
    student = body_of(added, 201)
    assert {name: student[name] for name in body} == body
    assert body_of(await administrator.get(added.headers["location"])) == student


@pytest.mark.parametrize(
    "name", ["王小明", "Þórbjörg Ægisdóttir", "أحمد", "क्षेत्रपाल", "नि‍ष्ठा", "O’Brien-Łuczak", "ꦗꦮ", "𠮷野", "X Æ A-12"]
)
async def test_names_of_any_script_are_kept_as_they_were_written(administrator: Caller, name: str) -> None:
    student = body_of(await administrator.post("/v1/students", {"given_name": name, "family_name": name}), 201)
    again = body_of(await administrator.get(f"/v1/students/{student['id']}"))
    assert (again["given_name"], again["family_name"]) == (name, name)


async def test_a_student_may_have_one_name_only(administrator: Caller) -> None:
    assert body_of(await administrator.post("/v1/students", {"given_name": "Suharto"}), 201)["family_name"] == ""


@pytest.mark.parametrize(
    "name",
    ["", "   ", "a\x00b", "a\nb", "a\x1bb", "a\u2028b", "\u202eevil", "x" * 201, None, 7, ["Ada"], {"a": 1}, True],
)
async def test_a_name_that_cannot_be_shown_or_stored_is_refused_by_its_field(
    administrator: Caller, name: object
) -> None:
    assert fields_of(await administrator.post("/v1/students", {"given_name": name})) == {"given_name"}


async def test_a_lone_surrogate_is_refused_and_not_an_error_of_the_server(administrator: Caller) -> None:
    for body in (rb'{"given_name": "\ud800"}', rb'{"given_name": "Ada", "\udfff": 1}'):
        answer = await administrator.post("/v1/students", content=body, headers={"Content-Type": "application/json"})
        problem_of(answer, 422, "invalid_request")


async def test_a_misspelt_field_is_refused_by_its_name(administrator: Caller) -> None:
    body = {"given_name": "Ada", "familyname": "Lovelace"}
    assert fields_of(await administrator.post("/v1/students", body)) == {"familyname"}


async def test_every_wrong_field_is_told_and_no_value_is_repeated(administrator: Caller) -> None:
    answer = await administrator.post("/v1/students", {"given_name": "", "email": "secret at example"})
    assert fields_of(answer) == {"given_name", "email"}
    assert "secret" not in answer.text


async def test_the_schools_own_id_is_one_students_only(administrator: Caller, school: School) -> None:
    await school.student(sourced_id="s-1815")
    answer = await administrator.post("/v1/students", {"given_name": "Another", "sourced_id": "s-1815"})
    assert "s-1815" in problem_of(answer, 409, "conflict")["detail"]


async def test_the_pages_of_a_list_give_every_student_once(administrator: Caller, school: School) -> None:
    made = {await school.student() for _ in range(7)}
    found: list[str] = []
    path = "/v1/students?limit=3"
    while path:
        page = body_of(await administrator.get(path))
        assert len(page["items"]) <= 3
        found += [student["id"] for student in page["items"]]
        path = f"/v1/students?limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert len(found) == len(set(found))
    assert made <= set(found)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "9" * 30])
async def test_a_limit_out_of_bounds_is_refused(administrator: Caller, limit: str) -> None:
    assert fields_of(await administrator.get(f"/v1/students?limit={limit}")) == {"limit"}


async def test_an_unknown_student_is_not_found_and_an_id_of_another_form_is_refused(administrator: Caller) -> None:
    unknown = an_id()
    assert unknown in problem_of(await administrator.get(f"/v1/students/{unknown}"), 404, "not_found")["detail"]
    for wrong in ("7", "x" * 300, "%00", "{" + unknown + "}", f"urn:uuid:{unknown}", "..%2f"):
        answer = await administrator.get(f"/v1/students/{wrong}")
        assert answer.status_code in (404, 422)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_id_in_capitals_is_the_same_id(administrator: Caller, school: School) -> None:
    student = await school.student()
    assert body_of(await administrator.get(f"/v1/students/{student.upper()}"))["id"] == student
