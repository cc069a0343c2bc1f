"""The generated documents."""

from pathlib import Path

import pytest

from tools.docs.documents import DOCUMENTS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_not_stale(name: str) -> None:
    """`./dev docs` would write what is there."""
    assert (DOCS / name).read_text() == DOCUMENTS[name]()


def test_the_figures_are_of_every_planted_bug_and_every_fault() -> None:
    """The page's figures come from files, which the commands that it names write."""
    page = (DOCS / "SAFETY.md").read_text()
    assert "not hunted yet" not in page
    assert "; 0 faults of effects never came" in page.replace("\n", " ")
    assert "0 runs broke a rule" in page
