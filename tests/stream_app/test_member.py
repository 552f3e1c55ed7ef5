"""A worker's id is its own: on one machine by a lock, across machines by stopping when another has it too."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.member import (
    MOST_REJOINS,
    OUTSIDE_SECONDS,
    WITHIN_SECONDS,
    Duel,
    DuelWatch,
    MemberIdTaken,
    Outside,
    OutsideWatch,
    hold_member,
)

HOLD = """
import sys
from pathlib import Path
from stream_app.member import hold_member
member = hold_member(Path(sys.argv[1]), sys.argv[2] or None)
print(member.id, flush=True)
sys.stdin.read()
"""


def holding(home: Path, asked: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home), asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_each_worker_gets_the_first_number_that_is_free(tmp_path: Path) -> None:
    first, second = hold_member(tmp_path, None), hold_member(tmp_path, "")
    assert re.fullmatch(r"[A-Za-z0-9._-]+\.worker-0", first.id)
    assert second.id == first.id.replace("worker-0", "worker-1")
    first.lock.close()
    assert hold_member(tmp_path, None).id == first.id


def test_a_worker_that_was_killed_comes_back_as_the_same(tmp_path: Path) -> None:
    process = holding(tmp_path)
    before = told(process)
    process.kill()
    process.wait()
    assert hold_member(tmp_path, None).id == before


def test_a_second_worker_with_the_same_name_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    process = holding(tmp_path, "rollcall-stream-0")
    assert told(process) == "rollcall-stream-0"
    with pytest.raises(MemberIdTaken, match=f"'rollcall-stream-0' runs already on this machine .process {process.pid}"):
        hold_member(tmp_path, "rollcall-stream-0")
    process.kill()
    process.wait()
    assert hold_member(tmp_path, "rollcall-stream-0").id == "rollcall-stream-0"


@pytest.mark.parametrize("name", ["../up", "a b", "å", "x" * 201])
def test_what_kafka_would_not_take_for_a_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MemberIdTaken, match="ROLLCALL_WORKER"):
        hold_member(tmp_path, name)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rebalances_are_no_duel_however_many() -> None:
    watch = DuelWatch("me", Clock())
    for _ in range(100):
        watch.joined("me-1")


def test_being_thrown_out_again_and_again_is_a_duel_and_seldom_is_not() -> None:
    clock = Clock()
    watch = DuelWatch("worker-0", clock)
    for round_ in range(50):
        watch.joined(f"seldom-{round_}")
        clock.now += WITHIN_SECONDS / (MOST_REJOINS - 2)
    clock.now += WITHIN_SECONDS
    for round_ in range(MOST_REJOINS - 1):
        watch.joined(f"often-{round_}")
    with pytest.raises(Duel, match="another process is the worker 'worker-0' too"):
        watch.joined("once more")


def test_a_worker_that_the_group_has_forgotten_is_noticed_and_one_in_a_rebalance_is_not() -> None:
    clock = Clock()
    watch = OutsideWatch(clock)
    for _ in range(3):
        clock.now += OUTSIDE_SECONDS
        watch.note(is_assigned=False)
        watch.note(is_assigned=True)
    clock.now += OUTSIDE_SECONDS + 1
    with pytest.raises(Outside, match="no partitions for 90 s"):
        watch.note(is_assigned=False)
