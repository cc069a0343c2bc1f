from pathlib import Path

import pytest

from firstline.version import PACKAGE, UNSHIPPED_FOLDERS, digest


def package(folder: Path, **files: str) -> Path:
    """A package with one file, and others under names whose ``__`` is a slash."""
    for name, content in ({"decide__py": "1"} | files).items():
        *parents, stem, suffix = name.split("__")
        path = folder.joinpath(*parents, f"{stem}.{suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.mark.parametrize(
    "files",
    [
        {"decide__py": "2"},
        {"profiles__runbook__toml": ""},
        {"guards__order__py": ""},
        {"decide__py": "", "a__py": "1"},
    ],
)
def test_the_digest_is_of_every_file_that_ships(tmp_path: Path, files: dict[str, str]) -> None:
    """A changed, added or moved byte gives another one."""
    assert digest(package(tmp_path / "a")) != digest(package(tmp_path / "b", **files))


@pytest.mark.parametrize("left_out", [*UNSHIPPED_FOLDERS, "x.pyc"])
def test_what_never_ships_is_not_in_it(tmp_path: Path, left_out: str) -> None:
    """The same in a checkout and in Lambda, where the twin and the compiled files differ."""
    files = {"x__pyc": "c"} if left_out == "x.pyc" else {f"{left_out}__world__py": "w"}
    assert digest(package(tmp_path / "a")) == digest(package(tmp_path / "b", **files))


def test_the_package_itself_has_one() -> None:
    """The running package has a digest of 64 hexadecimal digits."""
    assert digest() == digest(PACKAGE)
    assert len(digest()) == 64
