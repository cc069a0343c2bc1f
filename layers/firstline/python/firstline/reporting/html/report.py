"""Reports as one self-contained HTML page: no network, no script, no font."""

from firstline.reporting.html.templates import template
from firstline.reporting.postmortem import formatting
from firstline.reporting.postmortem.choices import guard_summary
from firstline.reporting.postmortem.drawing import LANE_HEIGHT, charts, strips, timeline
from firstline.reporting.postmortem.glossary import glossary
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.timeline import fold_moments

OPEN_MAX = 60
"""A table with more rows is folded at first."""


def page(reports: tuple[Report, ...]) -> str:
    """One page with *reports*, one after the other, and an index where there are several."""
    return template("report.html.jinja").render(
        incidents=[template_values(each) for each in reports], drill=None
    )


def template_values(report: Report) -> dict[str, object]:
    """The template's values for one incident: the report and its drawings."""
    rows = [
        (each, times, f"+{formatting.format_duration(each.at - report.began_at)}")
        for each, times in fold_moments(report.moments)
    ]
    return {
        "report": report,
        "timeline": timeline(report),
        "lane_height": LANE_HEIGHT,
        "rows": rows,
        "rows_open": len(rows) <= OPEN_MAX,
        "choices": [(each, guard_summary(each)) for each in report.choices],
        "charts": charts(report),
        "strips": strips(report),
        "explained": glossary(report),
    }
