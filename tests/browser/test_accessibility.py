"""Every page by axe-core: headings, labels, contrast and keyboard, in both schemes and widths."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from firstline.cli.analysis.drill import page as drills
from firstline.cli.analysis.drill.report import DrillReport
from firstline.cli.analysis.drill.results import drill_result
from firstline.cli.console import open_board
from firstline.config.settings import Home
from firstline.ledger.chain import Kind
from firstline.reporting.console import rows
from firstline.reporting.console.view import Missing, Overview, View
from firstline.reporting.html.console import Refresh, Theme, page, widget
from firstline.reporting.html.report import page as report_page
from firstline.reporting.links import Link
from tests.browser.chromium import Browser, Scheme
from tests.browser.test_report_page import REPORTS
from tests.builders import NOW
from tests.cli.test_drill_results import OPENING, P1
from tests.cli.test_drill_results import chain as entries

SCENARIOS = Path(__file__).parents[2] / "events" / "scenarios"
HOME = Home(account="111122223333", region="us-east-1")
LOOKS: tuple[tuple[int, Scheme], ...] = ((1280, "light"), (390, "dark"))
"""Each width and each scheme once: no style depends on both."""
REFRESHED = ("meta-refresh",)
"""WCAG 2.2, 2.2.1, lets a page refresh itself that a person can keep from it: a link pauses it."""
GROUNDS: dict[Theme, str] = {"light": "#ffffff", "dark": "#161d26"}


@cache
def scene(name: str, at: int | None = None) -> Overview:
    """Return the view of the console for a scenario."""
    view = open_board(SCENARIOS / f"{name}.toml", at, "", HOME).view("")
    assert isinstance(view, Overview)
    return view


def overview() -> Overview:
    """Everything at once: escalated, open with a plan that waits, ended, paused, unreadable."""
    waiting, escalated = scene("approved", 60), scene("parent-does-not-come-back")
    ended = copy.replace(waiting.open[0], outcome="resolved", ended_at=waiting.now, asks=())
    stop = rows.redacted_pause(
        "everything", "a game day", "arn:aws:iam::[account]:user/anna", waiting.now
    )
    return copy.replace(
        waiting,
        escalated=escalated.escalated,
        ended=(ended,),
        stops=(stop,),
        unreadable="its item cannot be parsed",
        more=True,
        more_ended=True,
        links=(Link("runbook", "https://wiki.example.com/"),),
    )


def detail(name: str, at: int | None = None) -> View:
    """One incident with its timeline."""
    board = open_board(SCENARIOS / f"{name}.toml", at, "", HOME)
    view = scene(name, at)
    return board.view((*view.escalated, *view.open)[0].id)


def in_dashboard(view: View, theme: Theme) -> str:
    """A widget as it stands in CloudWatch's page, which has a heading and a ground of its own."""
    shown = widget(view, "arn:aws:lambda:us-east-1:111122223333:function:console", theme)
    style = f"cwdb-action {{ display: none }} body {{ background: {GROUNDS[theme]} }}"
    ink = "#0f141a" if theme == "light" else "#c6c6cd"
    head = f'<!doctype html><html lang="en"><title>Dashboard</title><style>{style}</style>'
    return f'{head}<body style="color: {ink}"><main><h1>Dashboard</h1>{shown}</main></body></html>'


def drill() -> str:
    """A drill that was received, and not paged: some of its checks hold."""
    found = drill_result(entries((Kind.SIGNAL, 2, OPENING)), P1)
    rehearsal = DrillReport(expected=P1, result=found, mode="enforce", started_at=NOW)
    return drills.page((REPORTS["minutes"],), rehearsal)


PAGES: dict[str, Callable[[], str]] = {
    "overview": lambda: page(overview(), Refresh()),
    "overview, paused": lambda: page(overview(), Refresh(paused=True)),
    "overview, nothing there": lambda: page(
        Overview(fleet="vaults", mode="enforce", now=NOW, open=())
    ),
    "incident, open": lambda: page(detail("approved", 60)),
    "incident, escalated": lambda: page(detail("parent-does-not-come-back")),
    "not shown": lambda: page(Missing("There is no incident inc-0.")),
    "widget, light": lambda: in_dashboard(overview(), "light"),
    "widget, dark": lambda: in_dashboard(overview(), "dark"),
    "widget of an incident": lambda: in_dashboard(detail("approved", 60), "dark"),
    "report": lambda: report_page((REPORTS["hours"],)),
    "report, resolved": lambda: report_page((REPORTS["fifty hosts"],)),
    "report of a signal": lambda: report_page((REPORTS["nothing"],)),
    "reports": lambda: report_page((REPORTS["minutes"], REPORTS["hours"])),
    "drill": drill,
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    """With every part unfolded; and nothing scrolls sideways."""
    file = tmp_path / "page.html"
    file.write_text(PAGES[name]())
    for width, scheme in LOOKS:
        browser.show(file.as_uri(), width)
        browser.unfold()
        assert browser.read("document.documentElement.scrollWidth") <= width
        browser.prefer(scheme)
        assert browser.violations(*REFRESHED) == [], (width, scheme)


def test_a_drills_table_keeps_its_columns_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    """Each with its name, and words whole."""
    file = tmp_path / "page.html"
    file.write_text(drill())
    browser.show(file.as_uri(), 390)
    heads = [each.text for each in browser.find(".checks th")]
    assert heads == ["Check", "Expected", "Actual", "Verdict"]
    assert browser.read("document.documentElement.scrollWidth") <= 390


def test_axe_finds_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    """A field without its label, a title that is empty, and grey on white."""
    file = tmp_path / "page.html"
    text = '<p style="color: #999">grey</p><input name="incident">'
    file.write_text(f"<!doctype html><html lang=en><title></title><main><h1>x</h1>{text}</main>")
    browser.show(file.as_uri())
    found = {each.partition(":")[0] for each in browser.violations()}
    assert found == {"color-contrast", "document-title", "label"}
