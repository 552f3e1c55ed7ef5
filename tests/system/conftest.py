"""Rollcall as it runs."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.system.campus import Campus, Stack
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of
from tests.system.school import School
from tests.system.workers import Workers

MakeCampus = Callable[..., Campus]
MakeWorkers = Callable[..., Workers]


@pytest.fixture
async def make_campus(stack: Stack, tmp_path: Path) -> AsyncIterator[MakeCampus]:
    """Make installations of a test's own; they end with it."""
    made: list[Campus] = []

    def make(on: Stack = stack, **settings: str) -> Campus:
        folder = tmp_path / f"campus{len(made)}"
        folder.mkdir()
        made.append(Campus(on, folder, **settings))
        return made[-1]

    yield make
    for campus in made:
        campus.end()


@pytest.fixture
async def make_workers() -> AsyncIterator[MakeWorkers]:
    """Make the workers of an installation; they end with the test."""
    made: list[Workers] = []

    def make(campus: Campus, *command: str, **settings: str) -> Workers:
        made.append(Workers(campus, *([command] if command else []), **settings))
        return made[-1]

    yield make
    for workers in made:
        workers.end()
        workers.print_logs()


@pytest.fixture(scope="session")
def lecture() -> Lecture:
    """The lecture of all fault tests; each plants its school in a database of its own."""
    return Lecture.of(School.of("faults", minutes=20))


@pytest.fixture(scope="session")
async def undisturbed(stack: Stack, tmp_path_factory: pytest.TempPathFactory, lecture: Lecture) -> Outcome:
    """What that lecture comes to when nothing goes wrong."""
    campus = Campus(stack, tmp_path_factory.mktemp("undisturbed"))
    workers = Workers(campus)
    try:
        await campus.prepare()
        await lecture.school.plant(campus.store)
        await campus.produce(lecture.all)
        workers.start()
        outcome = await outcome_of(campus, lecture.school, letters=len(lecture.refused))
    finally:
        workers.end()
        campus.end()
    assert not outcome.contradictions
    assert sorted(outcome.refused) == sorted((frame.id, why) for frame, why in lecture.refused)
    assert outcome.refused.total() == len(lecture.refused)
    statuses = {person: record[0] for person, record in outcome.records.items()}
    assert statuses == {"hopper": "present", "astronaut": "late", "no_consent": "unmarked"}
    return outcome
