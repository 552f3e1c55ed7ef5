"""The documents as files, and what keeps one from being written."""

import json
from pathlib import Path

from deploy.contract.asyncapi import document
from deploy.contract.changes import breaks
from deploy.contract.schemas import EVENTS, Schema, schema_of, type_of

CONTRACT = Path(__file__).parents[2] / "docs" / "contract"


class BrokenVersion(Exception):
    """A version of an event was changed in a way that breaks those who read it."""


def files() -> dict[str, str]:
    """Give each file's text by its path within the folder."""
    schemas = {f"{type_of(model)}.schema.json": schema_of(model) for model in EVENTS}
    documents: dict[str, Schema] = {"asyncapi.json": document(), **schemas}
    return {name: json.dumps(each, indent=2, ensure_ascii=False) + "\n" for name, each in documents.items()}


def write(folder: Path) -> int:
    """Write the files, and give how many.

    Raises:
        BrokenVersion: an event's schema differs from the one that is there by more than an added optional field.
    """
    for model in EVENTS:
        before = folder / f"{type_of(model)}.schema.json"
        if before.exists() and (broken := breaks(json.loads(before.read_text(encoding="utf-8")), schema_of(model))):
            raise BrokenVersion("\n".join([f"{type_of(model)} needs a new version:", *broken]))
    folder.mkdir(parents=True, exist_ok=True)
    texts = files()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return len(texts)
