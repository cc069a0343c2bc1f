"""The console's views as HTML: read only, without JavaScript, in a widget or on a page."""

from datetime import datetime
from typing import assert_never

from firstline.console import rows, style
from firstline.console.links import Links
from firstline.console.markup import Child, Node, element, text
from firstline.console.style import Theme
from firstline.console.view import Ask, Detail, Line, Missing, Overview, Reasons, Row, Stop, View
from firstline.timeline import clock

TONES = {
    "P1": "red",
    "P2": "yellow",
    "open": "yellow",
    "resolved": "green",
    "handed-over": "red",
}
"""How a severity or an outcome stands out; the others do not."""
PAGE = element(
    "style",
    "body { margin: 20px auto; max-width: 1200px; padding: 0 16px;"
    " font-family: system-ui, sans-serif; background: Canvas; color: CanvasText;"
    " color-scheme: light dark }",
)


def widget(view: View, links: Links, theme: Theme) -> str:
    """What a CloudWatch widget shows."""
    return text(_whole(view, links, theme))


def page(view: View, links: Links) -> str:
    """The same as a document of its own."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width"),
        element("title", "firstline"),
        PAGE,
    )
    body = element("body", _whole(view, links, "auto"))
    return f"<!doctype html>\n{text(element('html', head, body, lang='en'))}"


def _whole(view: View, links: Links, theme: Theme) -> Node:
    match view:
        case Overview():
            shown = _overview(view, links)
        case Detail():
            shown = _detail(view, links)
        case Missing(why):
            shown = [element("p", why), element("p", *links.to("All incidents", None))]
        case _:
            assert_never(view)
    return element("div", element("style", style.sheet(theme)), *shown, cls="firstline")


def _overview(view: Overview, links: Links) -> list[Child]:
    count = f"{len(view.open)}{' or more' if view.more else ''} open"
    shown: list[Child] = [
        element(
            "p",
            element("span", view.fleet, cls="bold"),
            f" \N{MIDDLE DOT} mode {view.mode}"
            f" \N{MIDDLE DOT} {count} \N{MIDDLE DOT} {_instant(view.now)}",
        ),
        *map(_stop, view.stops),
    ]
    if view.unreadable:
        why = f"No fix is made: the pauses cannot be read ({view.unreadable})"
        shown.append(element("div", why, cls="stop"))
    shown += _cards(view.open, view.now, links)
    if not view.open:
        shown.append(element("p", "No incident is open.", cls="dim"))
    if view.ended:
        shown.append(element("h3", "Ended"))
        shown += _cards(view.ended, view.now, links)
    shown.append(element("h3", "An incident by its id"))
    shown.append(element("div", *links.form()))
    return shown


def _stop(stop: Stop) -> Child:
    told = f"Fixes of {stop.scope} are paused until {_instant(stop.until)} by {stop.by}: {stop.why}"
    return element("div", told, cls="stop")


def _cards(found: tuple[Row, ...], now: datetime, links: Links) -> list[Child]:
    cards = (_card(row, now, *links.to("Timeline", row.id)) for row in found)
    return [each for card in cards for each in card]


def _card(row: Row, now: datetime, *ways: Child) -> list[Child]:
    """An incident in a line that wraps, and below it what it asks of people."""
    took = clock(rows.age(row, now))
    since = f"{_instant(row.opened_at)}, {took}"
    about = f"{row.alarm}{f' {EM_DASH} {row.doing}' if row.doing else ''}"
    card = element(
        "div",
        _badge(row.severity),
        element("span", row.condition, cls="bold"),
        element("span", row.outcome, cls=TONES.get(row.outcome, "")),
        element("span", about, cls="grow"),
        element("span", since, cls="dim"),
        element("span", f"with {row.owner}" if row.owner else "", cls="dim"),
        element("span", *ways),
        cls="card",
    )
    return [card, *map(_ask, row.asks)]


EM_DASH = "\N{EM DASH}"


def _badge(severity: str) -> Child:
    return element("span", severity or "-", cls=f"badge {TONES.get(severity, '')}".strip())


def _ask(ask: Ask) -> Child:
    return element(
        "div",
        element("span", f"{ask.what} waits for a person until {_instant(ask.until)}", cls="bold"),
        element("code", ask.approve),
        element("code", ask.deny),
        cls="ask",
    )


def _detail(view: Detail, links: Links) -> list[Child]:
    shown: list[Child] = [
        *_card(view.row, view.now, *links.to("All incidents", None)),
        element("p", element("code", view.row.id), cls="dim"),
    ]
    if view.left_out:
        shown.append(element("p", f"{view.left_out} earlier lines are not shown.", cls="dim"))
    return [*shown, *map(_line, view.lines)]


def _line(line: Line) -> Child:
    again = f" ({line.times} times, until +{clock(line.last)})" if line.times > 1 else ""
    said = element("span", line.text, element("span", again, cls="dim"), cls="said")
    if line.decisions:
        said.append(_folded(line.decisions))
    return element(
        "div",
        element("span", f"+{clock(line.after)}", cls="after dim", title=_instant(line.at)),
        element("span", line.word, cls=f"word {line.style}".strip()),
        said,
        cls="line",
    )


def _folded(decisions: tuple[Reasons, ...]) -> Node:
    many = f"why, {len(decisions)} decisions" if len(decisions) > 1 else "why"
    return element("details", element("summary", many), *map(_reasons, decisions))


def _reasons(reasons: Reasons) -> Child:
    denied = [each for each in reasons.answers if each.denial]
    passed = [each.guard for each in reasons.answers if not each.denial]
    facts = [element("li", each) for each in reasons.facts]
    facts += [
        element("li", element("span", each.guard, cls="red bold"), f" {EM_DASH} {each.denial}")
        for each in denied
    ]
    if passed:
        told = f"{len(passed)} guards let it pass: {', '.join(passed)}"
        facts.append(element("li", told, cls="dim"))
    head = f"+{clock(reasons.after)} {reasons.step} \N{MIDDLE DOT} {reasons.rule}: {reasons.why}"
    return element("div", element("p", head), element("ul", *facts), cls="reasons")


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
