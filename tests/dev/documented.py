"""The contents of the documents: their commands, and the names in them."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "firstline" / "python" / "firstline"
OF_THE_ROOT = (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
DOCUMENTS = (*OF_THE_ROOT, *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
_PICTURE = re.compile(r'\bsrc(?:set)?="([^"]+)"')


def commands(document: Path) -> Iterator[list[str]]:
    """The words of each command in the fenced blocks of *document*, continued lines as one."""
    for block in _FENCE.findall(document.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if _is_command(line) else []
            if words:
                yield words


def _is_command(line: str) -> bool:
    return line.split(" ", maxsplit=1)[0] in {"./dev", "aws", "cp", "npx"}


def names(document: Path) -> set[str]:
    """Everything between backticks outside the fenced blocks."""
    return set(_NAME.findall(_FENCE.sub("", document.read_text())))


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """Each link to a file of the checkout, and the heading that it names, if it does."""
    for target, heading in _LINK.findall(_FENCE.sub("", document.read_text())):
        if "://" not in target:
            path = (document.parent / target).resolve() if target else document
            yield path, heading.removeprefix("#")
    for target in _PICTURE.findall(document.read_text()):
        yield document.parent / target, ""


def headings(document: Path) -> set[str]:
    """The anchors of its headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", each.lower()) for each in found)
    return {each.replace(" ", "-") for each in kept}


def is_path(name: str) -> bool:
    """True if *name* looks like a file of ours, or like something in a folder that we have."""
    file = re.fullmatch(r"[\w./-]+\.(py|toml|md|sh|json|lock)", name)
    folder = re.fullmatch(r"([\w-]+)/(?:[\w-]+/)*[\w-]+", name)
    return bool(file) or bool(folder and exists(folder[1]))


OF_THE_OPERATOR = frozenset({"firstline.toml", "my-fleet.toml"})
"""Files that are a person's own."""


def exists(path: str) -> bool:
    """True if the checkout, the package or a person has such a path."""
    if path in OF_THE_OPERATOR:
        return True
    folders = (ROOT, PACKAGE, PACKAGE.parent, ROOT / "tests", ROOT / "docs")
    named = (path, f"{path}.py")
    if any((folder / each).exists() for folder in folders for each in named):
        return True
    return "/" not in path and any(PACKAGE.rglob(path))


@cache
def words() -> frozenset[str]:
    """Every word of the code, the profiles and the scripts: a name that is in none is no name."""
    folders = (PACKAGE, ROOT / "functions", ROOT / "infra", ROOT / "events")
    files = [ROOT / "app.py", ROOT / "pyproject.toml", ROOT / "cdk.json"]
    files += [
        each
        for folder in folders
        for each in folder.rglob("*")
        if each.suffix in {".py", ".toml", ".sh", ".json"}
    ]
    return frozenset(word for each in files for word in re.findall(r"\w+", each.read_text()))


@cache
def defined_tests(path: Path) -> frozenset[str]:
    """The tests that a file defines."""
    if not path.is_file():
        return frozenset()
    return frozenset(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))


OF_AWS = frozenset({"FilterArns", "KmsMasterKeyId", "SqsManagedSseEnabled"})
"""Names of AWS's in documents that the code does not use."""


def is_known(name: str) -> bool:
    """True if *name* is a word of the code, the beginning of one, or a compound of such words.

    The CDK makes an alarm's name of the names of its parents.
    """
    if name in words() or name in OF_AWS:
        return True
    parts = re.findall(r"[A-Z][a-z0-9]+", name)
    if "".join(parts) != name:
        return False
    return _is_compound(tuple(parts)) or any(word.startswith(name) for word in words())


def _is_compound(parts: tuple[str, ...]) -> bool:
    """True if *parts*, alone or several together, are words of the code."""
    heads = range(1, len(parts) + 1)
    return not parts or any(
        "".join(parts[:end]) in words() and _is_compound(parts[end:]) for end in heads
    )
