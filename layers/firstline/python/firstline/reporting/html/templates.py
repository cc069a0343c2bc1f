"""Templates: the only way to HTML.

Jinja escapes every value, and an unknown name in a template raises.

This module alone imports Jinja, so text cannot become markup. Reports, the console's page and its
widget share one stylesheet (``style.css``) with a light and a dark colour for each tone of
``reporting/tones.py``; a terminal uses the same tones. A widget's rules stay within the widget. No
page waits for an import of this package.
"""

import functools
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from firstline.reporting import runbook_steps, timeline
from firstline.reporting.postmortem import formatting
from firstline.reporting.tones import tone


@functools.cache
def template(name: str) -> jinja2.Template:
    """The template *name* of this folder."""
    return _environment().get_template(name)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": formatting.format_instant,
        "means": runbook_steps.step_text,
        "passed": timeline.format_elapsed,
        "time": _time,
        "tone": tone,
        "took": formatting.format_duration,
    }
    return environment


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}"
