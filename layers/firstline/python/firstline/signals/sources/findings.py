"""Security findings: GuardDuty's own, and Security Hub's of any product.

Shapes: GuardDuty user guide, "findings in EventBridge" and "severity levels"; Security Hub user
guide, "event formats". Security Hub names GuardDuty's finding by the same ARN, so both are one
subject. Titles, descriptions and types are not read. OCSF's fields are those of Security Hub's API
reference (BatchUpdateFindingsV2, OcsfFindingIdentifier, OcsfStringField); they were not checked
against a real event.
"""

import re
from typing import Annotated, Literal

import msgspec

from firstline.ids import INSTANCE_ID, digest
from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, decode, make_signal, parse_instant

"""What Security Hub sends of a finding in OCSF; Security Hub CSPM sends the one in ASFF."""
OVER = "OVER"
"""The state of a finding that was archived, suppressed or resolved."""
_LEVELS = ((9, "CRITICAL"), (7, "HIGH"), (4, "MEDIUM"))
_OCSF_LEVELS: dict[int, str] = {
    1: "INFORMATIONAL",
    2: "LOW",
    3: "MEDIUM",
    4: "HIGH",
    5: "CRITICAL",
    6: "CRITICAL",
    0: "HIGH",
    99: "HIGH",
}
"""By ``severity_id``. 6 is OCSF's Fatal; 0 and 99, unknown and other, may be of any severity."""
_CLOSED = 3
"""The ``activity_id`` of a finding that its product closed."""
_OVER_IDS = frozenset({3, 4, 5, 6})
"""Each ``status_id`` of one that is over: suppressed, resolved, archived, deleted."""
_ARN = re.compile(r"arn:aws:[\w:/.+-]{1,500}", re.ASCII)


class _Actor(msgspec.Struct, frozen=True):
    """A resource of an attack sequence: ``uid`` is its ARN or its id."""

    uid: str = ""


class _Sequence(msgspec.Struct, frozen=True):
    resources: tuple[_Actor, ...] = ()


class _Detection(msgspec.Struct, frozen=True):
    sequence: _Sequence = _Sequence()


class _Service(msgspec.Struct, frozen=True):
    archived: bool = False
    detection: _Detection = _Detection()


class _InstanceDetails(msgspec.Struct, frozen=True, rename="camel"):
    instance_id: str = ""


class _About(msgspec.Struct, frozen=True, rename="camel"):
    instance_details: _InstanceDetails = _InstanceDetails()


class _GuardDuty(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    arn: str
    severity: Annotated[float, msgspec.Meta(ge=0, le=10)]
    updated_at: str
    service: _Service = _Service()
    resource: _About = _About()


class _Severity(msgspec.Struct, frozen=True, rename="pascal"):
    label: Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]


class _Workflow(msgspec.Struct, frozen=True, rename="pascal"):
    status: str = "NEW"


class _Resource(msgspec.Struct, frozen=True, rename="pascal"):
    id: str = ""


class _HubFinding(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    id: str
    severity: _Severity
    updated_at: str
    record_state: str = "ACTIVE"
    workflow: _Workflow = _Workflow()
    resources: tuple[_Resource, ...] = ()


class _Imported(msgspec.Struct, frozen=True):
    findings: Annotated[tuple[_HubFinding, ...], msgspec.Meta(min_length=1, max_length=1)]


class _OcsfInfo(msgspec.Struct, frozen=True):
    uid: Annotated[str, msgspec.Meta(min_length=1)]
    modified_time_dt: str | None = None


class _OcsfResource(msgspec.Struct, frozen=True):
    """``uid`` is the resource's id or its ARN; ``uid_alt``, if present, the other one."""

    uid: str = ""
    uid_alt: str = ""


class _OcsfFinding(msgspec.Struct, frozen=True, kw_only=True):
    finding_info: _OcsfInfo
    severity_id: Literal[0, 1, 2, 3, 4, 5, 6, 99]
    activity_id: int = 0
    status_id: int = 0
    resources: tuple[_OcsfResource, ...] = ()

    @property
    def over(self) -> bool:
        """True if its product closed it, or a person suppressed, resolved or archived it."""
        return self.activity_id == _CLOSED or self.status_id in _OVER_IDS


class _ImportedV2(msgspec.Struct, frozen=True):
    findings: Annotated[tuple[_OcsfFinding, ...], msgspec.Meta(min_length=1, max_length=1)]


def guardduty(envelope: Envelope) -> Signal:
    """A finding; its state is the name of its severity; raises `InvalidInput`."""
    finding = decode(envelope.detail, _GuardDuty)
    level = next((name for least, name in _LEVELS if finding.severity >= least), "LOW")
    state = OVER if finding.service.archived else level
    sequence = (each.uid for each in finding.service.detection.sequence.resources)
    resources = (finding.resource.instance_details.instance_id, *sequence)
    return _finding(envelope, finding.arn, state, finding.updated_at, resources)


def hub(envelope: Envelope) -> Signal:
    """The one finding of an import; sent at every update; raises `InvalidInput`."""
    (finding,) = decode(envelope.detail, _Imported).findings
    over = finding.record_state == "ARCHIVED" or finding.workflow.status in (
        "RESOLVED",
        "SUPPRESSED",
    )
    state = OVER if over else finding.severity.label
    resources = tuple(each.id for each in finding.resources)
    return _finding(envelope, finding.id, state, finding.updated_at, resources)


def hub_v2(envelope: Envelope) -> Signal:
    """The one OCSF finding of an import; raises `InvalidInput`.

    As in ASFF, a person's change does not change the finding's modification time.
    """
    (finding,) = decode(envelope.detail, _ImportedV2).findings
    state = OVER if finding.over else _OCSF_LEVELS[finding.severity_id]
    modified = finding.finding_info.modified_time_dt or envelope.time.isoformat()
    resources = tuple(name for each in finding.resources for name in (each.uid, each.uid_alt))
    return _finding(envelope, finding.finding_info.uid, state, modified, resources)


def _finding(
    envelope: Envelope, id_: str, state: str, updated: str, resources: tuple[str, ...]
) -> Signal:
    """The signal of a finding; of *resources*, ids and ARNs, the instances are kept in one text."""
    at = parse_instant(updated)
    # another product's id may be any text
    name = id_ if _ARN.fullmatch(id_) else f"finding-{digest(id_.encode(errors='replace'))[:20]}"
    key = (envelope.source, name, state, at.isoformat())
    ids = (each.rpartition(":instance/")[2] for each in resources)
    hosts = " ".join(sorted({each for each in ids if re.fullmatch(INSTANCE_ID, each)}))
    where = {"InstanceId": hosts} if hosts else {}
    return make_signal(envelope, SignalKind.FINDING, key, name, state, at=at, dimensions=where)
