"""The generated documents."""

from pathlib import Path

import pytest

from firstline.cli.documents import DOCUMENTS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_not_stale(name: str) -> None:
    """`./dev docs` would write what is there."""
    assert (DOCS / name).read_text() == DOCUMENTS[name]()
