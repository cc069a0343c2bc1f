import copy
import itertools
from datetime import timedelta

import pytest

from firstline.cli.analysis.selection import IncidentFilter, summaries
from firstline.errors import InvalidInput
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.incident_summary import (
    DemotionSummary,
    DenialSummary,
    FixSummary,
    Summary,
    summarise,
)
from tests.builders import BY, ID, NOW, OTHER, A, B
from tests.reporting.ledgers import Said, chain, closed, decided, fixed, heard, joined, paged


def test_an_incident_is_summed_up_from_its_entries() -> None:
    """Every field of a summary, from a chain with every kind of entry."""
    result = summarise(
        chain(
            heard(severity="P2"),
            paged(1, channel="team"),
            paged(2, action="resolve"),
            paged(3, outcome="pending"),
            paged(4),
            paged(9),
            Said(Kind.RESPONSE, {"severity": "P2", "met": True}, 5),
            Said(Kind.RESPONSE, {"severity": "P1", "met": False}, 5),
            Said(Kind.INTENT, {"action": "look_host", "token": "l", "targets": [B]}, 5),
            Said(
                Kind.OUTCOME, {"token": "l", "hosts": {B: {"type": "unknown", "why": "silent"}}}, 6
            ),
            joined(6, "incident", "recovery", severity="P1", condition="complete-outage"),
            joined(7, "recovery"),
            decided("request-approval", 10, "action_is_allowed"),
            decided("request-approval", 11, "action_is_allowed"),
            Said(Kind.PROPOSAL, {"action": "restart_enclave"}, 11),
            Said(Kind.APPROVAL, {"plan": "p1", "granted": True, "counts": True}, 12),
            Said(Kind.APPROVAL, {"plan": "p2", "granted": True, "counts": False}, 12),
            Said(Kind.APPROVAL, {"plan": "p3", "granted": False, "counts": True}, 12),
            *fixed(20, "a", helped=False),
            *fixed(90, "b", plan="p2"),
            *fixed(160, "c", helped=None, action="replace_instance", plan="p3"),
            Said(Kind.DEMOTION, {"action": "restart_enclave", "failed": 3}, 165),
            Said(Kind.PAUSE, {"change": "paused", "scope": "everything"}, 166),
            closed(200),
            paged(201, action="resolve"),
        )
    )
    assert result == Summary(
        incident=ID,
        entries=30,
        whole=True,
        disposition="incident",
        severity="P1",
        condition="complete-outage",
        alarm="healthy-hosts",
        signals=4,
        flaps=1,
        signalled_at=NOW,
        opened_at=NOW,
        last_at=NOW + timedelta(seconds=201),
        paged_at=NOW + timedelta(seconds=4),
        ended_at=NOW + timedelta(seconds=200),
        recovered_at=NOW + timedelta(seconds=200),
        outcome="resolved",
        hosts=(B, A),
        fixes=(
            tried(20, approved=True, helped=False),
            tried(90, helped=True),
            tried(160, action="replace_instance"),
        ),
        denials=(DenialSummary("action_is_allowed", "restart_enclave", A),),
        proposed=("restart_enclave",),
        missed=("P1",),
        demoted=(DemotionSummary("restart_enclave", 3, NOW + timedelta(seconds=165)),),
        policy=BY.policy,
    )


def tried(
    seconds: float,
    *,
    action: str = "restart_enclave",
    approved: bool = False,
    helped: bool | None = None,
) -> FixSummary:
    return FixSummary(
        action=action,
        target=A,
        at=NOW + timedelta(seconds=seconds),
        approved=approved,
        outcome="done",
        helped=helped,
    )


@pytest.mark.parametrize(
    ("said", "outcome", "ended"),
    [
        ([heard()], "open", None),
        ([heard(), decided("wait", 5)], "open", None),
        ([heard(), closed(60)], "self-recovered", 60),
        ([heard(), *fixed(5, "a", helped=False), closed(90)], "self-recovered", 90),
        ([heard(), *fixed(5, "a"), closed(90)], "resolved", 90),
        ([heard(), *fixed(5, "a"), decided("escalate", 95)], "escalated", 95),
        ([heard(disposition="recovery")], "ignored", 0),
        ([heard(disposition="ignored")], "ignored", 0),
        ([heard(disposition="context")], "recorded", 0),
        ([heard(disposition="rejected")], "rejected", 0),
        ([Said(Kind.SIGNAL, {})], "open", None),
    ],
)
def test_an_ending_is_of_the_decision_that_ended_it(
    said: list[Said], outcome: str, ended: float | None
) -> None:
    """Without a fix that helped it recovered by itself; an old entry may lack the reason."""
    result = summarise(chain(*said))
    at = None if ended is None else NOW + timedelta(seconds=ended)
    assert (result.outcome, result.ended_at) == (outcome, at)


@pytest.mark.parametrize(
    ("said", "recovered"),
    [
        ([heard(), closed(960, recovered=60)], 60),
        ([heard(), closed(60)], 60),
        ([heard(), *fixed(5, "a"), closed(90)], 90),
        ([heard(), *fixed(5, "a"), decided("escalate", 95)], None),
        ([heard()], None),
        ([heard(disposition="context")], None),
    ],
)
def test_a_recovery_is_of_the_reading_that_proved_it(
    said: list[Said], recovered: float | None
) -> None:
    """Not of the end of its quiet window; an old entry ended where it was proven."""
    at = None if recovered is None else NOW + timedelta(seconds=recovered)
    assert summarise(chain(*said)).recovered_at == at


def test_a_rise_that_was_decided_leads_until_a_signal_does() -> None:
    """The last severity counts."""
    rise = Said(Kind.DECISION, {"step": {"type": "raise-severity", "severity": "P2"}}, 5)
    result = summarise(chain(heard(), rise))
    assert (result.severity, result.condition) == ("P2", summarise(chain(heard())).condition)
    worse = joined(6, "incident", severity="P1", condition="complete-outage")
    led = summarise(chain(heard(), rise, worse))
    assert (led.severity, led.condition) == ("P1", "complete-outage")


def test_a_chain_that_lacks_entries_is_marked() -> None:
    """From its beginning, or from its midst; a cut-off end is the verifier's to find."""
    whole = chain(heard(), paged(1), decided("wait", 2), closed(3))
    assert summarise(whole).whole
    assert not summarise(whole[1:]).whole
    assert not summarise([whole[0], *whole[2:]]).whole
    assert summarise(whole[:-1]).whole


def test_each_chain_has_its_summary_but_that_of_the_switch() -> None:
    """They stand together, one after the other."""
    one, two = chain(heard(), closed(9)), chain(heard(), incident=OTHER)
    control = chain(Said(Kind.PAUSE, {"change": "paused"}), incident=CHAIN)
    found = list(summaries(itertools.chain(one, control, two)))
    assert [(each.incident, each.entries) for each in found] == [(ID, 2), (OTHER, 1)]


@pytest.mark.parametrize("line", [0, 7])
def test_an_entry_of_another_form_is_named(line: int) -> None:
    (entry,) = chain(Said(Kind.SIGNAL, {"severity": 1}))
    where = "line 7" if line else "entry 1"
    with pytest.raises(
        InvalidInput, match=f"{where} of {ID} cannot be read as signal: Expected `str | null`"
    ):
        summarise([copy.replace(entry, line=line)])


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (IncidentFilter(), True),
        (IncidentFilter(since=NOW + timedelta(seconds=90)), True),
        (IncidentFilter(since=NOW + timedelta(seconds=91)), False),
        (IncidentFilter(until=NOW + timedelta(seconds=1)), True),
        (IncidentFilter(until=NOW), False),
        (IncidentFilter(severities=frozenset({"P1"})), True),
        (IncidentFilter(severities=frozenset({"P2"})), False),
        (IncidentFilter(conditions=frozenset({"enclave-down", "capacity"})), True),
        (IncidentFilter(conditions=frozenset({"capacity"})), False),
        (IncidentFilter(hosts=frozenset({A, B})), True),
        (IncidentFilter(hosts=frozenset({B})), False),
        (IncidentFilter(outcomes=frozenset({"resolved"})), True),
        (IncidentFilter(outcomes=frozenset({"open"})), False),
    ],
)
def test_filters_select_incidents(wanted: IncidentFilter, *, fits: bool) -> None:
    """Times are of any entry: an incident that goes on is of both days."""
    assert wanted.matches(summarise(chain(heard(), *fixed(5, "a"), closed(90)))) is fits
