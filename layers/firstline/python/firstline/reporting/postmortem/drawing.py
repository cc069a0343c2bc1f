"""Drawings of a report as geometry: horizontal positions in percent, heights in pixels.

A drawing is so to scale at every width without a script: only its texts keep their size.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from firstline.reporting.postmortem.axis import Axis, Tick, axis
from firstline.reporting.postmortem.report import Comparison, Lane, Line, Moment, Plot, Report
from firstline.reporting.tones import Tone

LANE_HEIGHT = 42
MARK_OFFSET = 27
"""Distance from a lane's upper edge to a mark's middle, in pixels; the lane's name is above it."""
LABEL_WIDTH = 9.0
"""Width of a label, in percent; the next one in its lane comes after it."""
LABEL_TURN_X = 82.0
"""Beyond this position, in percent, a label is to the left of its mark."""
PLOT_WIDTH, PLOT_HEIGHT = 1000, 100
"""The plot's own units, which are stretched to its place."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A moment's mark; ``width`` is its duration, ``label`` its word where there is room."""

    moment: Moment
    x: float
    y: int
    width: float
    label: str
    before: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One lane with its marks."""

    lane: Lane
    top: int
    marks: tuple[Mark, ...]


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The whole timeline; ``later`` counts the moments beyond its end."""

    axis: Axis
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    height: int
    later: int


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A line's points for an SVG path, in the plot's own units; ``M`` follows a gap."""

    name: str
    tone: Tone
    number: int
    points: str
    last: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A plot from ``bottom`` to ``top``; ``limit`` is the threshold's distance from the top.

    It has the incident's axis, extended where the plot begins earlier.
    """

    plot: Plot
    ticks: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    top: str
    bottom: str
    limit: float | None


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison on a line of its own: the band of the days before, and the values around."""

    comparison: Comparison
    band: tuple[float, float] | None
    before: tuple[float, ...]
    around: tuple[float, ...]
    least: str
    most: str
    limit: float | None


def timeline(report: Report) -> Timeline:
    """The report's moments in their lanes, to scale."""
    scale = axis(report)
    drawn = [each for each in report.moments if scale.contains(each.at)]
    rows = tuple(_row(lane, number, drawn, scale) for number, lane in enumerate(Lane))
    return Timeline(
        axis=scale,
        ticks=scale.ticks(),
        rows=rows,
        height=len(rows) * LANE_HEIGHT,
        later=len(report.moments) - len(drawn),
    )


def _row(lane: Lane, number: int, drawn: list[Moment], scale: Axis) -> Row:
    top = number * LANE_HEIGHT
    inside = [each for each in drawn if each.lane is lane]
    return Row(lane=lane, top=top, marks=tuple(_marks(inside, top + MARK_OFFSET, scale)))


def _marks(drawn: list[Moment], y: int, scale: Axis) -> Iterator[Mark]:
    loud = [scale.x(each.at) for each in drawn if each.tone is not Tone.QUIET]
    free = 0.0
    for each in drawn:
        x = scale.x(each.at)
        before = x > LABEL_TURN_X
        left = x - LABEL_WIDTH if before else x
        alone = sum(1 for other in loud if left <= other <= left + LABEL_WIDTH) == 1
        labelled = each.tone is not Tone.QUIET and left >= free and alone
        if labelled:
            free = left + LABEL_WIDTH
        width = scale.x(each.until) - x if each.until is not None else 0.0
        yield Mark(
            moment=each,
            x=x,
            y=y,
            width=round(width, 3),
            label=each.word if labelled else "",
            before=before,
        )


def charts(report: Report) -> tuple[Chart, ...]:
    """Each plot on the timeline's axis."""
    scale = axis(report)
    return tuple(_chart(each, scale) for each in report.plots)


def _chart(plot: Plot, scale: Axis) -> Chart:
    values = [point.value for line in plot.lines for point in line.points]
    bottom = min((*values, plot.limit or 0.0, 0.0))
    top = max((*values, plot.limit or 0.0, 0.0)) or (0.0 if bottom else 1.0)
    scale = scale.extended_to(plot.begins or scale.begins)
    return Chart(
        plot=plot,
        ticks=scale.ticks(),
        curves=tuple(
            Curve(
                name=line.name,
                tone=line.tone,
                number=number,
                points=" ".join(_points(line, scale, top, bottom)),
                last=_number(line.points[-1].value),
            )
            for number, line in enumerate(plot.lines)
            if line.points
        ),
        top=_number(top),
        bottom=_number(bottom),
        limit=None if plot.limit is None else _depth(plot.limit, top, bottom),
    )


def _points(line: Line, scale: Axis, top: float, bottom: float) -> Iterator[str]:
    """A line keeps a value until the next reading, or as long as it holds; then a gap follows."""
    following = (*(each.at for each in line.points[1:]), None)
    move = ""
    for point, until in zip(line.points, following, strict=True):
        y = _depth(point.value, top, bottom)
        over = point.at + line.holds if line.holds is not None else None
        ends = min((each for each in (until, over) if each is not None), default=None)
        yield f"{move}{_across(point.at, scale)},{y}"
        move = "" if ends == until else "M"
        if ends is not None:
            yield f"{_across(ends, scale)},{y}"


def _across(at: datetime, scale: Axis) -> float:
    return round(scale.x(at) * PLOT_WIDTH / 100, 1)


def _depth(value: float, top: float, bottom: float) -> float:
    """The distance of a value from *top*, in the plot's own units."""
    return round(PLOT_HEIGHT * (1 - (value - bottom) / (top - bottom)), 1)


def strips(report: Report) -> tuple[Strip, ...]:
    """Each comparison that has a value to draw."""
    return tuple(_strip(each) for each in report.comparisons if each.around or each.before)


def _strip(comparison: Comparison) -> Strip:
    limits = () if comparison.limit is None else (comparison.limit,)
    values = (*comparison.around, *comparison.before, *limits)
    least, most = min(values), max(values)
    span = most - least

    def place(value: float) -> float:
        return round(100 * (value - least) / span, 2) if span else 50.0

    before = tuple(map(place, comparison.before))
    return Strip(
        comparison=comparison,
        band=(min(before), max(before)) if before else None,
        before=before,
        around=tuple(map(place, comparison.around)),
        least=_number(least),
        most=_number(most),
        limit=None if comparison.limit is None else place(comparison.limit),
    )


def _number(value: float) -> str:
    return f"{value:.4g}"
