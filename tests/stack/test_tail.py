"""Logs: their ends, and what comes after, across rotations."""

from pathlib import Path

from deploy.local.tail import Follower, last_lines


def test_the_last_lines_of_a_file(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    assert last_lines(log, 5) == []
    log.write_text("one\ntwo\nthree\n")
    assert last_lines(log, 2) == ["two", "three"]
    assert last_lines(log, 0) == []


def test_a_follower_gives_only_what_comes_after_and_only_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("before\n")
    follower = Follower(log)
    with log.open("a") as file:
        file.write("half")
        file.flush()
        assert follower.new_lines() == []
        file.write(" whole\nnext\n")
        file.flush()
        assert follower.new_lines() == ["half whole", "next"]


def test_a_rotation_loses_no_line(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("")
    follower = Follower(log)
    with log.open("a") as file:
        file.write("last of the old\n")
    log.rename(tmp_path / "api.log.1")
    log.write_text("first of the new\n")
    assert follower.new_lines() == ["last of the old", "first of the new"]


def test_a_file_that_is_not_there_yet_is_followed_from_its_begin(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    follower = Follower(log)
    assert follower.new_lines() == []
    log.write_text("hello\n")
    assert follower.new_lines() == ["hello"]
