"""Plain English: how docstrings begin, and words that the field does not use."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUESTIONS_MAX = 0.05
"""The largest share of docstrings that may begin with a question word: they state no subject."""
QUESTION = re.compile(r"(What|Whether|Who|Whose|Whoever|How|When)\b")
DIALECT = {"told", "said", "heard", "whoever", "nobody", "anew", "lately"}
DIALECT_MAX = 2
"""In 1,000 words; the rest are quotations, and words that stored entries have."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def files(*endings: str) -> Iterator[Path]:
    """Every file of the checkout that ends so."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    paths = (ROOT / each for each in listed.stdout.splitlines())
    return (each for each in paths if each.suffix in endings and each.is_file())


def test_docstrings_begin_with_their_subject() -> None:
    """A reader of one line knows what the thing is."""
    documented = ast.Module | ast.ClassDef | Definition
    trees = (ast.parse(each.read_text()) for each in files(".py"))
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, documented))
    docstrings = [text for text in map(ast.get_docstring, nodes) if text]
    questions = [each for each in docstrings if QUESTION.match(each)]
    assert len(questions) <= QUESTIONS_MAX * len(docstrings), questions[:20]


def test_data_does_not_speak() -> None:
    """Signals are received, pages are sent, functions return."""
    counts = Counter[str]()
    words = 0
    for path in files(".py", ".md", ".sh", ".toml"):
        found = re.findall(r"[A-Za-z]+", path.read_text())
        words += len(found)
        counts[str(path.relative_to(ROOT))] += sum(each.lower() in DIALECT for each in found)
    assert counts.total() <= DIALECT_MAX * words / 1000, counts.most_common(20)


def test_no_function_is_called_told() -> None:
    """It is `to_ledger`, `describe` or `to_json`: for the record, for people, for programs."""
    definitions = (
        (path, node)
        for path in files(".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, Definition) and node.name.strip("_") in {"told", "tell", "said"}
    )
    assert [f"{path.name}: {node.name}" for path, node in definitions] == []
