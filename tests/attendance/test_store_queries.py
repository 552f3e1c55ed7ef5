"""What the local database answers wrongly or slowly must not be asked for (SecantusDB 0.7.0b3)."""

import ast
from collections.abc import Iterator
from pathlib import Path

STORE = Path(__file__).parents[2] / "attendance" / "store"
# By file: few documents, asked for seldom.
READ_WHOLE = {"tokens.py"}


def operators(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("$"):
            yield node.value


def test_nothing_that_grows_is_searched_by_alternatives_which_reads_every_document() -> None:
    asked = {path.name: {*operators(path)} & {"$or", "$nor"} for path in STORE.glob("*.py")}
    assert {name for name, found in asked.items() if found} <= READ_WHOLE
    assert asked.keys() >= {"records.py", "meetings.py", "outbox.py"}


def test_no_join_or_text_search_is_asked_for() -> None:
    for path in STORE.glob("*.py"):
        assert not {*operators(path)} & {"$lookup", "$text", "$count"}, path.name
