"""Behind, and standing still: what health is told of each partition."""

from unittest.mock import patch

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP
from prometheus_client import REGISTRY

from stream_app.consumer import HoldingConsumer
from stream_app.health import Health
from stream_app.lag import STUCK_SECONDS, Lag, Standing

ONE = TP("frames", 901)  # no worker of another test has it
IDLE = Standing(committed=10, position=10, end=10, done_until=10, under_way=0, waits_s=0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(clock: Clock, *standings: Standing) -> Health:
    """Note each standing, with longer than may be between them."""
    health = Health(Lag(clock))
    health.is_assigned = True
    for standing in standings:
        health.lag.note({ONE: standing})
        clock.now += STUCK_SECONDS + 1
    return health


STANDS_STILL = {
    "frames wait to be fetched": Standing(10, 10, 15, 10, 0, 0),
    "a frame is never done": Standing(10, 15, 15, 10, 5, 90),
    "what is done is not committed": Standing(10, 15, 15, 15, 0, 0),
    "nothing was ever committed": Standing(None, 3, 3, 3, 0, 0),
}


@pytest.mark.parametrize("standing", STANDS_STILL.values(), ids=STANDS_STILL.keys())
def test_a_partition_that_is_behind_and_has_no_commit_is_stuck(standing: Standing) -> None:
    health = told(Clock(), standing)
    assert "partition 901 is behind" in str(health.complaints())
    assert health.faults() == health.complaints()


def test_a_partition_without_frames_is_well_however_long() -> None:
    assert told(Clock(), IDLE, IDLE, IDLE).complaints() == []


def test_a_partition_whose_commits_advance_is_well_however_far_behind() -> None:
    clock = Clock()
    health = Health(Lag(clock))
    for committed in range(100):
        health.lag.note({ONE: Standing(committed, committed + 64, 9999, committed, 64, 500)})
        clock.now += STUCK_SECONDS / 2
        assert health.faults() == []


def test_while_database_or_broker_are_away_a_restart_mends_nothing_and_after_it_time_counts_anew() -> None:
    clock = Clock()
    health = told(clock, STANDS_STILL["a frame is never done"])
    health.waiters = 1
    assert health.faults() == []
    assert "frames wait" in str(health.complaints())
    health.lag.excuse()
    health.waiters = 0
    assert health.complaints() == []
    clock.now += STUCK_SECONDS + 1
    assert health.faults() != []


def test_a_partition_that_went_to_another_worker_is_forgotten_and_leaves_the_metrics() -> None:
    health = told(Clock(), Standing(10, 15, 40, 10, 5, 7.5))
    labels = {"partition": "901"}
    assert REGISTRY.get_sample_value("rollcall_stream_partition_lag_frames", labels) == 30
    assert REGISTRY.get_sample_value("rollcall_stream_partition_lag_seconds", labels) == 7.5
    health.lag.note({})
    assert health.faults() == []
    assert REGISTRY.get_sample_value("rollcall_stream_partition_lag_frames", labels) is None


@pytest.mark.parametrize("is_confirmed", [True, False])
async def test_a_commit_that_failed_is_not_taken_for_progress(is_confirmed: bool) -> None:  # noqa: FBT001
    consumer = HoldingConsumer.__new__(HoldingConsumer)
    consumer._committed_offset, consumer._confirmed = {ONE: 10}, {}

    async def commit(_self: Consumer, _offsets: object) -> bool:
        return is_confirmed

    with patch.object(Consumer, "_commit", commit):
        assert await consumer._commit({ONE: 20}) is is_confirmed
    consumer._committed_offset[ONE] = 20  # as Faust notes it, whatever became of it
    assert consumer.confirmed(ONE) == (20 if is_confirmed else 10)
