"""The fixes of an incident: each from its intent to its verdict, and whose vaults it locked."""

import copy
from datetime import datetime

import msgspec

from firstline.actions.catalogue import ACTIONS
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ids import InstanceId
from firstline.ledger.entries import FixIntended, FixReported, FixVerified, HostsInspected
from firstline.ledger.export import DecodedEntry
from firstline.reporting.judged_fix import JudgedFix
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.words import grouped

UNDONE = frozenset({"not-sent", "refused"})
KEEPS_VAULTS = frozenset(name for name, each in ACTIONS.items() if each.keeps_enclave)
"""A vault's keys live in the enclave: what leaves that running locks nobody out."""


class Fix(JudgedFix, frozen=True, kw_only=True):
    """One fix. ``vaults`` are the vault processes that ran on its hosts when last looked at.

    None of a host that said nothing of them.
    """

    entry: int
    intended_at: datetime
    answered_at: datetime | None = None
    judged_at: datetime | None = None
    vaults: dict[InstanceId, int | None] = msgspec.field(default_factory=dict)

    @property
    def sent(self) -> bool:
        """Whether it may have touched anything."""
        return self.outcome not in UNDONE


def fixes(record: Record) -> tuple[Fix, ...]:
    """Each fix that was intended, in the order of time."""
    found: dict[str, Fix] = {}
    vaults: dict[InstanceId, int | None] = {}
    for entry in record:
        match entry.event:
            case HostsInspected(hosts=reports):
                vaults |= {host: _vaults(report) for host, report in reports.items()}
            case FixIntended() as intent:
                found[intent.token] = _intended(entry, intent, vaults)
            case FixReported(token=token, outcome=outcome) if token in found:
                # that a command was sent is no answer
                answered_at = None if outcome == "sent" else entry.at
                fix = found[token]
                found[token] = copy.replace(fix, outcome=outcome, answered_at=answered_at)
            case FixVerified(token=token, helped=helped) if token in found:
                found[token] = copy.replace(found[token], judged_at=entry.at, helped=helped)
            case _:
                pass
    return tuple(found.values())


def by_action(fixed: tuple[Fix, ...], *, helped: bool) -> dict[str, list[str]]:
    """The targets of the fixes that were sent and had this verdict, by their action.

    What takes back a fix of ours is none that helped.
    """
    judged = (each for each in fixed if each.sent and each.helped is helped)
    return grouped((each.action, each.target) for each in judged if not helped or each.repaired)


def _vaults(report: HostReport | Unknown) -> int | None:
    return report.vault_processes if isinstance(report, HostReport) else None


def _intended(
    entry: DecodedEntry, intent: FixIntended, vaults: dict[InstanceId, int | None]
) -> Fix:
    locked = () if intent.action in KEEPS_VAULTS else intent.hosts
    return Fix(
        action=intent.action,
        target=", ".join(intent.targets),
        entry=entry.entry.sequence,
        intended_at=entry.at,
        vaults={each: vaults.get(each) for each in locked},
    )
