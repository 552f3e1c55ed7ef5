"""From the withdrawal of a consent to the last moment at which that face is recognised, by a worker that runs."""

import asyncio
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.campus import Campus
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.live_cameras import showing
from tests.system.pictures import hopper, jpeg
from tests.system.school import School
from tests.system.waiting import until

FORGOTTEN_WITHIN = timedelta(seconds=10)
# Longer than workers may go on: what was recognised too late would show.
LOOKED_ON = 15.0


async def last_seen(campus: Campus, school: School) -> datetime | None:
    record = await campus.store.records.get(school.meeting.id, school.students["hopper"])
    return max((sighting.last_seen for sighting in record.sightings), default=None) if record else None


@pytest.mark.parametrize("tries", [6, pytest.param(50, marks=pytest.mark.long)])
async def test_ten_seconds_after_a_withdrawal_nobody_is_recognised_by_that_face(
    make_campus: MakeCampus, make_workers: MakeWorkers, tries: int
) -> None:
    campus = make_campus()
    await campus.prepare()
    now = datetime.now(UTC).replace(microsecond=0)
    schools = [_going_on(School.of(f"withdrawal-{number}", now=now), now) for number in range(tries + 1)]
    for school in schools:
        await school.plant(campus.store)
    stays, leave = schools[-1], schools[:-1]
    workers = make_workers(campus)
    workers.start()
    await workers.ready()
    cameras = [school.camera.id for school in schools]
    withdrawn: dict[int, datetime] = {}
    async with showing(campus, cameras, [jpeg(hopper()), jpeg(hopper(), 0.95)], every=max(1.0, tries / 8)):

        async def all_are_recognised() -> bool:
            return all([await last_seen(campus, school) is not None for school in schools])

        await until(all_are_recognised)
        drawn = random.Random(7)
        for number, school in enumerate(leave):
            await asyncio.sleep(drawn.uniform(0, 0.4))
            await campus.store.biometrics.withdraw_consent(school.students["hopper"], datetime.now(UTC))
            withdrawn[number] = datetime.now(UTC)
        await asyncio.sleep(LOOKED_ON)
        end = datetime.now(UTC)

        async def is_still_seen() -> bool:  # the worker has come as far as the end
            seen = await last_seen(campus, stays)
            return seen is not None and seen >= end

        await until(is_still_seen)
    after: list[float] = []
    for number, school in enumerate(leave):
        seen = await last_seen(campus, school)
        assert seen is not None
        after.append((seen - withdrawn[number]).total_seconds())
    sys.stdout.write(f"{tries} withdrawals, seconds to the last recognition: {min(after):.1f} to {max(after):.1f}\n")
    assert max(after) <= FORGOTTEN_WITHIN.total_seconds()


def _going_on(school: School, now: datetime) -> School:
    """Give the school with a lecture that is on, and a camera of one frame a second."""
    meeting = replace(school.meeting, start=now - timedelta(minutes=5), end=now + timedelta(minutes=50))
    return replace(school, meeting=meeting, camera=replace(school.camera, expected_interval=timedelta(seconds=1)))
