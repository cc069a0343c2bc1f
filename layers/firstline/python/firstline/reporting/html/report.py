"""Reports as one HTML page that needs nothing: no network, no script, no font."""

from firstline.reporting.html.templates import template
from firstline.reporting.postmortem import words
from firstline.reporting.postmortem.choices import passed
from firstline.reporting.postmortem.drawing import LANE_HEIGHT, charts, strips, timeline
from firstline.reporting.postmortem.explained import explained
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.timeline import folded

OPEN_MAX = 60
"""A longer table is folded until a reader opens it."""


def page(reports: tuple[Report, ...]) -> str:
    """One page with *reports*, one after the other, and an index where there are several."""
    return template("report.html.jinja").render(
        incidents=[drawn(each) for each in reports], drill=None
    )


def drawn(report: Report) -> dict[str, object]:
    """What the template takes for one incident: the report and its drawings."""
    rows = [
        (each, times, f"+{words.took(each.at - report.began_at)}")
        for each, times in folded(report.moments)
    ]
    return {
        "report": report,
        "timeline": timeline(report),
        "lane_height": LANE_HEIGHT,
        "rows": rows,
        "rows_open": len(rows) <= OPEN_MAX,
        "choices": [(each, passed(each)) for each in report.choices],
        "charts": charts(report),
        "strips": strips(report),
        "explained": explained(report),
    }
