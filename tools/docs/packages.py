"""The table of packages in ``docs/ARCHITECTURE.md``, in the order of the import contract."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from firstline.version import PACKAGE, UNSHIPPED_FOLDERS

FILES_MAX = 25
"""The limit of modules in a folder, so that it can be read at a glance."""
BEGIN, END = "<!-- packages: made by ./dev docs -->\n", "<!-- end of packages -->\n"


def architecture(root: Path) -> str:
    """Return the page with a new table; the rest is written by hand."""
    page = (root / "docs" / "ARCHITECTURE.md").read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(_table(root))
    return f"{before}{BEGIN}\n{table}\n\n{END}{after}"


def layers(root: Path) -> tuple[str, ...]:
    """Return the packages of the contract, starting with the one without imports."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    (contract,) = (
        each for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers"
    )
    names = (name.strip() for row in contract["layers"] for name in reversed(row.split("|")))
    return tuple(reversed([name.removeprefix("firstline.") for name in names]))


def faults(root: Path, files_max: int = FILES_MAX) -> Iterator[str]:
    """Yield packages that the contract lacks, and folders with too many modules."""
    named = set(layers(root))
    packages = [each for each in PACKAGE.iterdir() if _is_package(each)]
    yield from (f"the contract names no {each.name}" for each in packages if each.stem not in named)
    for folder in (PACKAGE, *(each for each in PACKAGE.rglob("*") if each.is_dir())):
        if (count := len(_modules(folder))) > files_max:
            yield f"{folder.relative_to(PACKAGE)} holds {count} modules, and at most {files_max}"


def _table(root: Path) -> Iterator[str]:
    yield "A package imports itself and the packages above it, and no other."
    yield ""
    yield "| package | contents | modules | in Lambda |"
    yield "|---|---|---|---|"
    for name in layers(root):
        path = PACKAGE / name
        if path.is_dir():
            yield f"| `{name}/` | {_contents(path)} | {_count(path)} | {_ships(name)} |"
        elif path.with_suffix(".py").is_file():
            yield f"| `{name}.py` | {_first_line(path.with_suffix('.py'))} | 1 | {_ships(name)} |"
        else:
            ships = "yes" if name == "functions" else "no"
            folder = root / name
            yield f"| `{name}/` (at the root) | {_contents(folder)} | {_count(folder)} | {ships} |"


def _contents(package: Path) -> str:
    """Return the first line of the package's docstring."""
    return _first_line(package / "__init__.py")


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return docstring.partition("\n")[0]


def _ships(name: str) -> str:
    return "no" if name in UNSHIPPED_FOLDERS else "yes"


def _count(package: Path) -> int:
    return len(_modules(package)) + sum(_count(each) for each in package.iterdir() if each.is_dir())


def _modules(folder: Path) -> list[Path]:
    return [each for each in folder.glob("*.py") if each.stem != "__init__"]


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem != "__init__")
