"""The page of a drill: what came of it, before the report of the incident that it opened."""

from firstline.cli.analysis.drill.rehearsal import Rehearsal
from firstline.reporting.html.report import template_values
from firstline.reporting.html.templates import template
from firstline.reporting.postmortem.report import Report


def page(reports: tuple[Report, ...], drill: Rehearsal) -> str:
    """One page with *drill* and then *reports*, of which a drill that opened nothing has none."""
    incidents = [template_values(each) for each in reports]
    return template("report.html.jinja").render(incidents=incidents, drill=drill)
