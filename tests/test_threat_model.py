"""The threat model names a test for each threat, and each is there."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs/threat-model.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)` \|$")
STRIDE = {"spoofing", "tampering", "repudiation", "replay", "disclosure", "denial", "elevation"}


@pytest.mark.parametrize("line", LINES)
def test_each_threat_is_named_by_its_kind_and_has_a_test_that_is_there(line: str) -> None:
    kinds = line.split("|")[2].partition(":")[0].split(",")
    assert {kind.strip() for kind in kinds} <= STRIDE
    found = _TEST.search(line)
    assert found, "no test is named"
    path, name = found.groups()
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in tests


def test_every_kind_of_threat_was_thought_of() -> None:
    named = " ".join(line.split("|")[2] for line in LINES)
    assert [kind for kind in STRIDE if kind not in named] == []
