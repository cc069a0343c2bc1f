"""Reports as one HTML page that needs nothing: no network, no script, no font.

Everything that a report says is data: Jinja escapes each value, and a name that a template
misspells raises.
"""

from datetime import UTC, datetime
from pathlib import Path

import jinja2

from firstline.postmortem import words
from firstline.postmortem.choices import passed
from firstline.postmortem.drawing import LANE_HEIGHT, MARK_AT, charts, strips, timeline
from firstline.postmortem.rehearsal import Rehearsal, planned
from firstline.postmortem.report import Moment, Report
from firstline.postmortem.timeline import folded

OPEN_MAX = 60
"""A longer table is folded until a reader opens it."""


def page(reports: tuple[Report, ...], drill: Rehearsal | None = None) -> str:
    """One page with *reports*, one after the other, and an index where there are several.

    What came of a *drill* stands before them; there may be no report where nobody heard it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": words.clock, "time": _time, "planned": planned}
    template = environment.get_template("page.html.jinja")
    return template.render(incidents=[_drawn(each) for each in reports], drill=drill)


def _drawn(report: Report) -> dict[str, object]:
    """What the template takes for one incident: the report and its drawings."""
    rows = [(each, times, _passed(each, report)) for each, times in folded(report.moments)]
    return {
        "report": report,
        "timeline": timeline(report),
        "lane_height": LANE_HEIGHT,
        "mark_at": MARK_AT,
        "rows": rows,
        "rows_open": len(rows) <= OPEN_MAX,
        "choices": [(each, passed(each)) for each in report.choices],
        "charts": charts(report),
        "strips": (drawn := strips(report)),
        "usual": [each for each in drawn if not each.comparison.unusual],
    }


def _passed(moment: Moment, report: Report) -> str:
    return f"+{words.took(moment.at - report.began_at)}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}"
