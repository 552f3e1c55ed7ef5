"""The in-order acknowledger."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.slots import PartitionSlots


@given(st.permutations(range(8)))
def test_in_whatever_order_frames_finish_they_are_acknowledged_in_order_and_all(order: list[int]) -> None:
    slots = PartitionSlots()
    acknowledged: list[int] = []
    taken = [slots.add(offset, 1, partial(acknowledged.append, offset)) for offset in range(8)]
    finished: set[int] = set()
    for offset in order:
        slots.finish(taken[offset])
        finished.add(offset)
        front = next((o for o in range(8) if o not in finished), 8)
        assert acknowledged == list(range(front))
    assert len(slots) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30))
def test_the_bytes_counted_are_those_of_frames_that_still_hold_them(frames: list[tuple[int, bool]]) -> None:
    slots = PartitionSlots()
    held = 0
    for offset, (size, is_freed) in enumerate(frames):
        slot = slots.add(offset, size, lambda: None)
        if is_freed:
            slots.free_bytes(slot)
        else:
            held += size
    assert slots.bytes == held
    assert len(slots) == len(frames)


def test_a_frame_whose_bytes_were_let_go_is_not_counted_off_twice() -> None:
    slots = PartitionSlots()
    slot = slots.add(0, 100, lambda: None)
    slots.free_bytes(slot)
    slots.finish(slot)
    assert slots.bytes == 0


def test_what_a_frame_keeps_once_its_picture_was_let_go_still_counts() -> None:
    slots = PartitionSlots()
    slot = slots.add(0, 100, lambda: None)
    slots.free_bytes(slot, kept=30)
    assert slots.bytes == 30
    slots.finish(slot)
    assert slots.bytes == 0


@pytest.mark.parametrize("offset", [4, 5])
def test_an_offset_that_was_taken_before_is_refused(offset: int) -> None:
    slots = PartitionSlots()
    slots.finish(slots.add(5, 1, lambda: None))
    assert slots.has_taken(offset)
    with pytest.raises(ValueError, match="after 5"):
        slots.add(offset, 1, lambda: None)
