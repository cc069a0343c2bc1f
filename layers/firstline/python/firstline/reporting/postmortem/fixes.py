"""The fixes of an incident: each from its intent to its verdict, and whose vaults it locked."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from firstline.actions.restart_parent import RESTART_PARENT
from firstline.actions.scale_out import SCALE_OUT
from firstline.diagnosis.evidence import HostReport
from firstline.ids import InstanceId
from firstline.ledger.entries import FixIntended, FixReported, FixVerified, HostsInspected
from firstline.reporting.postmortem.record import Record

NOT_SENT = "not-sent"
KEEPS_VAULTS = frozenset({RESTART_PARENT.name, SCALE_OUT.name, "cancel_refresh"})
"""A vault's keys live in the enclave: what leaves that running locks nobody out."""


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """One fix. ``vaults`` are the vault processes that ran on its hosts when last looked at.

    None of a host that said nothing of them.
    """

    action: str
    target: str
    entry: int
    token: str
    intended_at: datetime
    answered_at: datetime | None = None
    outcome: str = ""
    judged_at: datetime | None = None
    helped: bool | None = None
    vaults: dict[InstanceId, int | None] = {}

    @property
    def sent(self) -> bool:
        """Whether it may have touched anything."""
        return self.outcome != NOT_SENT


def fixes(record: Record) -> tuple[Fix, ...]:
    """Each fix that was intended, in the order of time."""
    return tuple(_fixes(record))


def by_action(fixed: tuple[Fix, ...], *, helped: bool) -> dict[str, list[str]]:
    """The targets of the fixes that were sent and had this verdict, by their action."""
    found: dict[str, list[str]] = {}
    for each in fixed:
        if each.sent and each.helped is helped:
            found.setdefault(each.action, []).append(each.target)
    return found


def _fixes(record: Record) -> Iterator[Fix]:
    vaults: dict[InstanceId, int | None] = {}
    for entry in record:
        event = entry.event
        if isinstance(event, HostsInspected):
            for host, report in event.hosts.items():
                vaults[host] = report.vault_processes if isinstance(report, HostReport) else None
        if isinstance(event, FixIntended):
            yield _fix(record, event, entry.entry.sequence, entry.at, vaults)


def _fix(
    record: Record,
    intent: FixIntended,
    sequence: int,
    at: datetime,
    vaults: dict[InstanceId, int | None],
) -> Fix:
    answered_at, outcome = _answer(record, intent.token)
    judged_at, helped = _verdict(record, intent.token)
    locks = intent.action not in KEEPS_VAULTS
    return Fix(
        action=intent.action,
        target=", ".join(intent.targets),
        entry=sequence,
        token=intent.token,
        intended_at=at,
        answered_at=answered_at,
        outcome=outcome,
        judged_at=judged_at,
        helped=helped,
        vaults={each: vaults.get(each) for each in intent.hosts} if locks else {},
    )


def _answer(record: Record, token: str) -> tuple[datetime | None, str]:
    """The last word of the tool; that a command was sent is no answer."""
    found: tuple[datetime | None, str] = (None, "")
    for each in record:
        if isinstance(each.event, FixReported) and each.event.token == token:
            sent = each.event.outcome == "sent"
            found = (None if sent else each.at, each.event.outcome)
    return found


def _verdict(record: Record, token: str) -> tuple[datetime | None, bool | None]:
    judged = (
        (each.at, each.event.helped)
        for each in record
        if isinstance(each.event, FixVerified) and each.event.token == token
    )
    return next(judged, (None, None))
