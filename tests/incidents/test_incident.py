import copy
import json
from itertools import product

import pytest
from hypothesis import given

from firstline.errors import InvariantViolation
from firstline.incidents.incident import (
    ENDED,
    TRANSITIONS,
    Fact,
    Incident,
    Status,
    UndeclaredTransition,
    advance,
    decode,
    encode,
)
from tests.builders import A, B, answered, attempt, incident, target
from tests.strategies import CALM, incidents

MOVES = {
    Status.INVESTIGATING: {
        Fact.FIX_INTENDED: Status.REMEDIATING,
        Fact.RECOVERED_BY_FIX: Status.RESOLVED,
        Fact.RECOVERED_BY_ITSELF: Status.SELF_RECOVERED,
        Fact.ESCALATED: Status.ESCALATED,
    },
    Status.REMEDIATING: {
        Fact.FIX_NOT_SENT: Status.INVESTIGATING,
        Fact.FIX_NOT_JUDGED: Status.INVESTIGATING,
        Fact.FIX_ANSWERED: Status.VERIFYING,
        Fact.ESCALATED: Status.ESCALATED,
    },
    Status.VERIFYING: {
        Fact.FIX_HELPED: Status.INVESTIGATING,
        Fact.FIX_DID_NOT_HELP: Status.INVESTIGATING,
        Fact.FIX_NOT_JUDGED: Status.INVESTIGATING,
        Fact.ESCALATED: Status.ESCALATED,
    },
}


@pytest.mark.parametrize(("status", "fact"), list(product(Status, Fact)))
def test_a_status_changes_as_declared_and_in_no_other_way(status: Status, fact: Fact) -> None:
    """Every pair that is not declared is an error, and so is every step after the end."""
    leads_to = MOVES.get(status, {}).get(fact)
    held = incident(status=status)
    if leads_to is None:
        with pytest.raises(UndeclaredTransition, match=f"^no transition from {status} by "):
            advance(status, fact)
    else:
        assert held.after(fact).status is leads_to is TRANSITIONS[status, fact]
    assert held.ended is (status in ENDED) is (status not in MOVES)


def test_every_status_is_reached_from_the_first() -> None:
    """A status that nothing leads to would be dead words."""
    assert {Status.INVESTIGATING, *TRANSITIONS.values()} == set(Status)


def test_the_current_attempt_is_the_last_without_a_verdict() -> None:
    """An attempt stays current until it is judged."""
    judged = answered(9, helped=False)
    assert incident().current is None
    assert incident(attempts=(judged,)).current is None
    held = incident(attempts=(judged, attempt(target=B)))
    assert held.current == attempt(target=B)
    assert held.with_current(answered(1)).attempts == (judged, answered(1))


def test_a_target_is_verified_from_an_instant_on() -> None:
    """Verified is a fact with a time."""
    assert not target(A).verified
    assert target(A, verified=0).verified


@pytest.mark.slow
@CALM
@given(incidents())
def test_an_aggregate_comes_back_as_it_was_stored(held: Incident) -> None:
    """One JSON text holds all of it."""
    assert decode(encode(held)) == held


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({"schema": 3}, "a stored incident has schema 3; this code reads up to 2"),
        ({"schema": 0}, "a stored incident does not fit its schema: Expected `int` >= 1"),
        ({"status": "napping"}, "a stored incident does not fit its schema: Invalid enum value"),
        ({"joined": ["rot"]}, "a stored incident does not fit its schema: Invalid enum value"),
    ],
)
def test_an_aggregate_of_another_schema_is_refused(edit: dict[str, object], told: str) -> None:
    """A reader never guesses at what it does not know."""
    text = json.dumps(json.loads(encode(incident())) | edit)
    with pytest.raises(InvariantViolation, match=told):
        decode(text)


def test_fields_of_newer_code_are_ignored_and_the_next_write_drops_them() -> None:
    """At every depth: after a rollback an open incident goes on."""
    held = incident(attempts=(answered(9),))
    stored = json.loads(encode(held))
    stored["extra"] = stored["attempts"][0]["extra"] = stored["chain"]["extra"] = 1
    text = json.dumps(stored)
    assert decode(text) == held
    assert encode(decode(text)) == encode(held)


@pytest.mark.parametrize("year", [1, 9999])
def test_an_impossible_start_that_was_stored_is_the_opening(year: int) -> None:
    """An earlier version stored a signal's instant as it came; a day before year 1 overflows."""
    held = incident()
    stored = copy.replace(held, signalled_at=held.signalled_at.replace(year=year))
    assert decode(encode(stored)) == copy.replace(held, signalled_at=held.opened_at)


@pytest.mark.parametrize("text", ["", "[" * 100_000])
def test_a_text_that_is_no_incident_is_refused(text: str) -> None:
    """A corrupt item is a bug, not an empty incident."""
    with pytest.raises(InvariantViolation, match="does not fit"):
        decode(text)
