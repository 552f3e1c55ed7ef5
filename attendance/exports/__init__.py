"""Tables for people and programs: rows in, CSV, JSON or Parquet out, in memory that doesn't grow with the rows."""

from attendance.exports.columns import Column, Kind, Row, Value, in_spreadsheet
from attendance.exports.records import RECORD_COLUMNS, record_columns, record_row
from attendance.exports.writing import FORMATS, Format, csv_head, csv_lines, write

__all__ = [
    "FORMATS",
    "RECORD_COLUMNS",
    "Column",
    "Format",
    "Kind",
    "Row",
    "Value",
    "csv_head",
    "csv_lines",
    "in_spreadsheet",
    "record_columns",
    "record_row",
    "write",
]
