"""Planted bugs: one-place edits of the source, each of which some checker must find.

The checkers are proved by these, not by their own passing. An edit is made in a temporary copy,
which a process of its own runs; production carries no hook. One that no longer applies is an error.
"""

import subprocess
import sys
from pathlib import Path

import msgspec

import firstline
from firstline.errors import Bug

PACKAGE = Path(firstline.__file__).parent
SEEDS_MAX = 200
"""Within so many seeds each must be found."""


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """In ``file``, ``old`` becomes ``new``; ``breaks`` are the invariants that may tell of it."""

    name: str
    breaks: tuple[str, ...]
    file: str
    old: str
    new: str


PLANTED = (
    Planted(
        name="a fix is sent before its intent is committed",
        breaks=("I8", "I9", "I10"),
        file="controller/act.py",
        old="    attempt, lease = _intend(draft, what, about)\n    draft.commit()\n",
        new="    attempt, lease = _intend(draft, what, about)\n",
    ),
    Planted(
        name="an intent that was lost is never looked for",
        breaks=("I9", "I10", "I20"),
        file="controller/observe.py",
        old="        return _read(lambda: ports.hosts.find(attempt.token, attempt.intended_at))\n",
        new="        return None\n",
    ),
    Planted(
        name="attempts are not counted",
        breaks=("I20", "I24"),
        file="limits.py",
        old="each.target == target and now - each.at < window",
        new="False",
    ),
    Planted(
        name="a page that was taken is owed for ever",
        breaks=("I2", "I24"),
        file="paging.py",
        old="    sent_at = now if isinstance(delivery, Accepted) else None\n",
        new="    sent_at = None\n",
    ),
    Planted(
        name="nobody pages",
        breaks=("I1", "I24"),
        file="controller/settle.py",
        old="    for page in due:\n",
        new="    for page in due[:0]:\n",
    ),
    Planted(
        name="a hand-over resolves what it gives to a person",
        breaks=("I4",),
        file="controller/act.py",
        old="    pages = paging.hand_over(draft.incident, told, draft.now)\n",
        new="    pages = paging.hand_over(draft.incident, told, draft.now)\n"
        "    pages = (*pages, *paging.resolutions(draft.incident, draft.now))\n",
    ),
    Planted(
        name="an incident that rests is in no index",
        breaks=("I24", "I1"),
        file="controller/draft.py",
        old="            next_wake_at=min([*times, *digests], default=None),\n",
        new="            next_wake_at=None,\n",
    ),
    Planted(
        name="an entry does not name the one before it",
        breaks=("I25",),
        file="ledger.py",
        old='            "previous": chain.head,\n',
        new='            "previous": GENESIS,\n',
    ),
    Planted(
        name="the kill switch is not asked",
        breaks=("I15",),
        file="guards/authority.py",
        old="    pause = switch.stops(incident.condition, incident.id, situation.now)\n",
        new="    pause = None\n",
    ),
    Planted(
        name="a fix on an alarm that is OK",
        breaks=("I14",),
        file="guards/freshness.py",
        old="    alarm = situation.evidence.alarm\n",
        new="    return None\n    alarm = situation.evidence.alarm\n",
    ),
)


def apply(bug: Planted, package: Path) -> None:
    """Make the edit in *package*, a copy; raises `Bug` where it does not apply exactly once."""
    path = package / bug.file
    text = path.read_text()
    if text.count(bug.old) != 1:
        message = f"the planted bug {bug.name!r} applies {text.count(bug.old)} times to {bug.file}"
        raise Bug(message)
    path.write_text(text.replace(bug.old, bug.new))


PROGRAM = """
import sys
from firstline.simulation import found
profile, wanted = found.load(), set(sys.argv[2].split(","))
for seed in range(int(sys.argv[1])):
    violations = found.simulate(seed, profile).violations
    broken = {each.partition(" ")[0].strip(":") for each in violations}
    if broken & wanted:
        print(seed, *sorted(broken))
        break
"""


def hunt(bug: Planted, path: Path) -> str:
    """The first seed that finds *bug* in the copy under *path*, with what broke; empty if none."""
    command = [sys.executable, "-c", PROGRAM, str(SEEDS_MAX), ",".join(bug.breaks)]
    ran = subprocess.run(  # noqa: S603 - the program is the one above
        command, env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        message = f"the planted bug {bug.name!r} does not run: {ran.stderr[-300:]}"
        raise Bug(message)
    return ran.stdout.strip()
