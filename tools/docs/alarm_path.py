"""``docs/pictures/alarm.*.svg``: the path of an alarm in boxes and arrows, light and dark.

Lengths are in pixels of a picture that is ``WIDTH`` wide.
"""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 960, 528
LINE, PADDING = 18, 24
"""The space between two lines of text, and from a box's top to its title."""
FONT = 'role="img" font-family="Segoe UI, Helvetica, Arial, sans-serif" font-size="13"'
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4"'
    ' markerWidth="8" markerHeight="8" orient="auto">'
)


class Colours(NamedTuple):
    """The colours on one background; ``box`` is a box's, ``person`` that of people's."""

    page: str
    ink: str
    dim: str
    line: str
    box: str
    person: str


COLOURS = {
    "light": Colours("#ffffff", "#1b1f24", "#57606a", "#8a94a0", "#f3f5f7", "#e7f0ff"),
    "dark": Colours("#12161b", "#e6e9ed", "#a5afba", "#7d8894", "#20262d", "#1d2f4d"),
}


class Box(NamedTuple):
    """A box with a title and lines; its ``kind`` is box, person or frame."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...] = ()
    kind: str = "box"


class Arrow(NamedTuple):
    """A line through points, with its text at ``at``."""

    points: tuple[tuple[int, int], ...]
    at: tuple[int, int] = (0, 0)
    text: tuple[str, ...] = ()


BOXES = (
    Box(20, 20, 160, 78, "an alarm fires", ("or a finding, a failed", "launch, a user's report")),
    Box(230, 20, 150, 78, "signals queue", ("by a rule of", "EventBridge")),
    Box(430, 20, 170, 78, "ingest", ("classifies the signal,", "in one transaction")),
    Box(790, 20, 150, 78, "a person", ("by PagerDuty",), "person"),
    Box(20, 148, 702, 146, "reconcile: each wake reads the current state first", (), "frame"),
    Box(40, 190, 112, 56, "observe", ("hosts, metrics",)),
    Box(180, 190, 112, 56, "update", ("what helped",)),
    Box(320, 190, 112, 56, "decide", ("asks the guards",)),
    Box(460, 190, 112, 56, "commit", ("before it acts",)),
    Box(600, 190, 112, 56, "act", ("the gentlest fix",)),
    Box(20, 340, 272, 56, "sweep, every minute", ("late wakes, pending pages, missed P1s",)),
    Box(320, 340, 252, 56, "ledger, hash-chained", ("anyone can check the record",)),
    Box(600, 340, 160, 56, "hosts", ("restarted or replaced",)),
    Box(20, 430, 272, 56, "report", ("timeline, cause, follow-ups",)),
    Box(
        600,
        430,
        340,
        78,
        "emergency topic",
        ("a composite alarm notifies it if firstline", "cannot page; no code is in between"),
    ),
)
ARROWS = (
    Arrow(((180, 59), (226, 59))),
    Arrow(((380, 59), (426, 59))),
    Arrow(((600, 59), (786, 59)), (622, 32), ("pages P1 and P2", "before all else")),
    Arrow(((515, 98), (515, 144)), (525, 126), ("a wake",)),
    *(Arrow(((x, 218), (x + 24, 218))) for x in (152, 292, 432, 572)),
    Arrow(((640, 246), (640, 274), (96, 274), (96, 250)), (320, 267), ("wakes again",)),
    Arrow(((722, 218), (830, 218), (830, 102)), (732, 190), ("proposes,", "escalates")),
    Arrow(((156, 340), (156, 298))),
    Arrow(((516, 246), (516, 336))),
    Arrow(((680, 246), (680, 336))),
    Arrow(((446, 396), (446, 458), (296, 458))),
    Arrow(((895, 430), (895, 102))),
)


def picture(colours: Colours) -> str:
    """Return the whole file."""
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        "<title>The way of an alarm through firstline</title>",
        f'<defs>{TIP}<path d="M0 0 8 4 0 8z" fill="{colours.line}"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{colours.page}"/>',
        *(line for each in BOXES for line in _box(each, colours)),
        *(line for each in ARROWS for line in _arrow(each, colours)),
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def _box(box: Box, colours: Colours) -> Iterator[str]:
    frame = box.kind == "frame"
    fill = "none" if frame else colours.person if box.kind == "person" else colours.box
    dashed = ' stroke-dasharray="5 4"' if frame else ""
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"'
        f' fill="{fill}" stroke="{colours.line}"{dashed}/>'
    )
    begin = box.y + PADDING - (3 if box.height < LINE * 3 else 0)
    x = box.x + 12
    yield _text(x, begin, box.title, colours.ink, ' font-weight="600"')
    for number, line in enumerate(box.lines, start=1):
        yield _text(x, begin + number * LINE, line, colours.dim)


def _arrow(arrow: Arrow, colours: Colours) -> Iterator[str]:
    path = " ".join(f"{x},{y}" for x, y in arrow.points)
    yield (
        f'<polyline points="{path}" fill="none" stroke="{colours.line}" stroke-width="1.5"'
        ' marker-end="url(#tip)"/>'
    )
    x, y = arrow.at
    for number, line in enumerate(arrow.text):
        yield _text(x, y + number * LINE, line, colours.ink)


def _text(x: int, y: int, text: str, colour: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}"{more}>{escape(text)}</text>'
