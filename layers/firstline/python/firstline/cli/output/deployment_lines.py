"""JSON documents of the commands that reach a deployment."""

import msgspec


class DrillDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A distinct decision of a drill.

    ``plan`` is the fix that it planned, null for none; ``denied`` lists the guards that denied the
    plan.
    """

    step: str
    rule: str
    why: str
    plan: str | None
    denied: tuple[str, ...]


class DrillLine(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a drill.

    Times count from the alarm's state change; null means that it did not happen. ``channel`` is the
    channel that the severity is routed to; null where it is not sent at once. ``mode`` is the
    deployment's mode. ``dry_run`` is true if the drill must run in mode dry-run whatever the
    deployment's mode is. ``received_after_seconds`` is when the signal was received,
    ``notified_after_seconds`` when the page was delivered, ``decided_after_seconds`` when the first
    decision was recorded, and ``ended_after_seconds`` when the incident ended. ``holds`` is true if
    every expectation was met; ``why`` names the ones that were not.
    """

    alarm: str
    mode: str
    dry_run: bool
    incident: str | None
    severity: str | None
    condition: str | None
    target_seconds: int
    received_after_seconds: int | None
    channel: str | None
    notified_after_seconds: int | None
    decided_after_seconds: int | None
    decisions: tuple[DrillDecision, ...]
    outcome: str | None
    ended_after_seconds: int | None
    holds: bool
    why: str


class DoctorLine(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of doctor.

    ``severity`` is ``critical`` (a P1 may go unnoticed), ``warning`` or ``note``. ``what`` is the
    fault of ``subject``, ``consequence`` its effect, and ``remedy`` the change that removes it.
    """

    check: str
    severity: str
    subject: str
    what: str
    consequence: str
    remedy: str
