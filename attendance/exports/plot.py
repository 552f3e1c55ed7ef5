"""The rate by class and week as a picture, drawn by matplotlib without a screen and without pyplot's global figures."""

import io
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

MOST_LINES = 12
"""More lines in one picture can't be told apart."""

# Settings of matplotlib hold for the whole process, and its text layout keeps a cache: one picture at a time.
_DRAWING = threading.Lock()
_WIDTH_IN, _HEIGHT_IN, _DPI = 9.0, 5.0, 120
# Texts stay texts in SVG: they can be searched and read aloud, and the reader's fonts have every script. The salt makes
# the same picture the same bytes.
_SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "rollcall"}
_LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One class: the Monday of each week, and its rate there; None where nothing counted."""

    label: str
    points: Sequence[tuple[date, float | None]]


def draw(lines: Sequence[Line], form: str, *, title: str, counted: str) -> bytes:
    """Draw the lines as `svg` or `png`. `counted` says below the picture what the rate is a share of.

    Raises:
        ValueError: there are more lines than MOST_LINES.
    """
    if len(lines) > MOST_LINES:
        raise ValueError(f"a plot shows at most {MOST_LINES} classes")
    # A third of a second that only who asks for a plot pays.
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    with _DRAWING, mpl.rc_context(rc=_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # in PNG only; shown as a box
        figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), dpi=_DPI, layout="constrained")
        axes = figure.add_subplot()
        weeks = sorted({week for line in lines for week, _ in line.points})
        place = {week: number for number, week in enumerate(weeks)}
        for number, line in enumerate(lines):
            x = [place[week] for week, _ in line.points]
            y = [float("nan") if rate is None else rate for _, rate in line.points]
            axes.plot(x, y, marker="o", color=f"C{number % 10}", linestyle="-" if number < 10 else "--", label=" ")
        axes.set_ylim(-0.02, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.set_xlim(-0.5, max(len(weeks), 1) - 0.5)
        step = len(weeks) // 16 + 1
        axes.set_xticks(range(0, len(weeks), step), [_named(week) for week in weeks[::step]], rotation=45, ha="right")
        axes.grid(visible=True, alpha=0.3)
        axes.set_title(title, parse_math=False)
        figure.supxlabel(f"rate: {counted}", fontsize="small", parse_math=False)
        if lines:
            legend = figure.legend(loc="outside right upper", fontsize="small")
            for text, line in zip(legend.get_texts(), lines, strict=True):
                # Set afterwards, so that a `$` is no formula and a leading `_` hides nothing.
                text.set_parse_math(False)
                text.set_text(_shortened(line.label))
        else:
            axes.text(0, 0.5, "no meetings in this time", ha="center")
        canvas, metadata = (FigureCanvasSVG, {"Date": None}) if form == "svg" else (FigureCanvasAgg, {})
        written = io.BytesIO()
        canvas(figure).print_figure(written, format=form, metadata=metadata)
        return written.getvalue()


def _named(week: date) -> str:
    year, number, _ = week.isocalendar()
    return f"{year}-W{number:02}"


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
