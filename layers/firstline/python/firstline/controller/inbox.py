"""The inbox: signals that joined an incident while it was open."""

import copy

from firstline import episodes
from firstline.classify import classify
from firstline.controller.draft import Draft
from firstline.controller.ingest import take_in
from firstline.errors import Unavailable
from firstline.evidence import AlarmReading, AlarmState
from firstline.ledger import Data, Kind
from firstline.signals import Disposition, Signal

FOLDED_MAX = 80
"""As many as one transaction can remove beside what else it writes (DynamoDB: 100 in all)."""


def fold(draft: Draft, inbox: tuple[Signal, ...]) -> None:
    """Tell each joined signal in one entry; the same commit takes them out of the inbox."""
    signals = inbox[:FOLDED_MAX]
    if not signals:
        return
    draft.folded = tuple(each.key for each in signals)
    draft.unfolded = len(inbox) - len(signals)
    total = draft.incident.signals + len(signals)
    draft.incident = copy.replace(draft.incident, signals=total)
    draft.record(Kind.SIGNAL, {"joined": [_told(draft, each) for each in signals]})


def forward(draft: Draft, inbox: tuple[Signal, ...]) -> None:
    """An incident that ended hears nothing any more: an alarm since then opens anew.

    One from before the end belongs to the episode that is over, if its alarm is OK now (I3, I14).
    """
    for signal in inbox[:FOLDED_MAX]:
        found = classify(signal, draft.system.profile, draft.system.settings.home)
        if found.disposition is Disposition.INCIDENT and not _over(draft, signal):
            take_in(signal, found, draft.system, first=False)
    fold(draft, inbox)


def _over(draft: Draft, signal: Signal) -> bool:
    """Whether *signal* came from before the end and its alarm is OK; unknown is never fine."""
    if draft.incident.ended_at is None or signal.at > draft.incident.ended_at:
        return False
    try:
        alarm = draft.system.ports.fleet.alarm(signal.arn)
    except Unavailable:
        return False
    return isinstance(alarm, AlarmReading) and alarm.state is AlarmState.OK


def _told(draft: Draft, signal: Signal) -> Data:
    home = draft.system.settings.home
    return episodes.told(signal, classify(signal, draft.system.profile, home))
