"""Schema 1: the words of versions before 0.2, each with the word that replaced it.

What is stored in schema 1 stays readable, and no stored byte is written again: `upgrade` translates
parsed JSON. Fleet files and scenarios are written by people: `upgrade_file` also warns with a line
that names the new word.

A value of an unexpected type stays as it is, and the types of its reader refuse it.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

SCHEMA = 2
"""The schema that this code writes."""

type Document = dict[str, Any]

MODES = {"observe": "dry-run"}
AUTONOMIES = {"observe": "record-only"}
OUTCOMES = {"observed": "self-recovered", "handed-over": "escalated"}
STEPS = {"ask": "request-approval", "hand-over": "escalate", "raise": "raise-severity"}
KINDS = {"hand-over": "escalation"}
CONTENTS = {
    "alarm:Oversight/PagesOwed": "alarm:Oversight/PagesPending",
    "alarm:Oversight/WakesLate": "alarm:Oversight/WakesOverdue",
    "mode:observe": "mode:dry-run",
}
"""Contents of a deployed stack (`firstline.doctor.diff`) that have another name."""
RULES = {
    "alarm gone": "AlarmDeleted",
    "alarm to clear": "AwaitAlarmOk",
    "beyond mending": "NotRepairable",
    "bounded": "LimitReached",
    "cancel the refresh": "CancelRefresh",
    "confirm approval": "ConfirmApproval",
    "confirm targets": "ConfirmTargets",
    "fix not found": "FixNotFound",
    "fix under way": "FixUnderWay",
    "gathers": "SignalsJoining",
    "group not whole": "GroupIncomplete",
    "look at hosts": "LookAtHosts",
    "look before a fix": "LookBeforeFix",
    "look under way": "LookUnderWay",
    "more capacity": "AddCapacity",
    "next fix": "NextFix",
    "no hosts": "NoHosts",
    "not known here": "ActionUnknown",
    "nothing to watch": "NoAlarm",
    "outgrown": "IncidentTooLarge",
    "quiet window": "QuietWindow",
    "recovered": "Recovered",
    "short group": "GroupShort",
    "silent hosts": "HostsSilent",
    "storm": "StormGathering",
    "verify the fix": "VerifyFix",
    "watch": "Watch",
    "went astray": "WrongRefresh",
}


class OldWord(UserWarning):
    """A file has a word of schema 1."""


class Key(NamedTuple):
    """A renamed key of the objects at ``path``."""

    path: str
    old: str
    new: str

    def apply(self, document: Document) -> Iterator[tuple[str, str]]:
        """Rename it; yield the old and the new word of each place.

        Where both stand the old one stays, for the reader to refuse: which one counts is unknown.
        """
        for each in objects(document, self.path):
            if self.old in each and self.new not in each:
                each[self.new] = each.pop(self.old)
                yield self.old, self.new


class Value(NamedTuple):
    """A field of the objects at ``path`` whose values have other words; ``*`` is every field."""

    path: str
    field: str
    words: dict[str, str]

    def apply(self, document: Document) -> Iterator[tuple[str, str]]:
        """Replace it; yield the old and the new word of each place."""
        for each in objects(document, self.path):
            for name in list(each) if self.field == "*" else [self.field]:
                old = each.get(name)
                if isinstance(old, str) and old in self.words:
                    each[name] = self.words[old]
                    yield f'{name} = "{old}"', f'{name} = "{self.words[old]}"'


class Form(NamedTuple):
    """A text of the objects at ``path`` that has another name and form; no file has one."""

    path: str
    old: str
    new: str
    convert: Callable[[str], object]

    def apply(self, document: Document) -> tuple[()]:
        """Convert it."""
        for each in objects(document, self.path):
            if isinstance(each.get(self.old), str):
                each[self.new] = self.convert(each.pop(self.old))
        return ()


class Removed(NamedTuple):
    """A field of the objects at ``path`` that repeats another one; no file has one."""

    path: str
    field: str

    def apply(self, document: Document) -> tuple[()]:
        """Remove it."""
        for each in objects(document, self.path):
            each.pop(self.field, None)
        return ()


type Change = Key | Value | Form | Removed


def objects(value: object, path: str) -> Iterator[Document]:
    """The objects at *path* in *value*: names with dots between them; ``*`` is each element."""
    name, _, rest = path.partition(".")
    if name == "*" and isinstance(value, list):
        for each in value:
            yield from objects(each, rest)
    elif isinstance(value, dict):
        if not path:
            yield value
        else:
            yield from objects(value.get(name), rest)


def _listed(text: str) -> list[str]:
    return text.split(", ")


def _single(text: str) -> list[str]:
    return [text]


def _parameters(text: str) -> dict[str, str]:
    parts = (each.partition("=") for each in _listed(text) if "=" in each)
    return {name: value for name, _, value in parts}


ENTRIES: dict[str, tuple[Change, ...]] = {
    "signal": (
        Key("", "cause", "correlation_key"),
        Key("joined.*", "cause", "correlation_key"),
    ),
    "decision": (
        Key("", "seen", "observed"),
        Key("observed", "found", "search_result"),
        Key("observed.limits.switch.drills.*", "word", "marker"),
        Key("", "around", "preflight"),
        Value("", "mode", MODES),
        Value("", "rule", RULES),
        Value("step", "type", STEPS),
        Removed("step", "plan"),
        Form("plan", "target", "targets", _single),
        Key("guards.*.denial", "ask", "approvable"),
    ),
    "page": (Value("", "outcome", {"owed": "pending"}),),
    "proposal": (
        Form("", "target", "targets", _single),
        Form("", "hosts", "hosts", _listed),
        Form("", "parameters", "parameters", _parameters),
        Form("", "unknowns", "unknowns", _listed),
    ),
    "drill": (Key("", "word", "marker"),),
    "escalation": (
        Key("", "seen", "diagnosis"),
        Key("", "background", "investigation"),
    ),
}
"""What changed in the data of each kind of entry."""
INCIDENT: tuple[Change, ...] = (
    Key("", "cause", "correlation_key"),
    Value("", "status", OUTCOMES),
    Key("pages.*", "owed_at", "queued_at"),
    Form("proposals.*", "target", "targets", _single),
)
SWITCH: tuple[Change, ...] = (
    Key("pages.*", "owed_at", "queued_at"),
    Key("drills.*", "word", "marker"),
)
COMMAND: tuple[Change, ...] = (Key("", "lever", "command"),)
"""An operator command: an older command line sends it, and an older function expects it."""
COMMAND_RESULT: tuple[Change, ...] = (
    *COMMAND,
    Key("", "told", "notified"),
    Key("", "word", "marker"),
)
OPENINGS: tuple[Change, ...] = (Key("latest.*", "cause", "correlation_key"),)
FLEET_FILE: tuple[Change, ...] = (
    Value("deployment", "mode", MODES),
    Value("actions.*", "autonomy", AUTONOMIES),
    Value("actions.*.autonomy_by_condition", "*", AUTONOMIES),
)
SCENARIO: tuple[Change, ...] = (
    Value("", "mode", MODES),
    Value("autonomy", "*", AUTONOMIES),
    Value("expect", "outcome", OUTCOMES),
    Key("expect", "told", "page_texts"),
    Value("faults.*", "dependency", {"around": "preflight", "background": "investigation"}),
    Key("levers.*", "lever", "command"),
    Key("", "levers", "operator_commands"),
)


def upgrade_entry(kind: str, data: Document) -> tuple[str, Document]:
    """The kind and the data of an entry of schema 1, in the words of today."""
    kind = KINDS.get(kind, kind)
    upgrade(data, ENTRIES.get(kind, ()))
    return kind, data


def upgrade(document: Document, changes: Iterable[Change]) -> list[tuple[str, str]]:
    """Translate *document* in place; return each old word that it had, with the new one."""
    return [words for change in changes for words in change.apply(document)]


def upgrade_file(document: Document, changes: Iterable[Change], name: str) -> None:
    """Translate the *document* of a file in place; warn once for each of its old words.

    >>> scenario = {"mode": "observe"}
    >>> with warnings.catch_warnings(record=True) as found:
    ...     upgrade_file(scenario, SCENARIO, "mine.toml")
    >>> str(found[0].message)
    'mine.toml: mode = "observe" is now mode = "dry-run"'
    """
    for old, new in dict.fromkeys(upgrade(document, changes)):
        warnings.warn(f"{name}: {old} is now {new}", OldWord, stacklevel=2)
