"""The pictures of README: they are of this code, small, and there for either background."""

import shutil
import struct
from pathlib import Path

import pytest

from tests.dev.documented import ROOT, links
from tools.docs import alarm_path, pictures

FOLDER = ROOT / "docs" / "pictures"
BYTES_MAX = 150_000


def test_the_report_s_pictures_are_of_the_page_that_this_code_makes() -> None:
    """`./dev docs` takes them again where Chromium is."""
    assert pictures.is_current(ROOT)


def test_they_are_taken_of_another_page_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest of today is left alone; without Chromium a stale one is named."""
    (tmp_path / "docs" / "pictures").mkdir(parents=True)
    monkeypatch.setattr(pictures, "page", lambda _: "a page")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert pictures.take(tmp_path) == "is STALE: taking it needs Debian's chromium"
    stamp = tmp_path / "docs" / "pictures" / pictures.STAMP
    stamp.write_text(pictures.digest("a page"))
    assert pictures.take(tmp_path) == "is current"


def test_a_picture_is_of_the_words_and_not_of_the_hashes() -> None:
    """The ledger's hashes change with every change of the code."""
    shown = pictures.digest(f"ledger head {'a1' * 32}")
    assert shown == pictures.digest(f"ledger head {'b2' * 32}")
    assert shown != pictures.digest(f"ledger end {'a1' * 32}")


@pytest.mark.parametrize("scheme", alarm_path.COLOURS)
def test_a_photograph_is_small_and_whole(scheme: str) -> None:
    body = (FOLDER / f"report.{scheme}.png").read_bytes()
    assert len(body) < BYTES_MAX
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    size = struct.unpack(">II", body[16:24])
    assert ",".join(map(str, size)) == pictures.SIZE


def test_readme_shows_each_of_them() -> None:
    shown = {path for path, _ in links(ROOT / "README.md") if path.parent == FOLDER}
    assert shown == {each for each in FOLDER.iterdir() if each.suffix != ".sha256"}
