"""The console as a person sees it: opened, clicked through, in both schemes and widths."""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from firstline.cli.analysis.board import Board
from firstline.cli.console import make_server, open_board
from firstline.config.settings import Home
from firstline.reporting.console.view import Overview
from firstline.reporting.html.console import Refresh, Theme, page, widget
from tests.browser.chromium import Browser

SCENARIOS = Path(__file__).parents[2] / "events" / "scenarios"
HOME = Home(account="111122223333", region="us-east-1")


@contextmanager
def served(board: Board) -> Iterator[str]:
    """The address of the console while it is served."""
    server = make_server(board, 0)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def luminance(colour: str) -> float:
    """Of ``rgb(...)``, from 0 for black to 1 for white (WCAG 2.2, relative luminance)."""
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture(scope="module")
def waiting() -> Iterator[str]:
    """Serve an incident that waits for a person's word."""
    with served(open_board(SCENARIOS / "approved.toml", 60, "", HOME)) as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 1200])
def test_a_person_clicks_through(browser: Browser, waiting: str, scheme: str, width: int) -> None:
    """From the overview with its command to a decision's reasons, and back; nothing overflows."""
    browser.show(waiting, width, "dark" if scheme == "dark" else "light")
    assert "1 open" in browser.find("h1")[0].text
    commands = [each.text for each in browser.find(".ask code")]
    assert commands[0].startswith("firstline approve inc-")
    (link,) = browser.find(".card a.btn")
    link.click()
    words = [each.text for each in browser.find(".word")]
    assert words[:4] == ["receives", "pages", "responds", "inspects"]
    assert "proposes" in words
    (reasons, *_) = browser.find("details")
    assert not browser.find(".reasons")[0].is_displayed()
    reasons.find_element("css selector", "summary").click()
    assert browser.find(".reasons")[0].is_displayed()
    assert "no recent evidence of" in browser.find(".reasons")[0].text
    assert browser.read("document.documentElement.scrollWidth") <= width
    browser.find(".bar a")[0].click()
    assert "1 open" in browser.find("h1")[0].text
    assert browser.complaints() == []
    addresses = [each for each in browser.requested() if not each.endswith("/favicon.ico")]
    assert addresses
    assert all(each.startswith(waiting) for each in addresses)


@pytest.mark.parametrize(("scheme", "lighter"), [("light", False), ("dark", True)])
def test_what_matters_can_be_read_in_both_schemes(
    browser: Browser, waiting: str, scheme: str, *, lighter: bool
) -> None:
    """A severity's red has a contrast of 4.5 to its ground (WCAG 2.2, 1.4.3)."""
    browser.show(waiting, 1200, "dark" if scheme == "dark" else "light")
    ink = luminance(browser.read("getComputedStyle(document.querySelector('.badge')).color"))
    ground = luminance(browser.read("getComputedStyle(document.body).backgroundColor"))
    assert (ink > ground) is lighter
    assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5


def test_what_a_person_has_is_on_top_and_red(browser: Browser, tmp_path: Path) -> None:
    """Above what firstline has; the title says it in a tab, and a link pauses the refresh."""
    view = open_board(SCENARIOS / "nothing-helps.toml", None, "", HOME).view("")
    assert isinstance(view, Overview)
    (row,) = view.escalated
    both = copy.replace(view, open=(copy.replace(row, escalated=False, outcome="open"),))
    file = tmp_path / "page.html"
    for refresh, control in ((Refresh(), "Pause"), (Refresh(paused=True), "Resume")):
        file.write_text(page(both, refresh))
        browser.show(file.as_uri())
        first, second = browser.find(".card")
        colours = [each.value_of_css_property("border-left-color") for each in (first, second)]
        (badge, *_) = browser.find(".badge")
        assert [each == badge.value_of_css_property("color") for each in colours] == [True, False]
        assert "R18 replace the instances that stay unhealthy" in first.text
        assert first.location["y"] < second.location["y"]
        assert browser.driver.title.startswith("nothing-helps: 1 escalated, 1 open")
        assert control in browser.find(".bar")[0].text


ENDPOINT = "arn:aws:lambda:us-east-1:111122223333:function:console"
GROUNDS: dict[Theme, str] = {
    "light": "background: #ffffff; color: #0f141a",
    "dark": "background: #161d26; color: #c6c6cd",
}
"""What CloudWatch's console stands on, in each of its themes."""


def only(board: Board) -> str:
    """The id of the one incident that is open."""
    view = board.view("")
    assert isinstance(view, Overview)
    (row,) = view.open
    return row.id


def dashboard(board: Board, theme: Theme, asked: str = "") -> str:
    """The widget as CloudWatch shows it, which reads ``cwdb-action`` and does not draw it."""
    shown = widget(board.view(asked), ENDPOINT, theme)
    style = f"cwdb-action {{ display: none }} body {{ margin: 16px; {GROUNDS[theme]} }}"
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{shown}</body>"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_widget_in_cloudwatchs_themes(
    browser: Browser, tmp_path: Path, theme: Theme, scheme: str
) -> None:
    """Its colours are the theme's, whatever the browser likes; all of it can be read, and fits."""
    board = open_board(SCENARIOS / "approved.toml", 60, "", HOME)
    file = tmp_path / "widget.html"
    for asked in ("", only(board)):
        file.write_text(dashboard(board, theme, asked))
        browser.show(file.as_uri(), 1000, "dark" if scheme == "dark" else "light")
        assert browser.find(".card")
        ground = luminance(browser.read("getComputedStyle(document.body).backgroundColor"))
        for css in (".badge", ".warning", ".card b", ".word", ".dim", "dt"):
            for each in browser.find(css):
                ink = luminance(each.value_of_css_property("color"))
                assert (ink > ground) is (theme == "dark"), css
                assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5, css
        assert browser.read("document.documentElement.scrollWidth") <= 1000
        assert browser.complaints() == []
        assert browser.find("script") == browser.find("form") == []


def test_the_widget_leads_on_by_its_function(browser: Browser, tmp_path: Path) -> None:
    """Each link names what CloudWatch calls: the function, with its parameters."""
    board = open_board(SCENARIOS / "approved.toml", 60, "", HOME)
    incident = only(board)
    file = tmp_path / "widget.html"
    file.write_text(dashboard(board, "dark"))
    browser.show(file.as_uri())
    links = browser.find("a.btn")
    calls = browser.find("a.btn + cwdb-action")
    assert [each.text for each in links] == ["Timeline", "Look up"]
    (alarm,) = browser.find("a.out")
    assert (alarm.get_attribute("target"), alarm.text) == ("_blank", "alarm")
    assert {each.get_attribute("endpoint") for each in calls} == {ENDPOINT}
    asked = [json.loads(each.get_attribute("textContent") or "") for each in calls]
    assert asked == [{"incident": incident}, {"form": "yes"}]
    assert [each.is_displayed() for each in calls] == [False, False]
    (field,) = browser.find("input")
    assert field.get_attribute("name") == "incident"


def test_an_incident_is_looked_up_by_its_id(browser: Browser, waiting: str) -> None:
    """By a form; an unknown id is reported as text, not as markup."""
    browser.show(waiting)
    known = browser.find(".ask code")[0].text.split()[2]
    for asked, expected in ((known, "receives"), ("<b>no</b>", "There is no incident <b>no</b>.")):
        browser.driver.get(waiting)
        (label,) = browser.find("label")
        label.click()
        field = browser.driver.switch_to.active_element
        field.send_keys(asked)
        field.submit()
        assert expected in browser.find("body")[0].text
    assert browser.find("b") == []


def test_hostile_text_stays_text(browser: Browser, tmp_path: Path) -> None:
    """Markup in a name from outside neither runs nor becomes an element."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    data = {"disposition": "incident", "severity": "P1", "condition": hostile, "subject": hostile}
    entry = {
        "incident": "inc-00000000000000000000",
        "sequence": 1,
        "previous": "0" * 64,
        "at": "2026-03-11T04:18:43Z",
        "kind": "signal",
        "policy": "0" * 64,
        "code": "c",
        "schema": 2,
        "data": data | {"state": "ALARM", "why": hostile},
    }
    export = tmp_path / "export.jsonl"
    export.write_text(json.dumps(entry) + "\n")
    with served(open_board(export, None, "", HOME)) as url:
        for address in (url, f"{url}?incident=inc-00000000000000000000"):
            browser.show(address)
            assert hostile in browser.find("body")[0].text
            assert browser.find("img") == browser.find("script") == []
        assert browser.complaints() == []
