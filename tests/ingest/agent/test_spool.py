"""The buffer on disk against a plain list."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.agent.spool import Kept, Spool

MOST = 100


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(1, 60)),
            st.tuples(st.just("remove"), st.integers(0, 5)),
            st.tuples(st.just("restart"), st.just(0)),
        ),
        max_size=30,
    )
)
def test_it_holds_the_newest_that_fit_in_order_and_through_restarts(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool, expected = Spool(Path(folder), MOST), []
        for moment, (step, number) in enumerate(steps):
            if step == "put":
                spool.put(bytes([moment]) * number, 1_700_000_000.0 + moment, is_corrected=True)
                expected.append(bytes([moment]) * number)
                while sum(map(len, expected)) > MOST:
                    expected.pop(0)
            elif step == "remove" and number < len(expected):
                spool.remove(kept(spool)[number])
                expected.pop(number)
            elif step == "restart":
                spool = Spool(Path(folder), MOST)
            assert [spool.read(each) for each in kept(spool)] == expected
            assert spool.bytes == sum(map(len, expected))


def kept(spool: Spool) -> list[Kept]:
    found: list[Kept] = []
    while (one := spool.first_but({each.name for each in found})) is not None:
        found.append(one)
    return found


@pytest.mark.parametrize("whose", ["ingest's", "the machine's"])
def test_time_id_and_whose_clock_it_was_survive_a_restart(tmp_path: Path, whose: str) -> None:
    before, is_corrected = Spool(tmp_path, MOST), whose == "ingest's"
    before.put(b"picture", 1_772_442_000.123456, is_corrected=is_corrected)
    (first,), (again,) = kept(before), kept(Spool(tmp_path, MOST))
    assert first == again
    assert again.taken_at == 1_772_442_000.123456
    assert again.is_corrected is is_corrected


def test_what_was_half_written_is_no_picture_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "01772442000123456-c-0123abcd.jpg.new").write_bytes(b"half")
    (tmp_path / "folder.done").write_text("1 a")
    assert len(Spool(tmp_path, MOST)) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["folder.done"]


def test_a_picture_that_vanished_is_told_as_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MOST)
    spool.put(b"picture", 1.0, is_corrected=True)
    for path in tmp_path.iterdir():
        path.unlink()
    (only,) = kept(spool)
    assert spool.read(only) is None
