"""The fixes of an incident, each from its intent to its verdict, with the vaults that it locked."""

import copy
from datetime import datetime

import msgspec

from firstline.actions.catalogue import ACTIONS
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ids import InstanceId
from firstline.ledger.entries import FixIntended, FixReported, FixVerified, HostsInspected
from firstline.ledger.export import DecodedEntry
from firstline.reporting.judged_fix import JudgedFix
from firstline.reporting.postmortem.formatting import group
from firstline.reporting.postmortem.record import Record

NOT_SENT_OUTCOMES = frozenset({"not-sent", "refused"})
KEEPS_ENCLAVE = frozenset(name for name, each in ACTIONS.items() if each.keeps_enclave)
"""Actions that leave the enclave running, and with it the keys of unlocked vaults."""


class Fix(JudgedFix, frozen=True, kw_only=True):
    """One fix. ``vaults`` are the last known vault processes of its hosts; None where unknown."""

    entry: int
    intended_at: datetime
    answered_at: datetime | None = None
    judged_at: datetime | None = None
    vaults: dict[InstanceId, int | None] = msgspec.field(default_factory=dict)

    @property
    def sent(self) -> bool:
        """True if it may have changed anything."""
        return self.outcome not in NOT_SENT_OUTCOMES


def fixes(record: Record) -> tuple[Fix, ...]:
    """Each intended fix, in the order of time."""
    by_token: dict[str, Fix] = {}
    vaults: dict[InstanceId, int | None] = {}
    for entry in record:
        match entry.event:
            case HostsInspected(hosts=reports):
                vaults |= {host: _vaults(report) for host, report in reports.items()}
            case FixIntended() as intent:
                by_token[intent.token] = _intended(entry, intent, vaults)
            case FixReported(token=token, outcome=outcome) if token in by_token:
                # a sent command is no answer
                answered_at = None if outcome == "sent" else entry.at
                fix = by_token[token]
                by_token[token] = copy.replace(fix, outcome=outcome, answered_at=answered_at)
            case FixVerified(token=token, helped=helped) if token in by_token:
                by_token[token] = copy.replace(by_token[token], judged_at=entry.at, helped=helped)
            case _:
                pass
    return tuple(by_token.values())


def by_action(fixed: tuple[Fix, ...], *, helped: bool) -> dict[str, list[str]]:
    """The targets of the sent fixes with this verdict, by action.

    An action that takes back a fix of firstline does not count as helped.
    """
    judged = (each for each in fixed if each.sent and each.helped is helped)
    return group((each.action, each.target) for each in judged if not helped or each.repaired)


def _vaults(report: HostReport | Unknown) -> int | None:
    return report.vault_processes if isinstance(report, HostReport) else None


def _intended(
    entry: DecodedEntry, intent: FixIntended, vaults: dict[InstanceId, int | None]
) -> Fix:
    locked = () if intent.action in KEEPS_ENCLAVE else intent.hosts
    return Fix(
        action=intent.action,
        target=", ".join(intent.targets),
        entry=entry.entry.sequence,
        intended_at=entry.at,
        vaults={each: vaults.get(each) for each in locked},
    )
