from pathlib import Path

import pytest

from recognition.by_group import BadGroups, Outcome, rates, rates_by_group, read_groups, table

OUTCOMES = [
    Outcome("ada", enrolled=True, wrong=False),
    Outcome("ada", enrolled=True, wrong=True),
    Outcome("ada", enrolled=False, wrong=False),
    Outcome("bob", enrolled=False, wrong=True),
    Outcome("bob", enrolled=False, wrong=False),
    Outcome("cleo", enrolled=True, wrong=True),
]


def test_rates_are_counted_for_everyone_and_by_the_group_of_whose_face_it_was() -> None:
    whole = rates(OUTCOMES)
    assert (whole.fnir, whole.fpir, whole.people) == (2 / 3, 1 / 3, 3)
    groups = rates_by_group(OUTCOMES, {"ada": "first", "bob": "second", "dan": "second"})
    assert list(groups) == ["", "first", "second"]
    assert (groups["first"].fnir, groups["first"].fpir, groups["first"].people) == (0.5, 0.0, 1)
    assert (groups["second"].fnir, groups["second"].fpir) == (0.0, 0.5)
    assert (groups[""].missed, groups[""].outsiders) == (1, 0)
    assert sum(each.enrolled for each in groups.values()) == whole.enrolled


def test_a_line_says_what_a_rate_was_counted_on() -> None:
    lines: list[str] = []
    table(rates_by_group(OUTCOMES, {"ada": "first"}), lines.append)
    assert lines[0].startswith("  (no group), 2 people: 100.0 % of 1 not named, 50.00 % of 2 outsiders named")
    assert all("fewer than 30 people" in line for line in lines)
    many = [Outcome(str(person), enrolled=False, wrong=False) for person in range(30)]
    table(rates_by_group(many, {}), lines.append)
    assert "fewer" not in lines[-1]


def test_groups_are_read_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("\ufeffgroup,person,note\nfirst, ada ,x\nsecond,bob,\n", encoding="utf-8")
    assert read_groups(path) == {"ada": "first", "bob": "second"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the columns person and group"),
        ("name,group\nada,first\n", "the columns person and group"),
        ("person,group\nada,\n", "line 2: a person and a group"),
        ("person,group\nada\n", "line 2: a person and a group"),
        ("person,group\nada,first\nada,second\n", "line 3: ada is in two groups"),
        (b"person,group\n\xff\xfe\n", "can't be read as a table"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(tmp_path: Path, content: str | bytes, words: str) -> None:
    path = tmp_path / "groups.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadGroups, match=words):
        read_groups(path)


def test_a_missing_table_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadGroups, match="can't be read as a table"):
        read_groups(tmp_path / "none.csv")
