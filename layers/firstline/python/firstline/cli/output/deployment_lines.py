"""What the commands about a deployment say as JSON; see `firstline.cli.output.lines.lines`."""

import msgspec


class DrillDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a drill, once; ``plan`` is its fix, ``denied`` the guards that denied it."""

    step: str
    rule: str
    why: str
    plan: str | None
    denied: tuple[str, ...]


class DrillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A drill; nulls for what did not come. Times are since the alarm's own instant.

    ``channel`` is where its severity is sent, null where that is not sent at once.
    ``mode`` is the deployment's; one that is ``observed`` is to be decided on in observe anyway.
    """

    alarm: str
    mode: str
    observed: bool
    incident: str | None
    severity: str | None
    condition: str | None
    target_seconds: int
    heard_after_seconds: int | None
    channel: str | None
    told_after_seconds: int | None
    decided_after_seconds: int | None
    decisions: tuple[DrillDecision, ...]
    outcome: str | None
    ended_after_seconds: int | None
    holds: bool
    why: str


class DoctorLine(msgspec.Struct, frozen=True, kw_only=True):
    """One finding; ``severity`` is ``critical`` (a P1 may go unheard), ``warning`` or ``note``."""

    check: str
    severity: str
    subject: str
    what: str
    consequence: str
    remedy: str
