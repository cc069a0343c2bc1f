"""Mutants of the safety core: one edit each, and the tests that must fail on it.

mutmut and cosmic-ray support no seeded sample, no dropped statement and no Bash. The order is that
of the mutants' digests, so that other edits do not change it, and a selection is a prefix of any
longer one.
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
"""The minimum share of killed mutants; an equivalent one cannot be killed."""
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
"""The tests of each file: files or folders, the nearest first."""


class MutantId(msgspec.Struct, frozen=True, kw_only=True):
    """The identity of a mutant, independent of line numbers.

    ``within`` is the function's qualified name; ``nth`` counts equal edits in it.
    """

    file: str
    within: str = ""
    operator: str
    before: str
    after: str
    nth: int = 0

    @property
    def key(self) -> Key:
        """All fields, for lookups."""
        return self.file, self.within, self.operator, self.before, self.after, self.nth


class Mutant(MutantId, frozen=True, kw_only=True):
    """A mutant that can be applied: ``line`` counts from 1."""

    line: int
    edit: Edit


class TrialResult(MutantId, frozen=True, kw_only=True):
    """The result of a mutant: ``killer`` is the failed test, or why no test finished.

    ``code`` is the digest of the mutated sources (`digest`); a survivor has no killer.
    """

    line: int
    killer: str | None
    seed: int
    code: str


class Reason(MutantId, frozen=True, kw_only=True):
    """The reason for an accepted survivor."""

    reason: str


def digest(root: Path = version.PACKAGE.parents[3]) -> str:
    """Return the digest of the package and the hosts' scripts, without tests."""
    scripts = (path.read_bytes() for path in sorted((root / "infra/documents").glob("*.sh")))
    return hashlib.sha256(b"\0".join([version.digest().encode(), *scripts])).hexdigest()


def choose(root: Path, seed: int, targets: Targets = TARGETS) -> list[Mutant]:
    """Return every mutant, in the order that *seed* gives."""
    found = (each for file in files(root, targets) for each in mutants_of(root, file))
    return sorted(found, key=lambda each: _rank(seed, each))


def _rank(seed: int, mutant: Mutant) -> bytes:
    return hashlib.sha256(repr((seed, *mutant.key)).encode()).digest()


def files(root: Path, targets: Targets = TARGETS) -> dict[str, list[str]]:
    """Return each mutated file with its test files in order."""
    return {
        path.relative_to(root).as_posix(): list(_tests(root, tests))
        for pattern, tests in targets.items()
        for path in sorted(root.glob(pattern))
    }


def _tests(root: Path, patterns: Sequence[str]) -> dict[str, None]:
    """Return the test files, each once; a folder gives those below it."""
    named = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    found = (each for path in named for each in (sorted(path.rglob("test_*.py")) or [path]))
    return dict.fromkeys(each.relative_to(root).as_posix() for each in found)


def mutants_of(root: Path, file: str) -> Iterator[Mutant]:
    """Yield every mutant of one file."""
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


def load(table: Path) -> list[TrialResult]:
    """Return the lines of *table*; empty without the file."""
    lines = table.read_bytes().splitlines() if table.exists() else []
    return [msgspec.json.decode(each, type=TrialResult) for each in lines]


def reasons(path: Path) -> dict[Key, str]:
    """Return the reasons for survivors, by key."""
    survivors = tomllib.loads(path.read_text())["survivor"] if path.exists() else []
    return {each.key: each.reason for each in msgspec.convert(survivors, list[Reason])}
