"""How many cores there are to use."""

import os
from pathlib import Path

import pytest

from stream_app.cores import cores_given, pool_size

AFFINITY = float(len(os.sched_getaffinity(0)))


def test_without_a_quota_the_cores_are_those_of_the_affinity(tmp_path: Path) -> None:
    assert cores_given(tmp_path) == AFFINITY
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cores_given(tmp_path) == AFFINITY


def test_a_containers_quota_counts_where_it_is_less(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cores_given(tmp_path) == 0.5
    (tmp_path / "cpu.max").write_text("6400000 100000\n")
    assert cores_given(tmp_path) == min(AFFINITY, 64)


@pytest.mark.parametrize(("quota", "cores"), [("-1", AFFINITY), ("75000", 0.75)])
def test_the_older_kind_of_cgroup_counts_too(tmp_path: Path, quota: str, cores: float) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert cores_given(tmp_path) == cores


@pytest.mark.parametrize(("cores", "size"), [(0.5, 1), (1, 1), (2, 2), (3.5, 3), (4, 3), (16, 15)])
def test_the_pool_has_a_process_a_core_but_one_that_is_left_to_the_main_process_where_there_are_many(
    cores: float, size: int
) -> None:
    assert pool_size(cores) == size
