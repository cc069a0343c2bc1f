"""Counts the code lines of what ships, without blanks, comments and docstrings.

Usage: ``python -m tools.lines``. For commits before the move it counts, by ``docs/moved.txt``, the
modules that ship now. Modules that never ship (`firstline.version.UNSHIPPED_FOLDERS`) are not
counted.
"""

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from firstline.version import UNSHIPPED_FOLDERS

ROOT = Path(__file__).parents[1]
PACKAGE = "layers/firstline/python/firstline"
_BLANK = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def code_lines(source: str) -> int:
    """Return the number of lines of *source* with code."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {
        line
        for each in tokens
        if each.type not in _BLANK and each.type != tokenize.ENDMARKER
        for line in range(each.start[0], each.end[0] + 1)
    }
    return len(lines - set(_docstring_lines(ast.parse(source))))


def _docstring_lines(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of every text that is a statement, including docstrings of values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def shipped(commit: str) -> dict[str, str]:
    """Return the source of each module that ships, by its path in *commit*."""
    moved = (ROOT / "docs" / "moved.txt").read_text().splitlines()
    now = dict(line.split(" -> ") for line in moved if " -> " in line and line[0] != "#")
    listed = _git("ls-tree", "-r", "--name-only", commit, PACKAGE).splitlines()
    paths = {path: path.removeprefix(f"{PACKAGE}/") for path in listed if path.endswith(".py")}
    rooms = f"{PACKAGE}/ledger/chain.py" in listed
    places = {path: short if rooms else now.get(short, short) for path, short in paths.items()}
    ships = (path for path, place in places.items() if not place.startswith(_LEFT_OUT))
    return {path: _git("show", f"{commit}:{path}") for path in ships}


_LEFT_OUT = (*(f"{name}/" for name in UNSHIPPED_FOLDERS), "tools/")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Print the count for each given commit, or for HEAD."""
    for commit in sys.argv[1:] or ["HEAD"]:
        counts = [code_lines(source) for source in shipped(commit).values()]
        print(f"{commit}: {sum(counts)} code lines in {len(counts)} modules that ship")


if __name__ == "__main__":
    main()
