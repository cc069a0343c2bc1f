"""The table of the runbook's steps: every code that is shown stands in it."""

import re
from pathlib import Path

import firstline
from firstline.reporting import runbook_steps

PACKAGE = Path(firstline.__file__).parent


def test_every_code_of_the_source_is_explained() -> None:
    """In code, profiles and templates."""
    files = (each for each in PACKAGE.rglob("*") if each.suffix in {".py", ".toml", ".jinja"})
    codes = {code for each in files for code in re.findall(r"\bR[0-9]{2}\b", each.read_text())}
    assert codes == set(runbook_steps.STEPS)
    assert all(map(runbook_steps.step_text, codes))


def test_codes_are_found_as_whole_words_in_the_runbooks_order() -> None:
    assert runbook_steps.mentioned_steps(("R17 and R13", "(R13), R130, XR14, R99")) == (
        "R13",
        "R17",
    )
    assert runbook_steps.step_text("R99") == ""
