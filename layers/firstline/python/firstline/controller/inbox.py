"""The inbox: signals and answers that wait for an open incident, and the pages that follow.

Only reconcile decides after ingest has opened an incident. Ingest puts each later signal into the
inbox under its own key and queues a wake; reconcile merges the inbox with one entry that lists
every signal. A storm therefore costs cheap puts and no contention.

One reconcile merges at most 70 signals, the gravest first: the store orders the inbox by the
severity at receipt, and a load reads 100 signals. Next to approvals it merges fewer, so that its
transaction never exceeds DynamoDB's limit of 100 actions.

A signal whose put loses the race with the close is in the inbox of an ended incident. It opens an
incident of its own.
"""

import copy

from firstline.controller import severity_rise
from firstline.controller.deliver_pages import PageFilter, deliver_pending
from firstline.controller.join_incident import ok_alarms
from firstline.controller.open_incident import open_or_join
from firstline.controller.ports.store import InboxSignal, LoadedIncident
from firstline.controller.record_external_event import new_arrival
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.ids import SignalKey
from firstline.incidents import approvals
from firstline.ledger.entries import Lead, SignalsJoined
from firstline.notifications import pages
from firstline.signal import Disposition, Signal
from firstline.signals import episodes
from firstline.signals.classify import Classification, classify

APPROVALS_MAX = 5
MERGED_MAX = 70
"""The most signals of one attempt; fewer next to approvals, which take two actions each."""
RESERVED_ACTIONS_MAX = 20
"""The actions left for the rest of the transaction.

At most four entries of responses, four of observations, a demotion, the decision, and five for the
intent of a fix (its entry, the lease, and three conditions).
"""


def merge_and_page(
    work: IncidentUnitOfWork, loaded: LoadedIncident, choose: PageFilter = pages.due_required_pages
) -> None:
    """Merge the inbox, then try the pages that *choose* selects.

    It is the first step of reconcile, and the only one of the sweep. Commits if a page was tried.
    Raises `CommitConflict` and `DependencyUnavailable`.
    """
    apply_approvals(work, loaded.approvals)
    if not work.incident.ended:
        merge_signals(work, loaded)  # which may raise it, and queue a page
    deliver_pending(work, choose=choose)


def merge_signals(work: IncidentUnitOfWork, loaded: LoadedIncident) -> None:
    """Merge the gravest signals of the inbox into the incident, with one entry.

    The same commit removes them. They may raise the severity, and queue a page. Signals beyond one
    transaction are left to the next wake, which comes at once.
    """
    chosen = _mergeable(work, loaded)
    work.has_more_signals = len(loaded.inbox) > len(chosen)
    if not chosen:
        return
    profile = work.system.profile
    classified = [(each.signal, _classification(work, each.signal)) for each in chosen]
    for signal, classification in classified:
        work.incident = episodes.merge_signal(
            work.incident, signal, classification, profile, work.now
        )
    work.has_input = True
    work.merged_signals = chosen
    received = tuple(
        episodes.signal_received(signal, classification, profile)
        for signal, classification in classified
    )
    lead = Lead(severity=work.incident.severity, condition=work.incident.condition)
    work.append_entry(SignalsJoined(joined=received, leads=lead))
    severity_rise.record_ingest_pages(work)


def _mergeable(work: IncidentUnitOfWork, loaded: LoadedIncident) -> tuple[InboxSignal, ...]:
    """The signals that this transaction can remove next to everything else it writes."""
    entry = 1
    return loaded.inbox[: min(MERGED_MAX, max(work.actions_left - entry - RESERVED_ACTIONS_MAX, 0))]


def apply_approvals(work: IncidentUnitOfWork, answers: tuple[approvals.Approval, ...]) -> None:
    """Apply approvals and denials in order, and withdraw the answered requests."""
    for approval in answers[:APPROVALS_MAX]:
        after = approvals.with_answer(work.incident.proposals, approval)
        counts = after != work.incident.proposals and not work.incident.ended
        work.append_entry(approval.to_ledger(counts=counts))
        work.applied_approvals = (*work.applied_approvals, approval)
        if counts:
            keys = {each.key for each in after if each.approval == approval}
            work.incident = copy.replace(work.incident, proposals=after)
            work.queue_pages(*pages.withdrawal_pages(work.incident, keys, work.now))
    work.has_input = work.has_input or bool(answers)


def reopen_later_signals(work: IncidentUnitOfWork, loaded: LoadedIncident) -> None:
    """Open a new incident for each alarm since the end of this one.

    A signal from before the end belongs to the ended episode if its alarm is OK now (I3, I14).
    """
    signals = tuple(each.signal for each in _mergeable(work, loaded))
    recovered = _recovered_keys(work, signals)
    for signal in signals:
        classification = _classification(work, signal)
        if classification.disposition is Disposition.INCIDENT and signal.key not in recovered:
            open_or_join(new_arrival(signal, classification, work.system, first=False), work.system)
    merge_signals(work, loaded)


def _recovered_keys(work: IncidentUnitOfWork, signals: tuple[Signal, ...]) -> frozenset[SignalKey]:
    """The signals from before the end whose alarm is OK now; unknown is not OK."""
    ended_at = work.incident.ended_at
    early = [each for each in signals if ended_at is not None and each.at <= ended_at]
    arns = tuple(dict.fromkeys(each.arn for each in early))
    ok_arns = ok_alarms(arns, work.system) if arns else frozenset()
    return frozenset(each.key for each in early if each.arn in ok_arns)


def _classification(work: IncidentUnitOfWork, signal: Signal) -> Classification:
    return classify(signal, work.system.profile, work.system.settings.home)
