"""Security findings: GuardDuty's own, and Security Hub's of any product.

Shapes: GuardDuty user guide, "findings in EventBridge" and "severity levels"; Security Hub user
guide, "event formats". Security Hub names GuardDuty's finding by the same ARN, so both are one
subject. Titles, descriptions and types are not read.
"""

import re
from typing import Annotated, Literal

import msgspec

from firstline.ids import digest
from firstline.signals import Signal, SignalKind
from firstline.sources.eventbridge import Envelope, decoded, instant, read

GUARDDUTY, GUARDDUTY_FINDING = "aws.guardduty", "GuardDuty Finding"
HUB, HUB_IMPORTED = "aws.securityhub", "Security Hub Findings - Imported"
OVER = "OVER"
"""The state of a finding that was archived, suppressed or resolved."""
_LEVELS = ((9, "CRITICAL"), (7, "HIGH"), (4, "MEDIUM"))
_ARN = re.compile(r"arn:aws:[\w:/.+-]{1,500}", re.ASCII)


class _Service(msgspec.Struct, frozen=True):
    archived: bool = False


class _GuardDuty(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    arn: str
    severity: Annotated[float, msgspec.Meta(ge=0, le=10)]
    updated_at: str
    service: _Service = _Service()


class _Severity(msgspec.Struct, frozen=True, rename="pascal"):
    label: Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]


class _Workflow(msgspec.Struct, frozen=True, rename="pascal"):
    status: str = "NEW"


class _HubFinding(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    id: str
    severity: _Severity
    updated_at: str
    record_state: str = "ACTIVE"
    workflow: _Workflow = _Workflow()


class _Imported(msgspec.Struct, frozen=True):
    findings: Annotated[tuple[_HubFinding, ...], msgspec.Meta(min_length=1, max_length=1)]


def guardduty(envelope: Envelope) -> Signal:
    """A finding; its state is the name of its severity; raises `Malformed`."""
    found = decoded(envelope.detail, _GuardDuty)
    level = next((name for least, name in _LEVELS if found.severity >= least), "LOW")
    return _finding(
        envelope, found.arn, OVER if found.service.archived else level, found.updated_at
    )


def hub(envelope: Envelope) -> Signal:
    """The one finding that an import tells of; sent at every update; raises `Malformed`."""
    (found,) = decoded(envelope.detail, _Imported).findings
    over = found.record_state == "ARCHIVED" or found.workflow.status in ("RESOLVED", "SUPPRESSED")
    return _finding(envelope, found.id, OVER if over else found.severity.label, found.updated_at)


def _finding(envelope: Envelope, id_: str, state: str, updated: str) -> Signal:
    at = instant(updated)
    # another product's id may be any text
    name = id_ if _ARN.fullmatch(id_) else f"finding-{digest(id_.encode(errors='replace'))[:20]}"
    key = (envelope.source, name, state, at.isoformat())
    return read(envelope, SignalKind.FINDING, key, name, state, at=at)
