"""Enrolment, with real faces through the real engine in its own process."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from api import ApiSettings
from attendance.settings import ConnectionSettings
from deploy.init import Initialised, initialise
from recognition import load_engine
from tests.api.callers import Caller, body_of, problem_of
from tests.api.conftest import ONE_PARTITION, running
from tests.api.school import School, an_id
from tests.recognition import pictures

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def grace() -> bytes:
    return pictures.encoded(pictures.grace_hopper(), "JPEG")


def photos_of(student: str) -> str:
    return f"/v1/students/{student}/photos"


async def templates_of(app: FastAPI, student: str) -> int:
    return len(await app.state.services.store.biometrics.templates_of([student]))


async def test_a_false_find_beside_a_plain_face_does_not_keep_the_photo_out(
    administrator: Caller, school: School
) -> None:
    photo = pictures.encoded(pictures.astronaut(), "PNG")  # HOG finds a second, false face on it
    answer = await administrator.post(photos_of(await school.consenting_student()), content=photo, headers=JPEG)
    assert answer.status_code == 201, answer.text


async def test_a_photo_becomes_a_template_of_the_engines_encoder(
    app: FastAPI, administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    enrolled = body_of(await administrator.post(photos_of(student), content=grace, headers=JPEG), 201)
    assert enrolled["encoder"] == load_engine("fast").encoder
    assert enrolled["face_width"] >= 80
    (template,) = await app.state.services.store.biometrics.templates_of([student])
    assert template.id == enrolled["id"]
    assert template.template.vector.size == 128
    listed = body_of(await administrator.get(photos_of(student)))["items"]
    assert listed == [{name: enrolled[name] for name in ("id", "encoder", "created_at")}]


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
async def test_png_and_webp_do_as_well(administrator: Caller, school: School, file_format: str) -> None:
    photo = pictures.encoded(pictures.grace_hopper(), file_format)
    headers = {"Content-Type": f"image/{file_format.lower()}"}
    answer = await administrator.post(photos_of(await school.consenting_student()), content=photo, headers=headers)
    assert answer.status_code == 201, answer.text


async def test_a_form_with_one_file_does_as_well(administrator: Caller, school: School, grace: bytes) -> None:
    student = await school.consenting_student()
    answer = await administrator.post(photos_of(student), files={"photo": ("grace.jpg", grace, "image/jpeg")})
    assert answer.status_code == 201, answer.text


async def test_a_form_without_a_file_or_with_two_is_refused(
    app: FastAPI, administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    two = [("photo", ("a.jpg", grace, "image/jpeg")), ("photo", ("b.jpg", grace, "image/jpeg"))]
    problem_of(await administrator.post(photos_of(student), files=two), 400, "malformed_body")
    broken = {"Content-Type": "multipart/form-data"}
    problem_of(await administrator.post(photos_of(student), content=grace, headers=broken), 400, "malformed_body")
    assert await templates_of(app, student) == 0


async def test_without_consent_not_a_byte_of_the_photo_is_read(administrator: Caller, school: School) -> None:
    student = await school.student()
    was_read = False

    async def photo() -> AsyncIterator[bytes]:
        nonlocal was_read
        was_read = True
        yield b"never looked at"

    problem_of(await administrator.post(photos_of(student), content=photo(), headers=JPEG), 409, "consent_missing")
    assert not was_read


async def test_after_the_consent_is_withdrawn_no_photo_is_taken_and_none_is_left(
    app: FastAPI, administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    body_of(await administrator.post(photos_of(student), content=grace, headers=JPEG), 201)
    await administrator.delete(f"/v1/students/{student}/consent")
    assert body_of(await administrator.get(photos_of(student)))["items"] == []
    assert await templates_of(app, student) == 0
    problem_of(await administrator.post(photos_of(student), content=grace, headers=JPEG), 409, "consent_missing")


async def test_a_consent_withdrawn_while_the_photo_arrives_keeps_the_template_out(
    app: FastAPI, administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    begun, withdrawn = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        begun.set()
        await withdrawn.wait()
        yield grace

    upload = asyncio.create_task(administrator.post(photos_of(student), content=slowly(), headers=JPEG))
    await begun.wait()
    body_of(await administrator.delete(f"/v1/students/{student}/consent"))
    withdrawn.set()
    problem_of(await upload, 409, "consent_missing")
    assert await templates_of(app, student) == 0


async def test_photos_that_are_of_no_use_are_refused_with_the_reason_in_words(
    app: FastAPI, administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    small = pictures.grace_hopper().resize((170, 200))
    refused: list[tuple[bytes, str]] = [
        (b"GIF89a and then a text", "unsupported_picture"),
        (b"a text where a picture belongs", "not_a_picture"),
        (b"", "not_a_picture"),
        (grace[: len(grace) // 2], "truncated_picture"),
        (pictures.encoded(pictures.cat(), "JPEG"), "no_face"),
        (pictures.encoded(pictures.both(), "JPEG"), "several_faces"),
        (pictures.encoded(pictures.grace_hopper().resize((8, 9)), "PNG"), "picture_too_small"),
        (pictures.encoded(small, "PNG"), "face_too_small"),
        (_png_header(30_000, 30_000), "picture_too_large"),
    ]
    for photo, code in refused:
        answer = await administrator.post(photos_of(student), content=photo, headers=JPEG)
        problem = problem_of(answer, 422, code)
        assert len(problem["detail"].split()) > 4
    assert await templates_of(app, student) == 0


async def test_a_photo_over_the_limit_is_refused_whether_its_length_is_declared_or_not(
    administrator: Caller, school: School
) -> None:
    student = await school.consenting_student()
    heavy = b"\xff\xd8" + bytes(8_100_000)

    async def in_chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(heavy), 500_000):
            yield heavy[start : start + 500_000]

    problem_of(await administrator.post(photos_of(student), content=heavy, headers=JPEG), 413, "body_too_large")
    problem_of(await administrator.post(photos_of(student), content=in_chunks(), headers=JPEG), 413, "body_too_large")


async def test_a_body_that_does_not_say_that_it_is_a_picture_is_refused(administrator: Caller, school: School) -> None:
    student = await school.consenting_student()
    problem_of(await administrator.post(photos_of(student), {"photo": "x"}), 415, "unsupported_media_type")


async def test_one_photo_can_be_deleted_and_the_others_stay(
    administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    ids = [
        body_of(await administrator.post(photos_of(student), content=grace, headers=JPEG), 201)["id"] for _ in range(2)
    ]
    assert (await administrator.delete(f"{photos_of(student)}/{ids[0]}")).status_code == 204
    assert [photo["id"] for photo in body_of(await administrator.get(photos_of(student)))["items"]] == [ids[1]]
    problem_of(await administrator.delete(f"{photos_of(student)}/{ids[0]}"), 404, "not_found")
    other = await school.consenting_student()
    problem_of(await administrator.delete(f"{photos_of(other)}/{ids[1]}"), 404, "not_found")


async def test_there_are_no_photos_of_a_student_who_does_not_exist(administrator: Caller, grace: bytes) -> None:
    path = photos_of(an_id())
    problem_of(await administrator.post(path, content=grace, headers=JPEG), 404, "not_found")
    problem_of(await administrator.get(path), 404, "not_found")
    problem_of(await administrator.delete(f"{path}/{an_id()}"), 404, "not_found")


async def test_others_are_answered_while_a_photo_is_looked_at(
    administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    upload = asyncio.create_task(administrator.post(photos_of(student), content=grace, headers=JPEG))
    answered = 0
    while not upload.done():
        body_of(await administrator.get("/readyz"))  # asks the database, so the loop turns
        answered += 1
    assert (await upload).status_code == 201
    assert answered > 1


async def test_a_photo_that_finds_no_place_is_asked_to_come_again(
    places: ConnectionSettings, administrator_token: str, school: School, grace: bytes
) -> None:
    students = [await school.consenting_student() for _ in range(2)]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        begun.set()
        await go_on.wait()
        yield grace

    async with running(places, ApiSettings(photos_at_once=1)) as app, Caller(app, administrator_token) as caller:
        first = asyncio.create_task(caller.post(photos_of(students[0]), content=slowly(), headers=JPEG))
        await begun.wait()
        busy = await caller.post(photos_of(students[1]), content=grace, headers=JPEG)
        problem_of(busy, 503, "busy")
        assert int(busy.headers["retry-after"]) > 0
        go_on.set()
        assert (await first).status_code == 201
        assert (await caller.post(photos_of(students[1]), content=grace, headers=JPEG)).status_code == 201


async def test_a_photo_that_takes_too_long_is_given_up_and_the_next_one_is_looked_at(
    app: FastAPI, places: ConnectionSettings, administrator_token: str, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    async with (
        running(places, ApiSettings(photo_deadline_s=0.001)) as hasty,
        Caller(hasty, administrator_token) as caller,
    ):
        for _ in range(2):
            answer = await caller.post(photos_of(student), content=grace, headers=JPEG)
            problem_of(answer, 422, "recognition_failed")
    assert await templates_of(app, student) == 0


async def test_what_is_no_picture_is_refused_by_its_header_and_no_process_is_asked(
    places: ConnectionSettings, administrator_token: str, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    before = len(multiprocessing.active_children())
    async with running(places, ApiSettings()) as app, Caller(app, administrator_token) as caller:
        for photo, code in ((b"a text", "not_a_picture"), (_png_header(30_000, 30_000), "picture_too_large")):
            problem_of(await caller.post(photos_of(student), content=photo, headers=JPEG), 422, code)
        assert len(multiprocessing.active_children()) == before
        assert (await caller.post(photos_of(student), content=grace, headers=JPEG)).status_code == 201
        assert len(multiprocessing.active_children()) == before + 1


async def test_a_photo_that_does_not_arrive_gives_its_place_up(
    places: ConnectionSettings, administrator_token: str, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()

    async def never() -> AsyncIterator[bytes]:
        yield grace[:100]
        await asyncio.Event().wait()

    settings = ApiSettings(photos_at_once=1, photo_upload_s=0.1)
    async with running(places, settings) as app, Caller(app, administrator_token) as caller:
        problem_of(await caller.post(photos_of(student), content=never(), headers=JPEG), 408, "upload_too_slow")
        assert (await caller.post(photos_of(student), content=grace, headers=JPEG)).status_code == 201


async def test_of_one_student_a_bounded_number_of_photos_is_kept(
    places: ConnectionSettings, administrator_token: str, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    async with running(places, ApiSettings(photos_a_student=1)) as app, Caller(app, administrator_token) as caller:
        assert (await caller.post(photos_of(student), content=grace, headers=JPEG)).status_code == 201
        answer = await caller.post(photos_of(student), content=grace, headers=JPEG)
        problem_of(answer, 409, "too_many_photos")


async def test_no_answer_holds_a_template(administrator: Caller, school: School, grace: bytes) -> None:
    student = await school.consenting_student()
    answers = [
        await administrator.post(photos_of(student), content=grace, headers=JPEG),
        await administrator.get(photos_of(student)),
    ]
    for answer in answers:
        assert not {"values", "template", "vector"} & set(answer.text.split('"'))


def _png_header(width: int, height: int) -> bytes:
    one = pictures.encoded(pictures.cat(), "PNG")
    return one[:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + one[24:]


async def test_the_answer_says_how_many_photos_are_still_wanted(
    administrator: Caller, school: School, grace: bytes
) -> None:
    student = await school.consenting_student()
    assert body_of(await administrator.get(photos_of(student)))["photos_wanted"] == 2
    for wanted in (1, 0, 0):
        answer = body_of(await administrator.post(photos_of(student), content=grace, headers=JPEG), 201)
        assert answer["photos_wanted"] == wanted
        assert body_of(await administrator.get(photos_of(student)))["photos_wanted"] == wanted


async def test_a_photo_that_is_nearer_to_another_student_is_kept_with_a_warning(
    places: ConnectionSettings, initialised: Initialised, grace: bytes
) -> None:
    alone = places.model_copy(update={"database": f"{places.database}-likeness"})
    token = (await initialise(alone, ONE_PARTITION)).administrator_token
    astronaut = pictures.encoded(pictures.astronaut(), "PNG")
    async with running(alone, ApiSettings()) as app, Caller(app, token) as administrator:
        school = School(administrator)
        await school.publish()
        one, other = await school.consenting_student(), await school.consenting_student()

        async def warnings(student: str, photo: bytes) -> list[tuple[str, str]]:
            answer = body_of(await administrator.post(photos_of(student), content=photo, headers=JPEG), 201)
            return [(each["code"], each["student_id"]) for each in answer["warnings"]]

        assert await warnings(one, grace) == []
        assert await warnings(other, astronaut) == []
        assert await warnings(one, grace) == []
        assert await warnings(other, grace) == [("nearer_to_another", one)]
        third = await school.consenting_student()
        assert await warnings(third, astronaut) == [("nearer_to_another", other)]  # a first photo, of somebody known
        assert await templates_of(app, third) == 1
