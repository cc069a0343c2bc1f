"""Security findings: GuardDuty's own, and Security Hub's of any product.

Shapes: GuardDuty user guide, "findings in EventBridge" and "severity levels"; Security Hub user
guide, "event formats". Security Hub names GuardDuty's finding by the same ARN, so both are one
subject. Titles, descriptions and types are not read.
"""

import re
from typing import Annotated, Literal

import msgspec

from firstline.ids import INSTANCE_ID, digest
from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, decoded, instant, read

GUARDDUTY, GUARDDUTY_FINDING = "aws.guardduty", "GuardDuty Finding"
HUB, HUB_IMPORTED = "aws.securityhub", "Security Hub Findings - Imported"
OVER = "OVER"
"""The state of a finding that was archived, suppressed or resolved."""
_LEVELS = ((9, "CRITICAL"), (7, "HIGH"), (4, "MEDIUM"))
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


def guardduty(envelope: Envelope) -> Signal:
    """A finding; its state is the name of its severity; raises `Malformed`."""
    found = decoded(envelope.detail, _GuardDuty)
    level = next((name for least, name in _LEVELS if found.severity >= least), "LOW")
    state = OVER if found.service.archived else level
    sequence = (each.uid for each in found.service.detection.sequence.resources)
    about = (found.resource.instance_details.instance_id, *sequence)
    return _finding(envelope, found.arn, state, found.updated_at, about)


def hub(envelope: Envelope) -> Signal:
    """The one finding that an import tells of; sent at every update; raises `Malformed`."""
    (found,) = decoded(envelope.detail, _Imported).findings
    over = found.record_state == "ARCHIVED" or found.workflow.status in ("RESOLVED", "SUPPRESSED")
    state = OVER if over else found.severity.label
    about = tuple(each.id for each in found.resources)
    return _finding(envelope, found.id, state, found.updated_at, about)


def _finding(
    envelope: Envelope, id_: str, state: str, updated: str, about: tuple[str, ...]
) -> Signal:
    """*about* are ids and ARNs of resources; those of instances are kept, as words of one text."""
    at = instant(updated)
    # another product's id may be any text
    name = id_ if _ARN.fullmatch(id_) else f"finding-{digest(id_.encode(errors='replace'))[:20]}"
    key = (envelope.source, name, state, at.isoformat())
    ids = (each.rpartition(":instance/")[2] for each in about)
    hosts = " ".join(sorted({each for each in ids if re.fullmatch(INSTANCE_ID, each)}))
    where = {"InstanceId": hosts} if hosts else {}
    return read(envelope, SignalKind.FINDING, key, name, state, at=at, dimensions=where)
