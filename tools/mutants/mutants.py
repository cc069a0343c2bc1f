"""Mutants of the safety core: one edit each, and the tests that it must fail.

mutmut and cosmic-ray take no seeded sample, drop no statement and know no Bash, so this is neither.
Their order is that of digests of the mutants themselves, so that an edit elsewhere leaves it as it
was, and a choice is the beginning of any longer one.
"""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from firstline import version
from tools.mutants import python_edits, shell_edits
from tools.mutants.edit import Edit

COUNT = 400
GOAL = 0.97
"""The least share of the mutants that the tests must kill; an equivalent one is not killed."""
CORE = "layers/firstline/python/firstline"
_AROUND = ("tests/remediation", "tests/controller", "tests/notifications")
_LOOK = ("tests/infra/documents/test_look_*.py", "tests/infra/documents/test_states.py")
_RESTART = ("tests/infra/documents/test_restart_*.py", "tests/infra/documents/test_states.py")
type Key = tuple[str, str, str, str, str, int]
type Targets = Mapping[str, tuple[str, ...]]
TARGETS: Targets = {
    f"{CORE}/remediation/guards/*.py": ("tests/remediation/test_guards.py", *_AROUND),
    f"{CORE}/remediation/limits.py": ("tests/remediation/test_limits.py", *_AROUND),
    f"{CORE}/remediation/update.py": ("tests/remediation/test_update*.py", *_AROUND),
    f"{CORE}/remediation/verification.py": ("tests/remediation/test_verification.py", *_AROUND),
    f"{CORE}/remediation/departure.py": ("tests/remediation/test_departure.py", *_AROUND),
    f"{CORE}/controller/act.py": ("tests/controller/test_reconcile.py", *_AROUND[::-1]),
    f"{CORE}/controller/open_incident.py": ("tests/controller/test_ingest.py", *_AROUND[::-1]),
    f"{CORE}/controller/deliver_pages.py": (
        "tests/controller/test_deliver_pages.py",
        *_AROUND[::-1],
    ),
    f"{CORE}/notifications/delivery.py": ("tests/controller/test_deliver_pages.py", *_AROUND[::-1]),
    "infra/documents/look_host.sh": _LOOK,
    "infra/documents/restart_unit.sh": _RESTART,
}
"""Which tests each file answers to: files or folders, the nearest first."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What a mutant is, wherever its lines have moved to.

    ``within`` is the function's qualified name; ``nth`` tells apart those that read alike in it.
    """

    file: str
    within: str = ""
    operator: str
    before: str
    after: str
    nth: int = 0

    @property
    def key(self) -> Key:
        """All of it, to be looked up by."""
        return self.file, self.within, self.operator, self.before, self.after, self.nth


class Mutant(Named, frozen=True, kw_only=True):
    """A mutant that can be made: ``line`` counts from 1."""

    line: int
    edit: Edit


class Tried(Named, frozen=True, kw_only=True):
    """What became of a mutant: ``killer`` is the test that failed, or why none ended.

    ``code`` is the digest of what may be mutated (`digest`); a survivor has no killer.
    """

    line: int
    killer: str | None
    seed: int
    code: str


class Reason(Named, frozen=True, kw_only=True):
    """Why a survivor is accepted."""

    reason: str


def digest(root: Path = version.PACKAGE.parents[3]) -> str:
    """Of the package and the hosts' scripts; the tests are not in it."""
    scripts = (path.read_bytes() for path in sorted((root / "infra/documents").glob("*.sh")))
    return hashlib.sha256(b"\0".join([version.digest().encode(), *scripts])).hexdigest()


def choose(root: Path, seed: int, targets: Targets = TARGETS) -> list[Mutant]:
    """Every mutant, in the order in which *seed* chooses them."""
    found = (each for file in files(root, targets) for each in mutants_of(root, file))
    return sorted(found, key=lambda each: _rank(seed, each))


def _rank(seed: int, mutant: Mutant) -> bytes:
    return hashlib.sha256(repr((seed, *mutant.key)).encode()).digest()


def files(root: Path, targets: Targets = TARGETS) -> dict[str, list[str]]:
    """Each file that is mutated, and the files of its tests in their order."""
    return {
        path.relative_to(root).as_posix(): list(_tests(root, tests))
        for pattern, tests in targets.items()
        for path in sorted(root.glob(pattern))
    }


def _tests(root: Path, patterns: Sequence[str]) -> dict[str, None]:
    """Files, each once: of a folder those below it."""
    named = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    found = (each for path in named for each in (sorted(path.rglob("test_*.py")) or [path]))
    return dict.fromkeys(each.relative_to(root).as_posix() for each in found)


def mutants_of(root: Path, file: str) -> Iterator[Mutant]:
    """Every mutant of one file."""
    source, alike = (root / file).read_bytes(), Counter[tuple[str, ...]]()
    edits = (python_edits if file.endswith(".py") else shell_edits).edits(source)
    for edit in edits:
        first, last = source.count(b"\n", 0, edit.start), source.count(b"\n", 0, edit.end)
        before, after = (
            " ".join(b"".join(text.splitlines(keepends=True)[first : last + 1]).decode().split())
            for text in (source, edit.apply(source))
        )
        what = edit.within, edit.operator, before, after
        yield Mutant(
            file=file,
            within=edit.within,
            operator=edit.operator,
            before=before,
            after=after,
            nth=alike[what],
            line=first + 1,
            edit=edit,
        )
        alike[what] += 1


def load(table: Path) -> list[Tried]:
    """The lines of *table*; none where it is not there yet."""
    lines = table.read_bytes().splitlines() if table.exists() else []
    return [msgspec.json.decode(each, type=Tried) for each in lines]


def reasons(path: Path) -> dict[Key, str]:
    """Why survivors are accepted, by their keys."""
    told = tomllib.loads(path.read_text())["survivor"] if path.exists() else []
    return {each.key: each.reason for each in msgspec.convert(told, list[Reason])}
