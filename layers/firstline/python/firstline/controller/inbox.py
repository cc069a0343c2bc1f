"""The inbox: signals that joined an incident while it was open, and the pages that follow."""

import copy

from firstline.controller import rising
from firstline.controller.deliver_pages import Choice, settle
from firstline.controller.join_incident import clear
from firstline.controller.open_incident import take_in
from firstline.controller.ports.store import Joined, Loaded
from firstline.controller.record_external_event import arrived
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.ids import SignalKey
from firstline.incidents import approvals
from firstline.ledger.entries import Lead, SignalsJoined
from firstline.notifications import pages as paging
from firstline.signal import Disposition, Signal
from firstline.signals import episodes
from firstline.signals.classify import Classification, classify

APPROVALS_MAX = 5
FOLDED_MAX = 70
"""As many as one turn takes in; fewer beside answers of people, which take two actions each."""
REST_MAX = 20
"""As many actions are left to what else the turn writes: at most four entries of responses, four
of what is learnt of hosts and a fix, a demotion, the decision, and five for the intent of a fix
(its entry, the lease, and three conditions)."""


def page_first(
    draft: IncidentUnitOfWork, loaded: Loaded, choose: Choice = paging.due_to_people
) -> None:
    """Take in what waits for the incident, then try the pages that *choose* gives.

    Reconcile begins with it, and the sweep does no more. Where a page was tried all of it is
    committed. Raises `CommitConflict` and `DependencyUnavailable`.
    """
    take_approvals(draft, loaded.approvals)
    if not draft.incident.ended:
        fold(draft, loaded)  # which may raise it, and owe a page
    settle(draft, choose=choose)


def fold(draft: IncidentUnitOfWork, loaded: Loaded) -> None:
    """Take in the gravest signals of the inbox, and tell them in one entry.

    The same commit removes them. They may raise the incident, and with it a page that is owed
    from now on. What one transaction does not hold is left to the next turn, which comes at once.
    """
    chosen = _chosen(draft, loaded)
    draft.unfolded = len(loaded.inbox) > len(chosen)
    if not chosen:
        return
    profile = draft.system.profile
    found = [(each.signal, _found(draft, each.signal)) for each in chosen]
    for signal, meant in found:
        draft.incident = episodes.merge_signal(draft.incident, signal, meant, profile, draft.now)
    draft.heard = True
    draft.folded = chosen
    joined = tuple(episodes.signal_received(signal, meant, profile) for signal, meant in found)
    lead = Lead(severity=draft.incident.severity, condition=draft.incident.condition)
    draft.record(SignalsJoined(joined=joined, leads=lead))
    rising.mark_sent(draft)


def _chosen(draft: IncidentUnitOfWork, loaded: Loaded) -> tuple[Joined, ...]:
    """As many as the transaction of this turn can remove beside what else it writes."""
    entry = 1
    return loaded.inbox[: min(FOLDED_MAX, max(draft.room - entry - REST_MAX, 0))]


def take_approvals(draft: IncidentUnitOfWork, said: tuple[approvals.Approval, ...]) -> None:
    """Take in what people said to proposals, in order; what was asked of them is answered."""
    for approval in said[:APPROVALS_MAX]:
        after = approvals.with_answer(draft.incident.proposals, approval)
        counts = after != draft.incident.proposals and not draft.incident.ended
        draft.record(approval.to_ledger(counts=counts))
        draft.taken = (*draft.taken, approval)
        if counts:
            keys = {each.key for each in after if each.approval == approval}
            draft.incident = copy.replace(draft.incident, proposals=after)
            draft.owe(*paging.withdrawn(draft.incident, keys, draft.now))
    draft.heard = draft.heard or bool(said)


def forward(draft: IncidentUnitOfWork, loaded: Loaded) -> None:
    """An incident that ended hears nothing any more: an alarm since then opens anew.

    One from before the end belongs to the episode that is over, if its alarm is OK now (I3, I14).
    """
    signals = tuple(each.signal for each in _chosen(draft, loaded))
    over = _over(draft, signals)
    for signal in signals:
        found = _found(draft, signal)
        if found.disposition is Disposition.INCIDENT and signal.key not in over:
            take_in(arrived(signal, found, draft.system, first=False), draft.system)
    fold(draft, loaded)


def _over(draft: IncidentUnitOfWork, signals: tuple[Signal, ...]) -> frozenset[SignalKey]:
    """Those from before the end whose alarm is OK now; unknown is never fine."""
    ended_at = draft.incident.ended_at
    early = [each for each in signals if ended_at is not None and each.at <= ended_at]
    arns = tuple(dict.fromkeys(each.arn for each in early))
    well = clear(arns, draft.system) if arns else frozenset()
    return frozenset(each.key for each in early if each.arn in well)


def _found(draft: IncidentUnitOfWork, signal: Signal) -> Classification:
    return classify(signal, draft.system.profile, draft.system.settings.home)
