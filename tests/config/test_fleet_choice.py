"""Which fleet file is meant: the named one, the variable's, or the folder's; none is a default."""

from pathlib import Path

import pytest

from firstline.config.fleet_choice import FILE, VARIABLE, choose
from firstline.errors import InvalidInput


def test_the_named_one_goes_before_the_variables_and_the_folders(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    variable = {VARIABLE: "other.toml"}
    assert choose("mine.toml", variable, tmp_path) == tmp_path / "mine.toml"
    assert choose(None, variable, tmp_path) == tmp_path / "other.toml"
    assert choose(None, {}, tmp_path) == tmp_path / FILE


def test_without_any_the_line_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"^no fleet file: name one by --fleet FILE"):
        choose(None, {}, tmp_path)
