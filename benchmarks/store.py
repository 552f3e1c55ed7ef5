"""What people ask of the store, through the API's own process, at 200,000 records and at a tenth of them.

Both schools lie in one database server and are asked in turns, over the same Kafka. Each student of either has as many
records, so that what grows is what is kept, not what is asked for.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import numpy as np

from attendance import rules
from attendance.ids import new_id
from attendance.meetings import Meeting
from attendance.records import Record
from attendance.status import Status
from attendance.store import Store
from attendance.store.plans import Plan, plans_of
from benchmarks.running_app import Installation, backends
from benchmarks.school import School, found

_RECORDS, _STUDENTS, _ROUNDS = 200_000, 10_000, 300
_QUICK_RECORDS, _QUICK_STUDENTS, _QUICK_ROUNDS = 8_000, 400, 30
_SMALLER = 10
_PAGE = 20
# `bare_history`: the same question to an API that asks for no token and writes no audit.
_ASKS = ("roll", "history", "bare_history", "report", "write")
# The two take turns in being first: what a write leaves to do goes on beside the questions after it.
_ASKS_IN_TURN = ("roll", "bare_history", "history", "report", "write")


def main(*, quick: bool, records: int | None = None) -> None:
    """Measure, print a table, the indexes, and the JSON line."""
    students, rounds = (_QUICK_STUDENTS, _QUICK_ROUNDS) if quick else (_STUDENTS, _ROUNDS)
    asyncio.run(_measure(records or (_QUICK_RECORDS if quick else _RECORDS), students, rounds))


@dataclass(frozen=True)
class _Asked:
    """A school, and a client of its API."""

    site: Installation
    school: School
    client: httpx.AsyncClient
    bare: httpx.AsyncClient

    async def ask(self, what: str, drawn: random.Random) -> float:
        """Ask once, and give the seconds until the answer was whole."""
        school = self.school
        class_id = drawn.choice(school.classes)
        meeting = drawn.choice(school.latest[class_id])
        since = school.since.isoformat().replace("+", "%2B")
        began = time.perf_counter()
        match what:
            case "history" | "bare_history":
                path = f"/v1/students/{drawn.choice(school.students)}/attendance?limit={_PAGE}"
                answer = await (self.client if what == "history" else self.bare).get(path)
            case "roll":
                answer = await self.client.get(f"/v1/meetings/{meeting.id}/roll")
            case "report":
                answer = await self.client.get(f"/v1/reports/classes/{class_id}?from={since}")
            case _:
                place = school.classes.index(class_id) * 20 + drawn.randrange(20)
                status = drawn.choice(("present", "late", "absent"))
                path = f"/v1/meetings/{meeting.id}/roll/{school.students[place]}"
                answer = await self.client.put(path, json={"status": status, "reason": new_id()})
        taken = time.perf_counter() - began
        answer.raise_for_status()
        return taken


async def _measure(records: int, students: int, rounds: int) -> None:
    small_students = students // _SMALLER
    async with backends() as stack, Installation(stack) as large, Installation(stack) as small:
        sizes = ((large, records, students), (small, records // _SMALLER, small_students))
        asked = [await _opened(site, kept, people) for site, kept, people in sizes]
        times: dict[str, tuple[list[float], list[float]]] = {what: ([], []) for what in _ASKS}
        drawn = random.Random(1)
        for run in range(rounds + 5):
            for what in _ASKS if run % 2 else _ASKS_IN_TURN:
                for place, school in enumerate(asked):
                    taken = await school.ask(what, drawn)
                    if run >= 5:  # before it, connections and caches are made
                        times[what][place].append(1e3 * taken)
        for each in asked:
            await each.client.aclose()
            await each.bare.aclose()
        plans = {what: await plans_of(large.connection, _as_the_api(what, asked[0].school)) for what in _ASKS}
    figures: dict[str, object] = {"benchmark": "store", "records": records, "students": students}
    figures |= {"small_records": records // _SMALLER, "small_students": small_students, "rounds": rounds}
    print(f"{'ms':10}{records:>12,} records: p50, p99{records // _SMALLER:>12,}: p50, p99   p99 of all by p99 of few")
    for what, both in times.items():
        (p50, p99), (small_p50, small_p99) = (np.percentile(each, (50, 99)) for each in both)
        print(f"{what:13}{p50:>19.1f}{p99:>9.1f}{small_p50:>20.1f}{small_p99:>9.1f}{p99 / small_p99:>16.2f}")
        for name, value in (("p50", p50), ("p99", p99)):
            figures[f"{what}_{name}_ms"] = round(float(value), 2)
        for name, value in (("p50", small_p50), ("p99", small_p99)):
            figures[f"small_{what}_{name}_ms"] = round(float(value), 2)
    guarded = figures["history_p99_ms"], figures["bare_history_p99_ms"]
    figures["history_p99_by_bare"] = round(float(str(guarded[0])) / float(str(guarded[1])), 3)
    print(f"with rights, decryption and audit {figures['history_p99_by_bare']} times the p99 of a history without")
    for what, some in plans.items():
        for plan in dict.fromkeys(some):
            index = plan.index or "no index: every document"
            print(f"{what:10}{plan.command:10}{plan.collection:13}{index:32}{plan.looked_at:>6} looked at")
    figures["indexes"] = {what: _indexes(some) for what, some in plans.items()}
    print(json.dumps(figures))


async def _opened(site: Installation, records: int, students: int) -> _Asked:
    await site.start("api")
    school = await found(site, records=records, students=students, told=lambda text: print(f"  {text}", flush=True))
    headers = {"Authorization": f"Bearer {school.token}"}
    client = httpx.AsyncClient(base_url=site.http("api"), headers=headers, trust_env=False, timeout=60)
    await site.start("bare-api")
    bare = httpx.AsyncClient(base_url=site.http("bare-api"), trust_env=False, timeout=60)
    return _Asked(site, school, client, bare)


def _as_the_api(what: str, school: School) -> Callable[[Store], Awaitable[object]]:
    """Give what the API asks of the store for a question."""
    class_id, student_id = school.classes[0], school.students[0]
    meeting = school.latest[class_id][0]

    async def ask(store: Store) -> None:
        match what:
            case "history" | "bare_history":
                found = await store.records.of_student(student_id, start=None, end=None, after=None, limit=_PAGE + 1)
                await store.meetings.get_many([record.meeting_id for record in found])
                await store.classes.get_many([class_id])
                await store.records.totals_of_student(student_id, start=None, end=None)
            case "roll":
                await store.meetings.get(meeting.id)
                await store.students.get_many(await store.classes.roster(class_id, meeting.local_date))
                await store.records.of_meeting(meeting.id)
                await store.progress.coverage_of(meeting.id)
            case "report":
                meetings = await store.meetings.between(school.since, None, class_id=class_id)
                await store.reports.tallies(each.id for each in meetings)
            case _:
                await _mark(store, meeting, student_id)

    return ask


async def _mark(store: Store, meeting: Meeting, student_id: str) -> None:
    def decide(record: Record | None) -> Record:
        return rules.mark(record, meeting.id, student_id, Status.LATE, by="benchmark", reason=new_id(), now=meeting.end)

    await store.records.change(meeting, student_id, decide, now=meeting.end)


def _indexes(plans: list[Plan]) -> list[str]:
    return sorted({f"{plan.collection}: {plan.index or 'none'}" for plan in plans})
