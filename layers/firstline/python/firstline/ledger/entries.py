"""Ledger entries: one type for each kind of fact, shared by its writer and its readers.

    signal         SignalReceived, SignalsJoined
    decision       DecisionMade
    intent         FixIntended, LookIntended
    outcome        FixReported, LookReported, HostsInspected
    verification   FixVerified, HostsVerified
    page           PageDelivered
    response       ResponseMeasured
    escalation     IncidentEscalated
    proposal       PlanProposed
    approval       PlanAnswered
    demotion       ActionDemoted
    promotion      ActionPromoted
    pause          PauseChanged
    drill          DrillAnnounced
    metric         AlarmMetricRead

`Event.to_ledger` returns the bytes that are hashed and stored, the same in every version. A field
that an older entry lacks has its default; unknown fields are ignored; an unknown kind is an
`UnknownEvent`.
"""

import contextlib
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ids import InstanceId
from firstline.ledger.chain import Data, Kind

type Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, in the form that an entry of its ``kind`` stores."""

    kind: ClassVar[Kind]
    omit_if_none: ClassVar[frozenset[str]] = frozenset()
    """Fields that the entry omits where they are None."""
    with_offset: ClassVar[frozenset[str]] = frozenset()
    """Instants written with the offset ``+00:00``; the others end in ``Z``."""

    def to_ledger(self) -> Data:
        """The ``data`` of the entry."""
        data: Data = msgspec.to_builtins(self)
        instants = {name: getattr(self, name) for name in self.with_offset}
        data |= {name: at.isoformat() for name, at in instants.items() if at is not None}
        return {
            name: value
            for name, value in data.items()
            if value is not None or name not in self.omit_if_none
        }


# --- signals -----------------------------------------------------------------------------------


class SignalReceived(Event, frozen=True, kw_only=True):
    """One signal and its classification; the one that opened an incident has an ``owner``.

    Texts of the event are redacted, ``key_digest`` stands for its key, and ``words`` hold only
    the fields that a rule or a guard knows.
    """

    kind: ClassVar = Kind.SIGNAL
    omit_if_none: ClassVar = frozenset({"owner", "drill", "kind"})
    with_offset: ClassVar = frozenset({"signalled_at"})

    disposition: str = ""
    why: str = ""
    rule: str | None = None
    severity: str | None = None
    condition: str | None = None
    source_kind: str | None = msgspec.field(default=None, name="kind")
    source: str = ""
    subject: str = ""
    state: str = ""
    signalled_at: Instant | None = None
    key_digest: str = ""
    correlation_key: str = ""
    marks: tuple[str, ...] = ()
    region: str | None = None
    arn: str = ""
    words: dict[str, str] = {}
    drill: str | None = None
    owner: str | None = None

    @property
    def signals(self) -> tuple["SignalReceived", ...]:
        """Each signal of the entry."""
        return (self,)


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """The severity and the condition of an incident after signals joined it."""

    severity: str
    condition: str


class SignalsJoined(Event, frozen=True, kw_only=True):
    """Signals that joined an open incident, in one entry."""

    kind: ClassVar = Kind.SIGNAL

    joined: tuple[SignalReceived, ...]
    leads: Lead | None = None

    def to_ledger(self) -> Data:
        """Each signal in the form of an entry of its own."""
        joined = [each.to_ledger() for each in self.joined]
        return {"joined": joined, "leads": msgspec.to_builtins(self.leads)}

    @property
    def signals(self) -> tuple[SignalReceived, ...]:
        """Each signal of the entry."""
        return self.joined


# --- decisions ---------------------------------------------------------------------------------


class PlannedFix(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a decision."""

    action: str = ""
    targets: tuple[str, ...] = ()
    hash: str = ""
    hosts: tuple[InstanceId, ...] = ()
    parameters: dict[str, str] = {}

    @property
    def target(self) -> str:
        """Its targets in a text."""
        return ", ".join(self.targets)


class GuardDenial(msgspec.Struct, frozen=True, kw_only=True):
    """A guard's reason against the plan: a stable code, which older entries lack, and words."""

    reason: str | msgspec.UnsetType = msgspec.UNSET
    why: str = ""
    retry_at: Instant | None = None
    final: bool = False
    held: bool = False
    approvable: bool = False
    unknown: bool = False


class GuardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One guard's answer; without a denial, or with an ``overridden`` one, the plan passed."""

    guard: str = ""
    denial: GuardDenial | None = None
    overridden: bool = False


class DecisionMade(Event, frozen=True, kw_only=True):
    """The next step and its reasoning.

    ``step`` has a ``type`` (``wait``, ``look``, ``fix``, ``request-approval``,
    ``raise-severity``, ``escalate``, ``close``) and the fields of that step. ``observed``,
    ``wakes``, ``preflight`` and ``mode`` are its inputs, which
    ``remediation/decision_record.py`` writes and reads; older entries lack them.
    """

    kind: ClassVar = Kind.DECISION
    omit_if_none: ClassVar = frozenset({"observed", "wakes", "preflight", "mode"})

    step: dict[str, Any] = {}
    rule: str = ""
    why: str = ""
    facts: tuple[str, ...] = ()
    plan: PlannedFix | None = None
    guards: tuple[GuardAnswer, ...] = ()
    observed: dict[str, Any] | None = None
    wakes: int | None = None
    preflight: dict[str, Any] | None = None
    mode: str | None = None

    @property
    def step_type(self) -> str:
        """The name of the step."""
        return str(self.step.get("type", ""))

    @property
    def raised_to(self) -> str | None:
        """The severity that this decision raised the incident to; None for another step."""
        return str(self.step.get("severity")) if self.step_type == "raise-severity" else None

    @property
    def recovered_at(self) -> datetime | None:
        """The start of the watched recovery that ended the incident, if any."""
        since: datetime | None = None
        with contextlib.suppress(msgspec.ValidationError):
            since = msgspec.convert(self.step.get("recovered_at"), Instant)
        return since

    @property
    def denials(self) -> tuple[tuple[str, GuardDenial], ...]:
        """The guards that stopped the plan, each with its denial."""
        stops = (each for each in self.guards if not each.overridden)
        return tuple((each.guard, each.denial) for each in stops if each.denial is not None)


# --- looks and fixes ---------------------------------------------------------------------------


class ActionEvent(Event, frozen=True, kw_only=True):
    """A fact about one look or fix, which ``token`` names."""

    action: str = ""
    token: str = ""


class LookIntended(ActionEvent, frozen=True, kw_only=True):
    """A look at hosts is about to be sent."""

    kind: ClassVar = Kind.INTENT

    targets: tuple[str, ...] = ()


class FixIntended(ActionEvent, frozen=True, kw_only=True):
    """A fix is about to be sent; the entry is committed first."""

    kind: ClassVar = Kind.INTENT
    with_offset: ClassVar = frozenset({"not_after"})

    targets: tuple[str, ...] = ()
    hosts: tuple[InstanceId, ...] = ()
    parameters: dict[str, str] = {}
    plan: str = ""
    fence: int
    facts: tuple[str, ...] = ()
    not_after: Instant | None = None


class ActionReported(ActionEvent, frozen=True, kw_only=True):
    """The reported result of a look or a fix."""

    kind: ClassVar = Kind.OUTCOME
    omit_if_none: ClassVar = frozenset({"command", "detail"})

    outcome: str = ""
    command: str | None = None
    detail: str | None = None


class LookReported(ActionReported, frozen=True, kw_only=True):
    """The result of sending a look: ``sent`` as ``command``, ``unknown`` or ``not-sent``."""

    targets: tuple[str, ...]


class FixReported(ActionReported, frozen=True, kw_only=True):
    """The result of a fix by its tool: ``sent``, ``done``, ``failed``, ``unknown``, ``not-sent``.

    Also ``refused``: its host did nothing; ``another``: ``command`` is another refresh than the
    intended one; ``target-left``: its host left the group before a verdict.
    """

    target: str = ""


class HostsInspected(ActionEvent, frozen=True, kw_only=True):
    """The result of a look: the report of each host, or why there is none."""

    kind: ClassVar = Kind.OUTCOME

    hosts: dict[InstanceId, HostReport | Unknown]


class FixVerified(ActionEvent, frozen=True, kw_only=True):
    """The verdict on a fix, from observations and not from the tool's report."""

    kind: ClassVar = Kind.VERIFICATION

    target: str = ""
    outcome: str | None = None
    detail: str = ""
    helped: bool


class HostsVerified(Event, frozen=True, kw_only=True):
    """Hosts that are verified after ``readings_needed`` good readings, or doubted again."""

    kind: ClassVar = Kind.VERIFICATION

    verified: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    readings_needed: int = 0


# --- people ------------------------------------------------------------------------------------


class PageDelivered(Event, frozen=True, kw_only=True):
    """A notification was ``accepted``, is still ``pending``, or was ``dropped``.

    ``summary`` is the text of a change event: no other entry contains it.
    """

    kind: ClassVar = Kind.PAGE
    omit_if_none: ClassVar = frozenset({"summary"})

    key: str = ""
    action: str = ""
    severity: str = ""
    channel: str = "pager"
    outcome: str = ""
    tries: int = 1
    why: str = ""
    summary: str | None = None


class ResponseMeasured(Event, frozen=True, kw_only=True):
    """A response against its target (R01 to R04); without a target it is always met."""

    kind: ClassVar = Kind.RESPONSE

    severity: str = ""
    target_seconds: int | None = None
    seconds: int = 0
    responded: bool = False
    met: bool = True


class MetricSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A metric around the start, and at that time on the days before: decimal numbers as text."""

    name: str
    around: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


class IncidentEscalated(Event, frozen=True, kw_only=True):
    """The context that a person receives at escalation; ``; `` joins the parts of a text."""

    kind: ClassVar = Kind.ESCALATION
    omit_if_none: ClassVar = frozenset({"support_case", "demoted"})

    owner: str = ""
    why: str = ""
    diagnosis: str = ""
    investigation: str = ""
    tried: str = ""
    denied: str = ""
    verified: str = ""
    next: str = ""
    support_case: str | None = None
    demoted: str | None = None
    metrics: tuple[MetricSeries, ...] = ()


class PlanProposed(Event, frozen=True, kw_only=True):
    """A plan on one or several targets that people may allow, or advice if not ``approvable``.

    ``unknowns`` are the guards that lack a fact, by name: an approval overrides them.
    """

    kind: ClassVar = Kind.PROPOSAL
    with_offset: ClassVar = frozenset({"until"})

    action: str = ""
    targets: tuple[str, ...] = ()
    hosts: tuple[InstanceId, ...] = ()
    parameters: dict[str, str] = {}
    unknowns: tuple[str, ...] = ()
    plan: str = ""
    until: Instant | None = None
    approvable: bool = False

    @property
    def target(self) -> str:
        """Its targets in a text."""
        return ", ".join(self.targets)


class PlanAnswered(Event, frozen=True, kw_only=True):
    """A person's approval or denial of a plan; one that came too late does not count."""

    kind: ClassVar = Kind.APPROVAL

    plan: str = ""
    granted: bool = False
    by: str = ""
    at: Instant | None = None
    until: Instant | None = None
    why: str = ""
    counts: bool = True


class ActionDemoted(Event, frozen=True, kw_only=True):
    """An action needs an approval from now on, after ``failed`` fixes in a row."""

    kind: ClassVar = Kind.DEMOTION

    action: str = ""
    failed: int = 0
    autonomy: str = ""
    why: str = ""


class ActionPromoted(Event, frozen=True, kw_only=True):
    """An operator ended the demotion of an action."""

    kind: ClassVar = Kind.PROMOTION
    with_offset: ClassVar = frozenset({"since"})

    change: str = "promoted"
    action: str = ""
    failed: int = 0
    since: Instant | None = None
    why: str = ""
    by: str = ""


class PauseChanged(Event, frozen=True, kw_only=True):
    """The fixes of ``scope`` were ``paused`` or ``resumed`` by a person, or the pause ``expired``.

    ``scope`` is everything, a condition or an incident.
    """

    kind: ClassVar = Kind.PAUSE
    omit_if_none: ClassVar = frozenset({"why", "by", "until"})
    with_offset: ClassVar = frozenset({"until"})

    change: str = ""
    scope: str = ""
    why: str | None = None
    by: str | None = None
    until: Instant | None = None


class DrillAnnounced(Event, frozen=True, kw_only=True):
    """An operator registered a drill before its alarm rang."""

    kind: ClassVar = Kind.DRILL
    with_offset: ClassVar = frozenset({"until"})

    change: str = "announced"
    marker: str = ""
    by: str = ""
    until: Instant | None = None


# --- metrics -----------------------------------------------------------------------------------


class AlarmMetricRead(Event, frozen=True, kw_only=True):
    """The metric of the leading ``alarm`` around the incident, read from CloudWatch at the end.

    ``values`` are decimal numbers as text, one for each period from ``begins`` on, and None
    where CloudWatch had none. ``metric`` to ``threshold`` define an alarm that the policy does
    not make; for one that it makes, the policy defines them.
    """

    kind: ClassVar = Kind.METRIC
    omit_if_none: ClassVar = frozenset({"metric", "definition", "comparison", "threshold"})

    alarm: str = ""
    begins: Instant | None = None
    period_seconds: Annotated[int, msgspec.Meta(ge=1, le=7 * 24 * 3600)] = 60
    values: Annotated[tuple[str | None, ...], msgspec.Meta(max_length=1000)] = ()
    metric: str | None = None
    definition: str | None = None
    comparison: str | None = None
    threshold: str | None = None


class UnknownEvent(msgspec.Struct, frozen=True):
    """An entry that this code cannot decode: an unknown kind, or an invalid form and ``why``."""

    kind: str
    why: str = ""


type LedgerEvent = (
    SignalReceived
    | SignalsJoined
    | DecisionMade
    | LookIntended
    | FixIntended
    | LookReported
    | FixReported
    | HostsInspected
    | FixVerified
    | HostsVerified
    | PageDelivered
    | ResponseMeasured
    | IncidentEscalated
    | PlanProposed
    | PlanAnswered
    | ActionDemoted
    | ActionPromoted
    | PauseChanged
    | DrillAnnounced
    | AlarmMetricRead
)

_FORMS: dict[str, dict[str, type[LedgerEvent]]] = {
    Kind.SIGNAL: {"joined": SignalsJoined, "": SignalReceived},
    Kind.DECISION: {"": DecisionMade},
    Kind.INTENT: {"fence": FixIntended, "": LookIntended},
    Kind.OUTCOME: {"hosts": HostsInspected, "targets": LookReported, "": FixReported},
    Kind.VERIFICATION: {"helped": FixVerified, "": HostsVerified},
    Kind.PAGE: {"": PageDelivered},
    Kind.RESPONSE: {"": ResponseMeasured},
    Kind.ESCALATION: {"": IncidentEscalated},
    Kind.PROPOSAL: {"": PlanProposed},
    Kind.APPROVAL: {"": PlanAnswered},
    Kind.DEMOTION: {"": ActionDemoted},
    Kind.PROMOTION: {"": ActionPromoted},
    Kind.PAUSE: {"": PauseChanged},
    Kind.DRILL: {"": DrillAnnounced},
    Kind.METRIC: {"": AlarmMetricRead},
}
"""The types of each kind: the first whose field the data has."""


def decode(kind: str, data: Data) -> LedgerEvent | UnknownEvent:
    """The event that *data* of an entry of *kind* encodes.

    >>> decode("page", {"key": "inc-1", "outcome": "accepted"}).channel
    'pager'
    >>> decode("of-a-later-version", {})
    UnknownEvent(kind='of-a-later-version', why='')
    """
    forms = _FORMS.get(kind)
    if forms is None:
        return UnknownEvent(kind)
    form = next(form for field, form in forms.items() if not field or field in data)
    try:
        return msgspec.convert(data, type=form)
    except msgspec.ValidationError as error:
        return UnknownEvent(kind, str(error))
