"""A report as a real browser shows it: to scale, without a script, in light and dark."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest

from firstline.reporting.html.report import page
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write_report
from tests.browser.chromium import Browser
from tests.builders import PROFILE
from tests.reporting.chains import (
    GONE,
    REPORT,
    chain,
    decision,
    handed_over,
    looked,
    opening,
    outage,
    plan,
    seen,
)
from tests.reporting.chains import page as paged

WIDE, NARROW = 1280, 420
METRICS = [
    {"name": "5xx", "around": ["9", "8"], "before": ["1", "2", "1.5"]},
    {"name": "latency", "around": ["0.2"], "before": ["0.2", "0.21", "0.19"]},
]
FLEET = {f"i-{number:017x}": GONE if number % 7 else REPORT for number in range(50)}
GUARDS = [{"guard": f"guard_{number}", "denial": None} for number in range(28)]
WAITS = [
    decision(number, "wait", f"rule {number % 3}", observed=seen())
    for number in range(60, 10_800, 60)
]
REPORTS = {
    "minutes": write_report(chain(*outage()), PROFILE),
    "hours": write_report(
        chain(
            *outage()[:-1],
            *WAITS,
            decision(10_800, "escalate", observed=seen()),
            handed_over(10_800, metrics=METRICS),
            paged(10_801),
        ),
        PROFILE,
    ),
    "fifty hosts": write_report(
        chain(
            opening(),
            looked(5, FLEET),
            decision(6, "fix", plan=plan(), guards=GUARDS),
            looked(20, FLEET),
            decision(30, "close"),
        ),
        PROFILE,
    ),
    "nothing": write_report(chain(opening(disposition="ignored")), PROFILE),
}
MARKS = """(() => {
  const svg = document.querySelector('svg.timeline'), box = svg.getBoundingClientRect();
  return [box.left, box.width, svg.dataset.begins, svg.dataset.ends, Array.from(
    svg.querySelectorAll('.mark'), mark => {
      const point = mark.querySelector('.point').getBoundingClientRect();
      return [mark.dataset.at, mark.dataset.lane, point.left + point.width / 2,
              point.top + point.height / 2];
    })];
})()"""
LANES = """Array.from(document.querySelectorAll('.lane'), (lane, number) => {
  const box = lane.getBoundingClientRect();
  return [document.querySelectorAll('.lane-name')[number].textContent, box.top, box.bottom];
})"""
LABELS = """Array.from(document.querySelectorAll('svg.timeline .label'), label => {
  const box = label.getBoundingClientRect();
  return [box.left, box.right, box.top];
}).filter(([left, right]) => right > left)"""
COLOUR = """getComputedStyle(document.querySelector('%s')).%s
  .match(/[0-9.]+/g).slice(0, 3).map(Number)"""


@pytest.fixture(params=sorted(REPORTS))
def report(request: pytest.FixtureRequest) -> Report:
    """Each kind of report."""
    return REPORTS[request.param]


@pytest.fixture(params=[WIDE, NARROW])
def shown(
    request: pytest.FixtureRequest, browser: Browser, report: Report, tmp_path: Path
) -> Browser:
    """The browser with the report, on a wide screen and on a narrow one."""
    browser.show(written(report, tmp_path), request.param)
    return browser


def written(report: Report, folder: Path) -> str:
    """The address of the report's page."""
    path = folder / "report.html"
    path.write_text(page((report,)))
    return path.as_uri()


def test_nothing_is_loaded_and_nothing_complained_of(shown: Browser) -> None:
    """No request but for the file itself, and no line on the console."""
    asked = [each for each in shown.requested() if not each.startswith("data:")]
    assert asked == [shown.driver.current_url]
    assert shown.complaints() == []


def test_marks_lie_where_their_times_say(shown: Browser, report: Report) -> None:
    """To the pixel, each in its own lane."""
    left, width, begins, ends, marks = shown.read(MARKS)
    lanes = {name: (top, bottom) for name, top, bottom in shown.read(LANES)}
    first, last = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    assert len(marks) == len([each for each in report.moments if each.at <= last])
    for at, lane, x, y in marks:
        share = (datetime.fromisoformat(at) - first) / (last - first)
        assert x == pytest.approx(left + share * width, abs=1)
        top, bottom = lanes[lane]
        assert top < y < bottom


def test_no_label_lies_on_another(shown: Browser) -> None:
    """A narrow screen shows none, and the table has the same text."""
    labels = shown.read(LABELS)
    if shown.read("innerWidth") == NARROW:
        assert labels == []
    for one in labels:
        others = [each for each in labels if each[2] == one[2] and each is not one]
        assert all(one[1] <= each[0] or each[1] <= one[0] for each in others)


def test_nothing_is_wider_than_the_screen(shown: Browser) -> None:
    """A reader scrolls down, and never sideways; also with everything opened."""
    shown.read("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert shown.read("document.documentElement.scrollWidth") <= shown.read("innerWidth")


def test_details_open_at_a_click(browser: Browser, tmp_path: Path) -> None:
    """A decision shows its guards, without a script."""
    browser.show(written(REPORTS["fifty hosts"], tmp_path))
    (guards,) = browser.find(".choice .guards")
    assert not guards.is_displayed()
    next(each for each in browser.find(".choice.fix summary")).click()
    assert guards.is_displayed()
    assert guards.text.count("yes") == len(GUARDS)


def luminance(colour: list[float]) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [each / 255 for each in colour]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    """Contrast ratio (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_are_readable(
    browser: Browser, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    """The paper follows the reader's choice; texts have 4.5 to 1, marks 3 to 1."""
    browser.show(written(REPORTS["minutes"], tmp_path), WIDE, scheme)
    paper = browser.read(COLOUR % ("body", "backgroundColor"))
    assert (luminance(paper) > 0.5) is (scheme == "light")
    for what, name, least in (
        ("h1", "color", 7),
        (".dim", "color", 4.5),
        (".quiet td b", "color", 4.5),
        (".bad td b", "color", 4.5),
        (".good td b", "color", 4.5),
        (".plain td b", "color", 4.5),
        (".mark.bad .point", "fill", 3),
        (".mark.quiet .point", "stroke", 3),
    ):
        assert contrast(browser.read(COLOUR % (what, name)), paper) > least, what


def test_print_has_everything_open(browser: Browser, tmp_path: Path) -> None:
    """Paper cannot be clicked."""
    browser.show(written(REPORTS["fifty hosts"], tmp_path))
    height = "document.querySelector('.choice .guards').getBoundingClientRect().height"
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printed = browser.read(height)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert printed > 0
