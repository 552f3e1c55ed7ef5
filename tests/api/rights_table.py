"""The table of `docs/rights.md`, read: who may use which route, and of what."""

from enum import StrEnum
from pathlib import Path

from attendance.rights import Role

PAGE = Path(__file__).parents[2] / "docs/rights.md"
Route = tuple[str, str]


class Reach(StrEnum):
    """What a cell says."""

    NOTHING = ""
    OWN = "own"
    ALL = "all"
    NO_NAMES = "no names"


def read_table() -> dict[Route, dict[Role | None, Reach]]:
    """Give for each route what each role, and nobody, reaches by it."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| route |"))
    head = [None if name == "nobody" else Role(name) for name in _cells(lines[start])[1:]]
    assert head == [None, *Role]
    table: dict[Route, dict[Role | None, Reach]] = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        route, *cells = _cells(line)
        method, _, path = route.strip("`").partition(" ")
        assert (method, path) not in table
        table[method, path] = dict(zip(head, map(Reach, cells), strict=True))
    return table


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
