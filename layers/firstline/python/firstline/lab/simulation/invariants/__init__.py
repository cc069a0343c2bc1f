"""Invariants: what must hold of a run, by number, read from the ledger and the world alone.

A checker yields one line for each violation.
"""

from collections.abc import Callable, Iterator

from firstline.lab.simulation.invariants import (
    bounded_waits,
    demotion,
    departures,
    fixes,
    ledger,
    paging,
    quiet_window,
    stop_conditions,
    unannounced,
    unknown_facts,
    unreadable,
    updates,
)
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.run_result import RunResult

type Checker = Callable[[RunResult], Iterator[str]]

CHECKERS: dict[str, Checker] = {
    "I1": paging.paged_in_time,
    "I1 (heard)": paging.every_event_is_processed,
    "I1 (joined)": unreadable.joining_p1_is_paged,
    "I2": paging.notified_once,
    "I3": paging.late_signals_open_nothing,
    "I4": paging.resolved_after_verification,
    "I4 (hosts)": paging.closed_when_all_serve,
    "I5": paging.nothing_stops_a_page,
    "I6": paging.unclassified_events_page,
    "I7": paging.unsent_pages_raise_an_alarm,
    "I7 (unreadable)": unreadable.unreadable_incidents_page,
    "I8": fixes.intended_before_sent,
    "I9": fixes.sent_once,
    "I9 (lost)": fixes.not_sent_is_true,
    "I9 (done)": fixes.done_is_true,
    "I10": fixes.fixes_do_not_overlap,
    "I11": fixes.few_serving_hosts_are_touched,
    "I12": fixes.no_healthy_host_is_fixed,
    "I13": fixes.targets_belong_to_the_group,
    "I14": fixes.fixes_need_a_firing_alarm,
    "I15": stop_conditions.pauses_stop_fixes,
    "I16": fixes.missing_data_permits_no_fix,
    "I17": stop_conditions.suppressed_alarms_stop_fixes,
    "I17 (muted)": stop_conditions.muted_alarms_stop_fixes,
    "I18": stop_conditions.issues_stop_fixes,
    "I18 (calendar)": stop_conditions.calendars_stop_fixes,
    "I19": fixes.refreshes_keep_the_floor,
    "I20": fixes.attempts_are_bounded,
    "I20 (counted)": demotion.failures_demote,
    "I20 (demoted)": demotion.demoted_actions_need_approval,
    "I21": stop_conditions.storms_open_one_incident,
    "I22": stop_conditions.suspect_hosts_are_kept,
    "I23": fixes.verified_is_true,
    "I23 (left)": departures.departures_get_no_verdict,
    "I24": ledger.every_incident_ends,
    "I25": ledger.chains_verify,
    "I26": ledger.decisions_precede_fixes,
    "I26 (again)": ledger.decisions_are_reproducible,
    "I27": ledger.no_personal_data_leaks,
    "I28": ledger.foreign_events_are_rejected,
    "I29": ledger.clock_skew_changes_nothing,
    "I30": ledger.one_signal_per_transition,
    "I31": stop_conditions.own_actions_open_nothing,
    "I32": unknown_facts.unsaved_vaults_are_kept,
    "I33": unknown_facts.changing_units_are_not_restarted,
    "I34": unknown_facts.approved_fixes_follow_an_inspection,
    "I35": stop_conditions.denied_plans_are_not_intended,
    "I36": quiet_window.one_alert_per_incident,
    "I36 (short)": quiet_window.short_groups_page,
    "I37": bounded_waits.waits_are_bounded,
    "I38": updates.first_decision_in_time,
    "I38 (turns)": updates.updates_do_not_repeat,
    "I39": unannounced.every_p1_has_an_incident,
    "I39 (again)": unannounced.nothing_is_reopened,
    "I39 (muted)": unannounced.muted_alarms_open_nothing,
}
"""By the numbers of the design; a word in parentheses distinguishes two checkers of one
invariant."""


def violations(run: Run) -> list[str]:
    """Return every violation, with the invariant's number before it."""
    result = RunResult(run)
    return [f"{name}: {line}" for name, check in CHECKERS.items() for line in check(result)]
