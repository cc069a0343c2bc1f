"""Pauses: fixes that people stopped for a while. Paging, looking and closing go on.

The kill switch is the pause of everything. Pauses stand in one item with the chain of its own
that records each change, and with the pages that tell of them until PagerDuty took those.
"""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.config.channels import PAGER
from firstline.ids import IncidentId, digest
from firstline.incidents import resolve_delay as resolving
from firstline.incidents.incident import Incident, Page
from firstline.ledger.chain import Chain, Entry, Provenance, append
from firstline.ledger.entries import LedgerEvent, PauseChanged
from firstline.signal import Condition, Severity
from firstline.signals.drill_marker import Announced

EVERYTHING = "everything"
CHAIN = IncidentId("control")
"""The ledger's name for the chain of these changes."""
PAUSE_MAX = timedelta(days=7)
"""Whoever wants no fixes for longer deploys in mode ``observe``."""
PAUSES_MAX = 50
"""As many as one small item holds."""
PAGES_KEPT = 20


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """``scope`` is everything, a condition, or one incident; ``by`` the ARN of who paused it."""

    scope: str
    why: str
    by: str
    at: datetime
    until: datetime

    @property
    def key(self) -> str:
        """The key of the alert that stands open as long as the pause does."""
        return f"pause-{digest(f'{self.scope}|{self.at.isoformat()}'.encode())[:20]}"


class KillSwitch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All pauses; ``version`` is the one that was read. One that is ``unreadable`` is on.

    ``drills`` are those that an operator announced.
    """

    version: int = 0
    pauses: tuple[Pause, ...]
    drills: tuple[Announced, ...] = ()
    pages: tuple[Page, ...] = ()
    chain: Chain = Chain()
    unreadable: str = ""

    def stops(self, condition: Condition, incident: IncidentId, now: datetime) -> Pause | None:
        """The pause that keeps fixes from *incident* now: of several the longest."""
        scopes = {EVERYTHING, condition.value, incident}
        held = [each for each in self.pauses if each.scope in scopes and now < each.until]
        return max(held, key=lambda each: each.until, default=None)

    def only_observes(self, incident: Incident, now: datetime) -> bool:
        """Whether *incident* is of a drill that was announced, and of its one alarm alone."""
        return any(
            each.word == incident.drill and (each.alarm,) == incident.alarms and now < each.until
            for each in self.drills
        )

    def overdue(self, now: datetime) -> tuple[Pause, ...]:
        """Pauses whose time is over, and of which this was not told yet."""
        return tuple(each for each in self.pauses if each.until <= now)


OFF = KillSwitch(pauses=())
"""No pause: what it is before anybody ever turned it."""


class Changed(msgspec.Struct, frozen=True):
    """The switch after a change, and the entry that records it."""

    switch: KillSwitch
    entry: Entry


def paused(switch: KillSwitch, pause: Pause, by: Provenance) -> Changed:
    """With *pause*, in place of an earlier one of its scope; an alert opens.

    One of the same instant has the same alert: a resolve before the trigger would notify again.
    """
    before = [each for each in switch.pauses if each.scope == pause.scope]
    others = tuple(each for each in switch.pauses if each.scope != pause.scope)
    over = (_resolve(each, pause.at) for each in before if each.key != pause.key)
    pages = (*over, _trigger(pause))
    pages = resolving.held_back((*switch.pages, *pages))
    after = copy.replace(switch, pauses=(*others, pause), pages=pages)
    until = pause.until.replace(microsecond=0)
    event = PauseChanged(
        change="paused", scope=pause.scope, why=pause.why, by=pause.by, until=until
    )
    return noted(after, event, pause.at, by)


def announced(switch: KillSwitch, drill: Announced, by: Provenance) -> Changed:
    """With *drill*, and without those whose time is over."""
    ahead = tuple(each for each in switch.drills if drill.at < each.until)
    after = copy.replace(switch, drills=(*ahead, drill))
    return noted(after, drill.to_ledger(), drill.at, by)


def resumed(
    switch: KillSwitch, over: Pause, change: PauseChanged, now: datetime, by: Provenance
) -> Changed:
    """Without *over*, whose alert is resolved; *change* says who ended it, and why."""
    left = tuple(each for each in switch.pauses if each != over)
    pages = resolving.held_back((*switch.pages, _resolve(over, now)))
    after = copy.replace(switch, pauses=left, pages=pages)
    return noted(after, copy.replace(change, scope=over.scope), now, by)


def noted(switch: KillSwitch, event: LedgerEvent, now: datetime, by: Provenance) -> Changed:
    """*switch* with one more entry in its chain, which holds what people turned by hand."""
    sent = [each for each in switch.pages if each.sent_at is not None]
    kept = tuple(each for each in switch.pages if each not in sent[:-PAGES_KEPT])
    chain, entry = append(switch.chain, CHAIN, event.kind, now, by, event.to_ledger())
    return Changed(copy.replace(switch, pages=kept, chain=chain), entry)


def _trigger(pause: Pause) -> Page:
    until = pause.until.isoformat(timespec="seconds")
    return Page(
        channel=PAGER,
        key=pause.key,
        action="trigger",
        severity=Severity.P3,
        summary=f"firstline: fixes of {pause.scope} are paused until {until}",
        details={"scope": pause.scope, "why": pause.why, "by": pause.by, "until": until},
        owed_at=pause.at,
        due_at=pause.at,
    )


def _resolve(pause: Pause, now: datetime) -> Page:
    return Page(
        channel=PAGER,
        key=pause.key,
        action="resolve",
        severity=Severity.P3,
        summary="",
        owed_at=now,
        due_at=now,
    )
