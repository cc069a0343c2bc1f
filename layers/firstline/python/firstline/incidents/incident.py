"""The incident: the aggregate of one episode, and the one table of its lifecycle.

Every change of status goes through `advance`, which raises on a transition that `TRANSITIONS` does
not declare. The diagram in ``docs/LIFECYCLE.md`` is generated from the same table.
"""

import copy
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from firstline import ids, schema_1
from firstline.actions.action import Action
from firstline.actions.catalogue import UNDO_RESULTS, traits
from firstline.config.channels import PAGER, Channel, channel
from firstline.diagnosis.evidence import HostEvidence, HostHistory
from firstline.errors import InvariantViolation
from firstline.incidents.approvals import Proposal
from firstline.ledger.chain import Chain
from firstline.signal import Component, Condition, Restricted, Severity, is_plausible

SCHEMA = schema_1.SCHEMA
"""Version of the stored aggregate; a reader refuses a later one.

A new field needs no new version if its default is right for an incident that older code wrote:
older code ignores the field, and its next write drops it. Raise the version where that would do
harm: where older code must not act without the field, where its value cannot be lost, or where an
existing field changes its meaning. Older code then leaves the incident alone and pages a person. A
new value of an enum (a status, a condition, an outcome) does the same without a version.
"""


class Status(StrEnum):
    """The status of an incident."""

    INVESTIGATING = "investigating"
    REMEDIATING = "remediating"
    VERIFYING = "verifying"
    RESOLVED = "resolved"
    SELF_RECOVERED = "self-recovered"
    ESCALATED = "escalated"

    @property
    def ended(self) -> bool:
        """True if no step follows; only pending pages do."""
        return self in ENDED


class Fact(StrEnum):
    """An event of the lifecycle, in the past tense."""

    FIX_INTENDED = "fix intended"
    FIX_ANSWERED = "fix answered"
    FIX_NOT_SENT = "fix not sent"
    FIX_NOT_JUDGED = "fix ended without a verdict"
    FIX_HELPED = "fix helped"
    FIX_DID_NOT_HELP = "fix did not help"
    RECOVERED_BY_FIX = "recovered by a fix"
    RECOVERED_BY_ITSELF = "recovered by itself"
    ESCALATED = "escalated"


ENDED = frozenset({Status.RESOLVED, Status.SELF_RECOVERED, Status.ESCALATED})

# An escalation ends the incident. The person has its pages, and a later ALARM opens a new incident
# and pages again. The new incident does not repeat the same fixes, because the window of the lease
# counts the attempts on a target over all incidents.
TRANSITIONS: dict[tuple[Status, Fact], Status] = {
    (Status.INVESTIGATING, Fact.FIX_INTENDED): Status.REMEDIATING,
    (Status.REMEDIATING, Fact.FIX_NOT_SENT): Status.INVESTIGATING,
    (Status.REMEDIATING, Fact.FIX_NOT_JUDGED): Status.INVESTIGATING,
    (Status.REMEDIATING, Fact.FIX_ANSWERED): Status.VERIFYING,
    (Status.VERIFYING, Fact.FIX_HELPED): Status.INVESTIGATING,
    (Status.VERIFYING, Fact.FIX_DID_NOT_HELP): Status.INVESTIGATING,
    (Status.VERIFYING, Fact.FIX_NOT_JUDGED): Status.INVESTIGATING,
    (Status.INVESTIGATING, Fact.RECOVERED_BY_FIX): Status.RESOLVED,
    (Status.INVESTIGATING, Fact.RECOVERED_BY_ITSELF): Status.SELF_RECOVERED,
    (Status.INVESTIGATING, Fact.ESCALATED): Status.ESCALATED,
    (Status.REMEDIATING, Fact.ESCALATED): Status.ESCALATED,
    (Status.VERIFYING, Fact.ESCALATED): Status.ESCALATED,
}


class UndeclaredTransition(InvariantViolation):
    """The lifecycle's table has no such transition."""


def advance(status: Status, fact: Fact) -> Status:
    """The status after *fact*; raises `UndeclaredTransition`.

    The table replaces a workflow engine; there is no ORM and no expression language.
    """
    try:
        return TRANSITIONS[status, fact]
    except KeyError:
        raise UndeclaredTransition(f"no transition from {status} by {fact!r}") from None


class Outcome(StrEnum):
    """The outcome of an intent as its tool reports it; never a proof that it helped."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_SENT = "not-sent"
    REFUSED = "refused"
    ANOTHER = "another"
    TARGET_LEFT = "target-left"


NO_EFFECT_OUTCOMES = frozenset({Outcome.NOT_SENT, Outcome.REFUSED})
"""Outcomes of an intent that has changed nothing."""
UNJUDGED_OUTCOMES = NO_EFFECT_OUTCOMES | {Outcome.ANOTHER, Outcome.TARGET_LEFT}
"""Outcomes without evidence of whether the action helps.

``another`` is a different refresh than the intended one; ``target-left`` a host that was taken away
before the verdict.
"""


class Target(msgspec.Struct, frozen=True):
    """One instance in scope and its good readings in a row; ``verified`` at K of K.

    ``silent`` counts the looks in a row without a report from it; ``history`` has the start
    times.
    """

    id: ids.InstanceId
    readings: int = 0
    silent: int = 0
    verified_at: datetime | None = None
    history: HostHistory = HostHistory()

    @property
    def verified(self) -> bool:
        """True if independent looks agreed that it works."""
        return self.verified_at is not None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One fix on one target, from intent to verdict.

    ``not_after`` is the last instant at which the script accepts delivery; until
    ``lease_until`` an unsent intent may still be in transit. ``helped`` is the verdict.
    ``hosts`` are the instances that it touches; ``known`` those in service at the intent, which
    distinguishes instances that are launched for it.
    """

    token: ids.Token
    action: str
    target: ids.FixTarget
    hosts: tuple[ids.InstanceId, ...] = ()
    known: tuple[ids.InstanceId, ...] = ()
    parameters: dict[str, str] = {}
    plan: ids.Digest
    fence: int
    intended_at: datetime
    not_after: datetime
    lease_until: datetime
    command: ids.CommandId | None = None
    outcome: Outcome | None = None
    answered_at: datetime | None = None
    helped: bool | None = None

    @property
    def traits(self) -> Action:
        """The traits of its action."""
        return traits(self.action)

    @property
    def failed(self) -> bool:
        """True if it was tried and did not help (S04); one without a verdict did not fail."""
        return self.helped is False and self.outcome not in UNJUDGED_OUTCOMES

    @property
    def repaired(self) -> bool:
        """True if it helped; an action that takes back a fix of firstline never repairs."""
        return self.helped is True and self.action not in UNDO_RESULTS


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A look on hosts, sent and not yet read; a report missing at ``until`` is silence."""

    token: ids.Token
    targets: tuple[ids.InstanceId, ...]
    intended_at: datetime
    until: datetime
    command: ids.CommandId | None = None


INCIDENT_BYTES_MAX = 330_000
"""An incident of more bytes is escalated. DynamoDB's item limit is 409,600, and one reconcile
adds less than the difference: a look at 50 hosts, 62 KB."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A notification: queued at ``queued_at``, tried again at ``due_at``, complete when sent.

    ``channel`` names one of `firstline.config.channels`. For an alert ``key`` is PagerDuty's
    ``dedup_key``. Its text is fixed when it is queued.
    """

    channel: str = PAGER
    key: str
    action: Literal["trigger", "resolve"]
    severity: Severity
    summary: str
    details: dict[str, str] = {}
    queued_at: datetime
    due_at: datetime
    tries: int = 0
    sent_at: datetime | None = None

    @property
    def traits(self) -> Channel:
        """The traits of its channel."""
        return channel(self.channel)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The response time of a severity (R01 to R04): paged where it pages, and looked at.

    ``since`` is the signal's instant; ``due_at`` is None where the profile sets no target.
    ``missed`` is true once a missed target was recorded.
    """

    severity: Severity
    since: datetime
    due_at: datetime | None
    responded_at: datetime | None = None
    missed: bool = False


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """The aggregate of one episode. ``version`` is the one that its next commit must find.

    ``condition`` to ``alarm_arn`` are of the signal that leads it; ``joined`` are the
    conditions that joined it, and ``alarms`` the ARNs of every alarm that it waits for;
    ``alarms_beyond`` counts alarms beyond the limit. The last signal came at ``joined_at``.
    ``scope`` is the one host that it concerns, if any; ``storm`` is true for unrelated troubles
    together, ``suppressed`` where every alarm behind it is suppressed by the operator.
    ``drill`` is the word of the drill that every signal of trouble in it claims. ``proposals``
    are the plans that people may answer. ``updates`` counts the queued updates, and
    ``update_turn`` is the subject of the last one. ``reports`` are users' reports, the latest
    last: only the aggregate holds them. ``hosts`` has the last evidence of each host;
    ``host_versions`` has, for each whose evidence is stored in an item of its own, the version in
    which that item was written; the evidence of others is stored in the aggregate.
    ``clear_readings`` counts the readings in a row, each at its interval, with the alarm OK. It
    ``recovered_at`` by itself, unless its trouble came back, ``returns`` times, the last one at
    ``returned_at``. ``short_since`` is the time since when the group of a capacity incident is
    short, or cannot be read. ``look_singly``: SSM refused a look at several hosts, as it does
    when a single one of them is not registered.
    """

    schema: int = SCHEMA
    id: ids.IncidentId
    version: int = 0
    correlation_key: ids.CorrelationKey
    status: Status = Status.INVESTIGATING
    condition: Condition
    severity: Severity
    component: Component
    rule: str
    alarm: str
    alarm_arn: str
    alarms: tuple[str, ...] = ()
    alarms_beyond: int = 0
    joined: tuple[Condition, ...] = ()
    scope: ids.InstanceId | None = None
    storm: bool = False
    suppressed: bool = False
    drill: str = ""
    opening: ids.SignalKey
    signalled_at: datetime
    opened_at: datetime
    joined_at: datetime
    ended_at: datetime | None = None
    signals: int = 1
    targets: tuple[Target, ...] = ()
    hosts: dict[ids.InstanceId, HostEvidence] = {}
    host_versions: dict[ids.InstanceId, int] = {}
    clear_readings: int = 0
    clear_read_at: datetime | None = None
    recovered_at: datetime | None = None
    returned_at: datetime | None = None
    returns: int = 0
    short_since: datetime | None = None
    look: Look | None = None
    look_singly: bool = False
    attempts: tuple[Attempt, ...] = ()
    pages: tuple[Page, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    updates: int = 0
    update_turn: str = ""
    reports: tuple[Restricted, ...] = ()
    responses: tuple[Response, ...] = ()
    wakes: int = 0
    wake_generation: int = 1
    next_wake_at: datetime | None = None
    chain: Chain = Chain()

    @property
    def ended(self) -> bool:
        """True if no step follows."""
        return self.status.ended

    @property
    def current(self) -> Attempt | None:
        """The attempt without a verdict: at most one, the last."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.helped is None else None

    def after(self, fact: Fact) -> "Incident":
        """The incident with the status that follows from *fact*."""
        return copy.replace(self, status=advance(self.status, fact))

    def with_current(self, attempt: Attempt) -> "Incident":
        """The incident with its last attempt replaced by *attempt*."""
        return copy.replace(self, attempts=(*self.attempts[:-1], attempt))


class _Version(msgspec.Struct, frozen=True):
    schema: Annotated[int, msgspec.Meta(ge=1)]


def _decode_schema_1(text: str) -> Incident:
    document = msgspec.json.decode(text, type=dict[str, Any])
    schema_1.upgrade(document, schema_1.INCIDENT)
    return msgspec.convert({**document, "schema": SCHEMA}, type=Incident)


def encode(incident: Incident) -> str:
    """The incident as one JSON text, with all evidence."""
    return msgspec.json.encode(incident).decode()


def encode_aggregate(incident: Incident) -> str:
    """The aggregate as one JSON text: the table stores it next to the few indexed attributes.

    It lacks the evidence that is stored in items of its own.
    """
    inline = {id_: it for id_, it in incident.hosts.items() if id_ not in incident.host_versions}
    return encode(copy.replace(incident, hosts=inline))


def decode(text: str) -> Incident:
    """The aggregate in *text*; unknown fields are ignored.

    Raises `InvariantViolation` for an unknown schema or form.
    """
    try:
        schema = msgspec.json.decode(text, type=_Version).schema
        if schema > SCHEMA:
            why = f"a stored incident has schema {schema}; this code reads up to {SCHEMA}"
            raise InvariantViolation(why)
        incident = (
            _decode_schema_1(text) if schema == 1 else msgspec.json.decode(text, type=Incident)
        )
    except (ValueError, RecursionError) as error:
        raise InvariantViolation(f"a stored incident does not fit its schema: {error}") from error
    if not is_plausible(incident.signalled_at):  # an earlier version stored it as it came
        return copy.replace(incident, signalled_at=incident.opened_at)
    return incident
