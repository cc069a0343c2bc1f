"""The kill switch: pauses of fixes. Paging, looking and closing go on.

The kill switch is the pause of everything. Pauses are in one item, with a chain of their own that
records each change, and with their pages until PagerDuty has accepted them.

The switch is off while its item does not exist. An item that cannot be read or parsed is on. The
mode ``dry-run`` is the default that keeps a new deployment from acting. Each pause opens an alert
that its end resolves; the sweep ends expired ones. Pauses share only the caller's ARN with
``incidents/approvals.py``, so they have a module of their own.
"""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.config.channels import PAGER
from firstline.ids import IncidentId, digest
from firstline.incidents import resolve_delay
from firstline.incidents.incident import Incident, Page
from firstline.ledger.chain import Chain, Entry, Provenance, append
from firstline.ledger.entries import LedgerEvent, PauseChanged
from firstline.signal import Condition, Severity
from firstline.signals.drill_marker import AnnouncedDrill

EVERYTHING = "everything"
CHAIN = IncidentId("control")
"""The id of the chain of these changes."""
PAUSE_DURATION_MAX = timedelta(days=7)
"""To stop fixes for longer, deploy in mode ``dry-run``."""
PAUSES_MAX = 50
"""Pauses at a time, so that the item stays small."""
SENT_PAGES_MAX = 20


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """``scope`` is everything, a condition, or one incident; ``by`` is the operator's ARN."""

    scope: str
    why: str
    by: str
    at: datetime
    until: datetime

    @property
    def key(self) -> str:
        """The key of the alert that is open as long as the pause."""
        return f"pause-{digest(f'{self.scope}|{self.at.isoformat()}'.encode())[:20]}"


class KillSwitch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All pauses; ``version`` is the one that was read. An ``unreadable`` switch blocks all fixes.

    ``drills`` are the announced drills.
    """

    version: int = 0
    pauses: tuple[Pause, ...]
    drills: tuple[AnnouncedDrill, ...] = ()
    pages: tuple[Page, ...] = ()
    chain: Chain = Chain()
    unreadable: str = ""

    def active_pause(
        self, condition: Condition, incident: IncidentId, now: datetime
    ) -> Pause | None:
        """The pause that blocks fixes of *incident* now: of several the longest."""
        scopes = {EVERYTHING, condition.value, incident}
        active = [each for each in self.pauses if each.scope in scopes and now < each.until]
        return max(active, key=lambda each: each.until, default=None)

    def is_dry_run_drill(self, incident: Incident, now: datetime) -> bool:
        """True if *incident* is of an announced drill, and of its one alarm alone."""
        return any(
            each.marker == incident.drill and (each.alarm,) == incident.alarms and now < each.until
            for each in self.drills
        )

    def expired_pauses(self, now: datetime) -> tuple[Pause, ...]:
        """Expired pauses whose end is not recorded yet."""
        return tuple(each for each in self.pauses if each.until <= now)


OFF = KillSwitch(pauses=())
"""No pause: the initial state."""


class SwitchChange(msgspec.Struct, frozen=True):
    """The switch after a change, and the entry that records it."""

    switch: KillSwitch
    entry: Entry


def add_pause(switch: KillSwitch, pause: Pause, by: Provenance) -> SwitchChange:
    """Add *pause*, in place of an earlier one of its scope; an alert opens.

    A pause of the same instant has the same alert: a resolve before its trigger would notify
    again.
    """
    before = [each for each in switch.pauses if each.scope == pause.scope]
    others = tuple(each for each in switch.pauses if each.scope != pause.scope)
    over = (_resolve_page(each, pause.at) for each in before if each.key != pause.key)
    pages = (*over, _trigger_page(pause))
    pages = resolve_delay.delay_resolves((*switch.pages, *pages))
    after = copy.replace(switch, pauses=(*others, pause), pages=pages)
    until = pause.until.replace(microsecond=0)
    event = PauseChanged(
        change="paused", scope=pause.scope, why=pause.why, by=pause.by, until=until
    )
    return record_change(after, event, pause.at, by)


def add_drill(switch: KillSwitch, drill: AnnouncedDrill, by: Provenance) -> SwitchChange:
    """Add *drill*, and drop expired ones."""
    ahead = tuple(each for each in switch.drills if drill.at < each.until)
    after = copy.replace(switch, drills=(*ahead, drill))
    return record_change(after, drill.to_ledger(), drill.at, by)


def remove_pause(
    switch: KillSwitch, over: Pause, change: PauseChanged, now: datetime, by: Provenance
) -> SwitchChange:
    """Remove *over*, and resolve its alert; *change* has the operator and the reason."""
    left = tuple(each for each in switch.pauses if each != over)
    pages = resolve_delay.delay_resolves((*switch.pages, _resolve_page(over, now)))
    after = copy.replace(switch, pauses=left, pages=pages)
    return record_change(after, copy.replace(change, scope=over.scope), now, by)


def record_change(
    switch: KillSwitch, event: LedgerEvent, now: datetime, by: Provenance
) -> SwitchChange:
    """*switch* with one more entry in its chain."""
    sent = [each for each in switch.pages if each.sent_at is not None]
    kept = tuple(each for each in switch.pages if each not in sent[:-SENT_PAGES_MAX])
    chain, entry = append(switch.chain, CHAIN, event.kind, now, by, event.to_ledger())
    return SwitchChange(copy.replace(switch, pages=kept, chain=chain), entry)


def _trigger_page(pause: Pause) -> Page:
    until = pause.until.isoformat(timespec="seconds")
    return Page(
        channel=PAGER,
        key=pause.key,
        action="trigger",
        severity=Severity.P3,
        summary=f"firstline: fixes of {pause.scope} are paused until {until}",
        details={"scope": pause.scope, "why": pause.why, "by": pause.by, "until": until},
        queued_at=pause.at,
        due_at=pause.at,
    )


def _resolve_page(pause: Pause, now: datetime) -> Page:
    return Page(
        channel=PAGER,
        key=pause.key,
        action="resolve",
        severity=Severity.P3,
        summary="",
        queued_at=now,
        due_at=now,
    )
