"""Invariants: what must hold of a run, each by its number, read from ledger and world alone.

A checker gives a line for each place where its invariant does not hold.
"""

from collections.abc import Callable, Iterator

from firstline.lab.simulation.invariants import (
    acting,
    departures,
    informing,
    knowledge,
    paging,
    quiet,
    record,
    surroundings,
    trust,
    unannounced,
    unreadable,
    waiting,
)
from firstline.lab.simulation.left import Left
from firstline.lab.simulation.run import Run

type Checker = Callable[[Left], Iterator[str]]

CHECKERS: dict[str, Checker] = {
    "I1": paging.paged_in_time,
    "I1 (heard)": paging.everything_is_heard,
    "I1 (joined)": unreadable.a_p1_that_joins_is_paged,
    "I2": paging.notified_once,
    "I3": paging.nothing_late_opens_anew,
    "I4": paging.resolved_after_verification,
    "I4 (hosts)": paging.closed_when_all_serve,
    "I5": paging.nothing_stops_a_page,
    "I6": paging.nothing_unknown_is_silent,
    "I7": paging.deafness_is_told,
    "I7 (unreadable)": unreadable.the_unreadable_is_a_persons,
    "I8": acting.intended_before_sent,
    "I9": acting.sent_once,
    "I9 (lost)": acting.not_sent_is_not_sent,
    "I9 (done)": acting.done_is_done,
    "I10": acting.one_at_a_time,
    "I11": acting.the_living_are_few,
    "I12": acting.nothing_healthy_is_touched,
    "I13": acting.targets_are_of_the_group,
    "I14": acting.fixed_while_it_fires,
    "I15": surroundings.nothing_is_fixed_in_a_pause,
    "I16": acting.silence_licenses_nothing,
    "I17": surroundings.what_is_suppressed_is_left_alone,
    "I17 (muted)": surroundings.what_is_muted_is_left_alone,
    "I18": surroundings.issues_stop_fixes,
    "I18 (calendar)": surroundings.calendars_stop_fixes,
    "I19": acting.refreshes_are_gentle,
    "I20": acting.attempts_are_bounded,
    "I20 (counted)": trust.failures_demote,
    "I20 (demoted)": trust.what_failed_asks,
    "I21": surroundings.storms_open_one,
    "I22": surroundings.suspects_are_kept,
    "I23": acting.verified_is_true,
    "I23 (left)": departures.departures_are_no_verdict,
    "I24": record.everything_ends,
    "I25": record.chains_hold,
    "I26": record.the_ledger_explains,
    "I26 (again)": record.decided_again_the_same,
    "I27": record.nothing_personal_is_told,
    "I28": record.nothing_foreign_is_taken,
    "I29": record.clocks_change_nothing,
    "I30": record.one_transition_is_one_signal,
    "I31": surroundings.own_actions_start_nothing,
    "I32": knowledge.unsaved_is_kept,
    "I33": knowledge.what_starts_is_left_alone,
    "I34": knowledge.a_yes_is_looked_after,
    "I35": surroundings.no_denied_plan_is_intended,
    "I36": quiet.one_trouble_one_alert,
    "I36 (short)": quiet.short_groups_page,
    "I37": waiting.waits_are_bounded,
    "I38": informing.first_decision_in_time,
    "I38 (turns)": informing.each_update_is_a_turn,
    "I39": unannounced.every_p1_has_an_incident,
    "I39 (again)": unannounced.nothing_is_opened_again,
    "I39 (muted)": unannounced.nothing_muted_is_opened,
}
"""By the numbers of the design; a word beside one tells two checkers of it apart."""


def violations(run: Run) -> list[str]:
    """Every line of every checker, with the invariant's number before it."""
    left = Left(run)
    return [f"{name}: {line}" for name, check in CHECKERS.items() for line in check(left)]
