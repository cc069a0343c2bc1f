"""The HTML page of a drill, followed by the report of the incident that it opened."""

from firstline.cli.analysis.drill.report import DrillReport
from firstline.reporting.html.report import template_values
from firstline.reporting.html.templates import template
from firstline.reporting.postmortem.report import Report


def page(reports: tuple[Report, ...], drill: DrillReport) -> str:
    """Return one page with *drill* and *reports*, which are empty if it opened no incident."""
    incidents = [template_values(each) for each in reports]
    return template("report.html.jinja").render(incidents=incidents, drill=drill)
