"""CSV as schools hand it over: UTF-8, a line of column names, a line for each thing. Every fault has its line.

What a cell holds is text, also where it looks like a formula: it is kept as it is.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from attendance.imports.findings import Findings
from attendance.texts import plain

LONGEST_ID = 255  # OneRoster's own bound
LONGEST_TEXT = 200
# Above what any cell of ours may hold, below what would cost anything.
_LONGEST_CELL = 131_072
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


class BadCell(ValueError):
    """A cell that can't be taken in. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Row:
    """A line's cells by column name; a column that the file doesn't have is empty. Readers raise `BadCell`."""

    line: int
    cells: Mapping[str, str]

    def text(self, column: str, longest: int = LONGEST_TEXT) -> str:
        """Give a text that has to be there."""
        text = self.optional(column, longest)
        if text is None:
            raise BadCell("missing_value", f"{column} is empty")
        return text

    def optional(self, column: str, longest: int = LONGEST_TEXT) -> str | None:
        """Give a text, or None where the cell is empty."""
        text = self.cells.get(column, "").strip()
        if not text:
            return None
        if len(text) > longest:
            raise BadCell("too_long", f"{column} has {len(text):,} characters; {longest} at most")
        try:
            return plain(text)
        except ValueError as error:
            raise BadCell("bad_text", f"{column}: {error}") from error

    def ids(self, column: str) -> tuple[str, ...]:
        """Give the ids in a cell, which are parted by commas; each once."""
        found = (self.optional(column, LONGEST_ID * 20) or "").split(",")
        return tuple(dict.fromkeys(each.strip() for each in found if each.strip()))

    def day(self, column: str) -> date | None:
        """Give a civil date, or None where the cell is empty."""
        text = self.optional(column)
        if text is None:
            return None
        try:
            day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise BadCell("bad_date", f"{column}: write a date like 2026-09-01, not {shortened(text)!r}")
        return day

    def word(self, column: str, words: Iterable[str]) -> str | None:
        """Give one of some words, however its letters are written; None where the cell is empty."""
        text = self.optional(column)
        if text is None:
            return None
        known = {word.lower(): word for word in words}
        if text.lower() not in known:
            raise BadCell("unknown_word", f"{column} is {shortened(text)!r}; it can be {', '.join(known.values())}")
        return known[text.lower()]


def shortened(text: str) -> str:
    """Cut a text for a sentence."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_rows(file: str, data: bytes, required: Iterable[str], findings: Findings) -> Iterator[Row]:
    """Give the rows of a file; what can't be read as one is a finding. Empty lines are passed over."""
    text = _decoded(file, data, findings)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    line = 1
    while True:
        line, before = reader.line_num + 1, reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            findings.error("bad_csv", f"it can't be read as CSV from here on: {error}", file, before + 1)
            return
        if not any(cells):
            continue
        if columns is None:
            columns = _columns(file, line, cells, required, findings)
            if columns is None:
                return
        elif len(cells) != len(columns):
            detail = f"it has {len(cells)} cells, and there are {len(columns)} columns"
            findings.error("wrong_cells", detail, file, line)
        else:
            yield Row(line, dict(zip(columns, cells, strict=True)))
    if columns is None:
        findings.error("no_columns", "it is empty: the first line names the columns", file)


def _columns(file: str, line: int, cells: list[str], required: Iterable[str], findings: Findings) -> list[str] | None:
    wanted = {name.lower(): name for name in required}
    names = [cell.strip() for cell in cells]
    names = [wanted.get(name.lower(), name) for name in names]
    missing = [name for name in wanted.values() if name not in names]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if missing:
        findings.error("missing_columns", f"columns are missing: {', '.join(missing)}", file, line)
    if doubled:
        findings.error("duplicate_columns", f"columns are there twice: {shortened(', '.join(doubled))}", file, line)
    return None if missing or doubled else names


def _decoded(file: str, data: bytes, findings: Findings) -> str | None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        findings.error("not_utf_8", "it is UTF-16: save it as UTF-8", file, 1)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.error(
            "not_utf_8", f"a sign isn't UTF-8 (byte 0x{data[error.start]:02x}): save it as UTF-8", file, line
        )
        return None
