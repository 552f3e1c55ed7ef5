"""The AsyncAPI document and the schemas: as the code has them now, and true of what it writes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from attendance.topics import Topics
from deploy.contract.messages import DEAD_HEADERS
from deploy.contract.schemas import EVENTS, schema_of, type_of
from deploy.contract.writing import CONTRACT, files
from ingest.codes import Code, Refused
from ingest.messages import Stored, reply
from tests.stream_app.test_message_contract import of_letter

EXAMPLES = CONTRACT.parent / "examples"
DOCUMENT: dict[str, Any] = json.loads(files()["asyncapi.json"])


def references_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            yield from references_in(value)
    elif isinstance(node, list):
        for each in node:
            yield from references_in(each)


def found(reference: str) -> Any:
    place: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        place = place[name]
    return place


def payload_schema(message: dict[str, Any]) -> dict[str, Any]:
    return {**message["payload"], "components": DOCUMENT["components"]}


def test_the_files_are_what_make_contract_writes() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in CONTRACT.iterdir()}
    assert there == files(), "run `make contract`"


def test_every_reference_leads_somewhere() -> None:
    references = list(references_in(DOCUMENT))
    assert len(references) > 20
    for reference in references:
        assert found(reference)


def test_every_topic_and_the_websocket_are_channels() -> None:
    names = [name for name, value in vars(Topics).items() if isinstance(value, property)]
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == {getattr(Topics(), name) for name in names} | {"/ws"}


def test_every_message_is_on_a_channel_and_in_an_operation() -> None:
    on_channels = {each["$ref"] for channel in DOCUMENT["channels"].values() for each in channel["messages"].values()}
    assert on_channels == {f"#/components/messages/{name}" for name in DOCUMENT["components"]["messages"]}
    operations = [
        (*one["messages"], *one.get("reply", {}).get("messages", ())) for one in DOCUMENT["operations"].values()
    ]
    assert {found(each["$ref"])["$ref"] for messages in operations for each in messages} == on_channels


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_the_examples_of_a_message_fit_what_it_says(name: str) -> None:
    message = DOCUMENT["components"]["messages"][name]
    assert message.get("examples") or name == "picture"
    for example in message.get("examples", ()):
        validator_for(payload_schema(message)).validate(example["payload"])
        if "headers" in example:
            validator_for(message["headers"]).validate(example["headers"])


def test_every_example_file_is_in_the_document() -> None:
    messages = DOCUMENT["components"]["messages"].values()
    shown = {each.get("name") for message in messages for each in message.get("examples", ())}
    files_there = {path.stem for folder in ("events", "frames") for path in (EXAMPLES / folder).iterdir()}
    assert shown - {None} == files_there


def test_a_dead_letters_headers_are_those_that_are_described() -> None:
    written = {name for name, _ in of_letter() if name.startswith("dead_")}
    assert written == DEAD_HEADERS.keys()


@pytest.mark.parametrize("outcome", [Stored("a", 3, 42), *(Refused(code, "why") for code in Code)])
def test_every_reply_fits_what_the_document_says(outcome: Stored | Refused) -> None:
    name = "stored" if isinstance(outcome, Stored) else "error"
    validator_for(payload_schema(DOCUMENT["components"]["messages"][name])).validate(json.loads(reply(outcome)))


@pytest.mark.parametrize("path", sorted((EXAMPLES / "events").iterdir()), ids=lambda path: path.stem)
def test_an_example_fits_the_schema_of_its_version_and_no_other(path: Path) -> None:
    event = json.loads(path.read_text())
    fitting = [type_of(model) for model in EVENTS if validator_for(schema_of(model)).is_valid(event)]
    assert fitting == [event["type"]]
