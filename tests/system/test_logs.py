"""Nothing that is secret or personal is in what the processes write: a stack runs, and its logs are searched."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.times import now
from attendance.people import StoredTemplate
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.init import Initialised, initialise
from deploy.local.stack import LocalStack
from recognition import Template
from tests.api.callers import Caller
from tests.api.conftest import ONE_PARTITION
from tests.api.school import CONSENT, School, an_id
from tests.api.serving import Server, environment_of, serving

GIVEN, FAMILY, EMAIL = "Zaphodine", "Beeblebroxson", "zaphodine@heart-of-gold.example"
REASON = "appendicitis on the Heart of Gold"
SIGNED = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJaYXBob2RpbmUifQ.c2lnbmF0dXJlLW9mLXNvbWVib2R5"


@pytest.fixture(scope="module")
def places(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> ConnectionSettings:
    mark = an_id()[:8]
    return ConnectionSettings(
        kafka_bootstrap=stack.kafka_bootstrap,
        mongo_url=stack.mongo_url,
        database=f"logs-{mark}",
        topic_prefix=f"logs-{mark}.",
        home=tmp_path_factory.mktemp("home"),
    )


@pytest.fixture(scope="module")
async def initialised(places: ConnectionSettings) -> Initialised:
    return await initialise(places, ONE_PARTITION)


@pytest.fixture(scope="module")
def server(places: ConnectionSettings, initialised: Initialised) -> Iterator[Server]:
    assert initialised
    # At the level at which most is written.
    with serving(environment_of(places) | {"ROLLCALL_LOG_LEVEL": "debug"}) as started:
        yield started


async def test_no_name_token_template_or_key_is_in_a_log(
    server: Server, initialised: Initialised, places: ConnectionSettings, stack: LocalStack
) -> None:
    token = initialised.administrator_token
    assert token is not None
    sourced_id, card = f"school-{an_id()}", "04A22B9C11DEADBEEF"
    store = Store(places)
    vector = np.linspace(-0.731, 0.317, 128, dtype=np.float32)
    async with Caller.over_the_network(server.url, token) as caller:
        body = {"given_name": GIVEN, "family_name": FAMILY, "sourced_id": sourced_id, "email": EMAIL}
        student = str((await caller.post("/v1/students", body)).json()["id"])
        await School(caller).publish()
        assert (await caller.put(f"/v1/students/{student}/consent", CONSENT)).is_success
        await store.biometrics.add_template(StoredTemplate(an_id(), student, Template("dlib", vector), now()))
        await caller.put(f"/v1/students/{student}/card", {"number": card})
        notice = {"first_day": "2026-03-02", "last_day": "2026-03-03", "reason": REASON}
        await caller.post(f"/v1/students/{student}/notices", notice)
        made = (await caller.post("/v1/tokens", {"role": "student", "subjects": [student], "label": GIVEN})).json()
        for path in (
            f"/v1/students/{student}/kept",
            f"/v1/students/by-sourced-id/{sourced_id}",
            f"/v1/students?sourced_id={sourced_id}",
            f"/v1/me?token={token}",
            f"/v1/students/{GIVEN}",
            "/v1/exports/records?names=true",
        ):
            await caller.get(path)
        # What is wrong is logged most: bodies that aren't sound, tokens that don't hold, a photo that is none.
        await caller.post("/v1/students", body)
        await caller.post("/v1/students", {"given_name": [GIVEN], FAMILY: EMAIL})
        await caller.request(
            "POST", f"/v1/students/{student}/photos", content=REASON.encode(), headers={"Content-Type": "image/jpeg"}
        )
    for wrong in (made["token"][:-1] + "A", SIGNED, GIVEN):
        async with Caller.over_the_network(server.url, wrong) as stranger:
            await stranger.get("/v1/me")
    await store.tokens.revoke_of(Role.STUDENT, student, now())
    store.close()
    kept = [places.gateway_key_file, places.look_up_key_file, places.audit_key_file, places.master_key_file]
    secrets = {
        "given name": GIVEN,
        "family name": FAMILY,
        "email": EMAIL,
        "the school's id": sourced_id,
        "reason": REASON,
        "card": card,
        "administrator's token": token.split("_", 2)[2],
        "student's token": made["token"].split("_", 2)[2],
        "provider's token": SIGNED.split(".")[2],
        "template": base64.b64encode(vector.tobytes()).decode()[:40],
        "template's numbers": f"{float(vector[0])!r}"[:7],
        **{f"key {path.name}": path.read_text().strip() for path in kept},
    }
    logs = {"api": server.log, **{path.name: path for path in log_files(stack)}}
    assert any("audit head" in line for line in server.log.read_text().splitlines())
    for name, log in logs.items():
        text = log.read_text(errors="replace")
        found = [what for what, secret in secrets.items() if secret in text]
        # The database's and Kafka's own logs are searched too.
        assert not found, f"{found} in the log of {name}"


def log_files(stack: LocalStack) -> list[Path]:
    """Give the logs of the backends that run for the tests."""
    return [path for path in Path(stack.settings.home).rglob("*.log") if path.is_file() and is_text(path)]


def is_text(path: Path) -> bool:
    """Tell a log of words from a segment of Kafka's or of the database's, which hold what they are there to hold."""
    head: Any = path.open("rb").read(200)
    return b"\0" not in head and not path.name.startswith("0000")


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(json.dumps({"event": GIVEN}))
    assert is_text(tmp_path / "a.log")
    assert GIVEN in (tmp_path / "a.log").read_text()
