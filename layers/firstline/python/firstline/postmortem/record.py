"""A chain of entries as a report reads it: typed, redacted, and tolerant of older code's entries.

What an entry does not have takes its default; what it has beyond is not read. Every text is
redacted here, once, before anything else sees it.
"""

import functools
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec

from firstline.errors import Malformed
from firstline.evidence import Answering, Connections, Group, HostReport, TargetHealth, Unknown
from firstline.export import Recorded as Exported
from firstline.ids import InstanceId
from firstline.ledger import GENESIS
from firstline.redaction import redact

type Instant = Annotated[datetime, msgspec.Meta(tz=True)]

TEXT_MAX = 8000
"""A hand-over tells many lines in one text."""
_OURS = frozenset({"token", "plan", "hash", "key_digest", "enclave_pcr0"})
"""Fields that hold digests of ours, which redaction would take for secrets."""
_DIGEST = re.compile(r"[0-9a-f]{8,96}", re.ASCII)
NOT_READ = Unknown("not recorded")


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One signal, as the entry that took it in tells it."""

    disposition: str = ""
    why: str = ""
    rule: str | None = None
    severity: str | None = None
    condition: str | None = None
    source: str = ""
    subject: str = ""
    state: str = ""
    signalled_at: Instant | None = None


class Leads(msgspec.Struct, frozen=True, kw_only=True):
    """What leads an incident since signals joined it."""

    severity: str
    condition: str


class Signals(Signal, frozen=True, kw_only=True):
    """The opening signal itself, or those that ``joined``."""

    owner: str = ""
    joined: tuple[Signal, ...] = ()
    leads: Leads | None = None

    @property
    def all(self) -> tuple[Signal, ...]:
        """Each signal that the entry tells of."""
        return self.joined or (self,)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided: ``wait``, ``look``, ``fix``, ``ask``, ``hand-over`` or ``close``."""

    type: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done to whom."""

    action: str = ""
    target: str = ""
    hash: str = ""
    hosts: tuple[str, ...] = ()


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """A guard's no."""

    why: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one guard said; no denial is a yes."""

    guard: str
    denial: Denial | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of the world before a decision, as far as a report tells of it."""

    alarms: dict[str, dict[str, Any]] = {}
    group: Group | Unknown = NOT_READ
    target_health: TargetHealth | Unknown = NOT_READ
    answering: Answering | Unknown = NOT_READ
    connections: Connections | Unknown = NOT_READ


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its reasoning; ``seen`` is None where it was not recorded."""

    step: Step = Step()
    rule: str = ""
    why: str = ""
    facts: tuple[str, ...] = ()
    plan: Plan | None = None
    guards: tuple[Answer, ...] = ()
    seen: Seen | None = None
    mode: str = ""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be done; a fix bears a ``fence``, a look none."""

    action: str = ""
    token: str = ""
    targets: tuple[str, ...] = ()
    hosts: tuple[InstanceId, ...] = ()
    facts: tuple[str, ...] = ()
    fence: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an intent: a look's reports by host, or a fix's answer."""

    action: str = ""
    token: str = ""
    outcome: str = ""
    detail: str = ""
    target: str = ""
    targets: tuple[str, ...] = ()
    hosts: dict[InstanceId, HostReport | Unknown] | None = None


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A fix's verdict (``helped``), or hosts that turned: ``verified``, or ``doubted`` again."""

    helped: bool | None = None
    action: str = ""
    target: str = ""
    token: str = ""
    verified: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    readings_needed: int = 0


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A word to people: ``accepted``, ``owed`` or ``dropped``."""

    channel: str = "pager"
    action: str = ""
    key: str = ""
    outcome: str = ""
    tries: int = 1
    why: str = ""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A response against its target (R01 to R04)."""

    severity: str = ""
    seconds: int = 0
    target_seconds: int | None = None
    responded: bool = False
    met: bool = True


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A metric around the start, and at that time of the days before; decimal numbers as text."""

    name: str
    around: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """What the person was told who took over; parts of a text are joined by ``; ``."""

    owner: str = ""
    why: str = ""
    seen: str = ""
    background: str = ""
    next: str = ""
    metrics: tuple[Series, ...] = ()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that people were asked about, or that they were only advised of."""

    action: str = ""
    target: str = ""
    plan: str = ""
    approvable: bool = False


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word on a plan."""

    granted: bool = False
    by: str = ""
    why: str = ""
    counts: bool = True


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a kind that this code does not know, or of none that is an incident's."""


type Told = (
    Signals
    | Decision
    | Intent
    | Outcome
    | Verification
    | Page
    | Response
    | HandOver
    | Proposal
    | Approval
    | Other
)
_KINDS: dict[str, type[Told]] = {
    "signal": Signals,
    "decision": Decision,
    "intent": Intent,
    "outcome": Outcome,
    "verification": Verification,
    "page": Page,
    "response": Response,
    "hand-over": HandOver,
    "proposal": Proposal,
    "approval": Approval,
}


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, read."""

    sequence: int
    at: datetime
    policy: str
    code: str
    told: Told


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A whole chain, read; ``head`` is the hash of its last entry."""

    incident: str
    head: str
    entries: tuple[Recorded, ...]


def read(chain: Iterable[Exported]) -> Record:
    """What the entries of one incident say; raises `Malformed` naming the first that cannot be."""
    entries = tuple(chain)
    return Record(
        incident=redact(entries[0].entry.incident, 80) if entries else "",
        head=entries[-1].entry.hash if entries else GENESIS,
        entries=tuple(map(_recorded, entries)),
    )


def _recorded(each: Exported) -> Recorded:
    try:
        told: Told = msgspec.convert(_clean(each.data), type=_KINDS.get(each.kind, Other))
    except msgspec.ValidationError as error:
        where = f"entry {each.entry.sequence} of {redact(each.entry.incident, 80)}"
        raise Malformed(f"{where} cannot be read: {redact(str(error))}") from error
    return Recorded(
        sequence=each.entry.sequence,
        at=each.at,
        policy=each.policy,
        code=each.code,
        told=told,
    )


def _clean(node: object, key: str = "") -> object:
    """*node* with each text redacted; a digest of ours stays where one belongs."""
    match node:
        case str():
            ours = key in _OURS and _DIGEST.fullmatch(node)
            return node if ours else _redacted(node)
        case dict():
            return {_redacted(name): _clean(inner, name) for name, inner in node.items()}
        case list():
            return [_clean(inner, key) for inner in node]
        case _:
            return node


@functools.lru_cache(maxsize=2048)
def _redacted(text: str) -> str:
    """Names of hosts and fields come a thousand times in a long chain."""
    return redact(text, TEXT_MAX)
