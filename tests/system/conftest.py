"""Rollcall as it runs."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.system.campus import Campus, Stack

MakeCampus = Callable[..., Campus]


@pytest.fixture
async def make_campus(stack: Stack, tmp_path: Path) -> AsyncIterator[MakeCampus]:
    """Make installations of a test's own; they end with it."""
    made: list[Campus] = []

    def make(**settings: str) -> Campus:
        folder = tmp_path / f"campus{len(made)}"
        folder.mkdir()
        made.append(Campus(stack, folder, **settings))
        return made[-1]

    yield make
    for campus in made:
        campus.end()
