"""Templates: whatever is drawn goes through the one environment, and its colours through tones."""

import re
from pathlib import Path

import jinja2
import pytest

from firstline.cli.output.terminal import STYLES
from firstline.reporting import html as rendering
from firstline.reporting.html.templates import template
from firstline.reporting.tones import Tone

FOLDER = Path(rendering.__file__).parent
FILES = sorted(each.name for each in FOLDER.iterdir() if each.suffix in {".css", ".jinja"})


@pytest.mark.parametrize("name", FILES)
def test_each_template_escapes_and_knows_no_way_around(name: str) -> None:
    """By its environment; none turns it off, marks a text as safe or carries a script."""
    made = template(name)
    assert made.environment.autoescape is True
    assert made.environment.undefined is jinja2.StrictUndefined
    source = (FOLDER / name).read_text()
    assert not re.search(r"\bsafe\b|autoescape|<script|\bon\w+=", source)


def test_a_name_that_is_misspelled_raises() -> None:
    with pytest.raises(jinja2.UndefinedError):
        template("widget.html.jinja").render(theme="light")


@pytest.mark.parametrize("tone", Tone)
def test_each_tone_has_its_colour_in_both_schemes_and_on_a_terminal(tone: Tone) -> None:
    style = (FOLDER / "style.css").read_text()
    assert re.search(rf"--{tone}: light-dark\(#\w{{6}}, #\w{{6}}\)", style)
    assert f".firstline .{tone} {{ --tone: var(--{tone}); }}" in style
    assert tone in STYLES


def test_no_other_file_has_a_colour_of_a_tone() -> None:
    """One palette: what else is drawn takes it by name."""
    for name in set(FILES) - {"style.css"}:
        source = (FOLDER / name).read_text().split("@media print")[0]
        assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(", source), name


def test_a_widgets_stylesheet_stays_within_the_widget() -> None:
    """Its rules would be the whole dashboard's otherwise."""
    for name in ("style.css", "console.css"):
        for rule in re.findall(r"^([^\s}][^{]*)\{", (FOLDER / name).read_text(), re.MULTILINE):
            for selector in rule.split(","):
                assert re.match(r"(html)?\.firstline\b", selector.strip()), selector
