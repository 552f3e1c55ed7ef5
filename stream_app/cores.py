"""The processor cores that this process was given: by affinity, and by a container's quota."""

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
# Recognition gets all cores but what the main process needs. That is a quarter of a core at most with two recognition
# processes at work; from four cores on it would be slowed down by them, and with it all of them.
KEPT_FROM = 4


def cores_given(cgroup: Path = _CGROUP) -> float:
    """Give how many cores this process may use, 0.5 for half of one's time.

    Containers are limited by a quota of time that the affinity doesn't show: counted by cores alone, a pool on a large
    machine is throttled in the middle of its looks.
    """
    cores = float(len(os.sched_getaffinity(0)))
    quotas = (_quota_v2(cgroup / "cpu.max"), _quota_v1(cgroup / "cpu" / "cpu.cfs_quota_us"))
    return min([cores, *(quota for quota in quotas if quota is not None)])


def pool_size(cores: float) -> int:
    """Give how many recognition processes use these cores: one fewer than cores where there are many."""
    whole = max(math.floor(cores), 1)
    return whole - 1 if whole >= KEPT_FROM else whole


def use_one_thread_a_process() -> None:
    """Keep NumPy's and OpenMP's own threads out of processes started from now on: each has one core to itself."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _quota_v2(path: Path) -> float | None:
    words = _words(path)
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0] != "max" else None


def _quota_v1(path: Path) -> float | None:
    quota, period = _words(path), _words(path.with_name("cpu.cfs_period_us"))
    return int(quota[0]) / int(period[0]) if quota and period and int(quota[0]) > 0 else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []  # another kind of cgroup, or none
