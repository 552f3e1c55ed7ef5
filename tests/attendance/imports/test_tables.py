"""CSV as schools hand it over: every fault has its line, and text stays what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.imports.findings import Findings
from attendance.imports.tables import BadCell, Row, read_rows
from tests.attendance.imports.bundles import as_csv

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def rows_of(data: bytes, *required: str) -> tuple[list[Row], Findings]:
    findings = Findings()
    return list(read_rows("x.csv", data, required, findings)), findings


def only(findings: Findings) -> tuple[str, int | None]:
    (found,) = findings.kept
    return found.code, found.line


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2).filter(any), max_size=10), st.booleans())
def test_what_is_written_as_csv_is_read_as_it_was(lines: list[list[str]], marked: bool) -> None:  # noqa: FBT001
    data = as_csv(("a", "b"), lines).encode("utf-8-sig" if marked else "utf-8")
    rows, findings = rows_of(data, "a", "b")
    assert [[row.cells["a"], row.cells["b"]] for row in rows] == lines
    assert findings.kept == []


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_there_are_rows_or_findings_and_no_crash(data: bytes) -> None:
    rows, findings = rows_of(b"a,b\n" + data, "a")
    assert all(set(row.cells) == {"a", "b"} for row in rows)
    assert all(found.line for found in findings.kept)


def test_a_row_has_the_line_on_which_it_begins_also_behind_cells_of_several_lines() -> None:
    rows, _ = rows_of(b'a,b\n1,"x\ny\nz"\n\n2,w\n', "a")
    assert [(row.line, row.cells["a"]) for row in rows] == [(2, "1"), (6, "2")]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "no_columns", None),
        (b"\n\n", "no_columns", None),
        (b"b\n1\n", "missing_columns", 1),
        (b"a,a\n1,2\n", "duplicate_columns", 1),
        (b"a,b\n1\n", "wrong_cells", 2),
        (b"a,b\n1,2\n1,2,3\n", "wrong_cells", 3),
        (b'a,b\n1,"2\n', "bad_csv", 2),
        (b'a,b\n1,"2"3\n', "bad_csv", 2),
        ("a,b\n1,é\n".encode("latin-1"), "not_utf_8", 2),
        ("a,b\n1,2\n".encode("utf-16"), "not_utf_8", 1),
        (b"a,b\n1,\xff\n", "not_utf_8", 2),
        (b"a,b\n1," + b"x" * 10_000_000 + b"\n", "bad_csv", 2),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else None,
)  # fmt: skip
def test_each_fault_has_its_code_and_its_line(data: bytes, code: str, line: int | None) -> None:
    rows, findings = rows_of(data, "a")
    assert only(findings) == (code, line)
    assert rows == [] or rows[0].line == 2


def test_column_names_count_however_their_letters_are_written_and_more_may_be_there() -> None:
    rows, findings = rows_of(b"SOURCEDID,metadata.x\n1,2\n", "sourcedId")
    assert rows[0].cells["sourcedId"] == "1"
    assert not findings.has_errors


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "李", "محمد", "O'Brien", "Žofia", "$where"]
)
def test_text_stays_text_also_where_it_looks_like_a_formula(text: str) -> None:
    assert Row(2, {"name": f" {text} "}).text("name") == text


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "missing_value"), ("  ", "missing_value"), ("x" * 201, "too_long"), ("a\x07b", "bad_text"),
     ("a\nb", "bad_text"), ("\u202egnp.exe", "bad_text")],
)  # fmt: skip
def test_what_no_text_may_be_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadCell) as refused:
        Row(2, {"name": text}).text("name")
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text", ["2026-9-1", "01.09.2026", "20260901", "2026-02-30", "0001-01-01", "2026-W10-1", "x" * 90]
)
def test_a_date_is_written_in_one_way(text: str) -> None:
    with pytest.raises(BadCell) as refused:
        Row(2, {"day": text}).day("day")
    assert refused.value.code == "bad_date"
