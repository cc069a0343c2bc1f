"""Templates: the one way to HTML.

Jinja escapes every value, and a name that a template misspells raises.
"""

import functools
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from firstline.reporting import runbook_steps, timeline
from firstline.reporting.postmortem import words
from firstline.reporting.tones import tone


@functools.cache
def template(name: str) -> jinja2.Template:
    """The template *name* of this folder."""
    return _environment().get_template(name)


@functools.cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "clock": words.clock,
        "means": runbook_steps.text,
        "passed": timeline.clock,
        "time": _time,
        "tone": tone,
        "took": words.took,
    }
    return made


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}"
