"""What a command prints: a table for people, or JSON."""

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from recognition.faces import Box

__all__ = ["box_of", "box_text", "print_json", "print_table"]

# So wide are tables that go into a file or a pipe: cut lines could not be read there.
_PIPE = 200


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their columns."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_PIPE)
    console.print(table)


def print_json(value: Any) -> None:  # noqa: ANN401  # whatever JSON can hold
    """Print a value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def box_of(box: Box) -> dict[str, int]:
    """Return a box as JSON has it, in whole pixels."""
    return {"left": round(box.left), "top": round(box.top), "right": round(box.right), "bottom": round(box.bottom)}


def box_text(box: Box) -> str:
    """Return a box as tables have it: place and size."""
    return f"{round(box.left)},{round(box.top)}  {round(box.width)} x {round(box.height)}"
