"""Each kind of entry: stored bytes never change, and older entries stay readable.

``entries.jsonl`` holds entries of each current form, ``entries_schema_1.jsonl`` the real ones of
schema 1 that they were made of, and ``entries_before.jsonl`` older ones, which lack some fields.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firstline.diagnosis.evidence import NOT_NEEDED, HostReport
from firstline.errors import InvalidInput
from firstline.ledger.chain import Chain, Data, Kind, Provenance, append
from firstline.ledger.entries import (
    DecisionMade,
    GuardAnswer,
    GuardDenial,
    HostsInspected,
    IncidentEscalated,
    PageDelivered,
    PlanProposed,
    SignalReceived,
    UnknownEvent,
    decode,
)
from firstline.ledger.export import DecodedEntry, decode_entry, read
from firstline.remediation.decision_record import observed_fleet
from tests.builders import BY, ID, NOW

EXPORTED = Path(__file__).with_name("entries.jsonl").read_bytes().splitlines(keepends=True)
SCHEMA_1 = Path(__file__).with_name("entries_schema_1.jsonl").read_bytes().splitlines(keepends=True)
BEFORE = Path(__file__).with_name("entries_before.jsonl").read_bytes().splitlines(keepends=True)


def entries(lines: list[bytes] = EXPORTED) -> list[DecodedEntry]:
    """The real entries."""
    return [each for each in read(lines) if isinstance(each, DecodedEntry)]


def within(part: object, whole: object) -> bool:
    """True if *whole* contains *part*; it may have more keys."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and within(part[key], whole[key]) for key in part)
    if isinstance(part, list | tuple) and isinstance(whole, list | tuple):
        return len(part) == len(whole) and all(map(within, part, whole))
    return part == whole


@pytest.mark.parametrize("entry", entries(), ids=lambda it: f"{it.kind}-{it.line}")
def test_an_entry_is_written_byte_for_byte_as_it_was(entry: DecodedEntry) -> None:
    """Read as its event and appended again, it has the same body, and so the same hash."""
    event = entry.checked()
    assert not isinstance(event, UnknownEvent)
    before = Chain(length=entry.entry.sequence - 1, head=entry.previous)
    by = Provenance(policy=entry.policy, code=entry.code)
    _, again = append(before, entry.entry.incident, event.kind, entry.at, by, event.to_ledger())
    assert again == entry.entry


@pytest.mark.parametrize(("then", "now"), [*zip(entries(SCHEMA_1), entries(), strict=True)])
def test_an_entry_of_schema_1_is_read_in_the_words_of_today(
    then: DecodedEntry, now: DecodedEntry
) -> None:
    """Its bytes stay, and so do its hash and those that follow it."""
    assert (then.schema, now.schema) == (1, 2)
    assert (then.kind, then.checked()) == (now.kind, now.checked())
    assert within(then.data, now.data)
    assert then.entry.body.encode() + b"\n" == SCHEMA_1[then.line - 1]


@pytest.mark.parametrize("entry", entries(BEFORE), ids=lambda it: f"{it.kind}-{it.line}")
def test_an_entry_of_before_is_still_read(entry: DecodedEntry) -> None:
    """Nothing of it is lost: what it says stands in its event, and what it lacks has a default."""
    event = entry.checked()
    assert not isinstance(event, UnknownEvent)
    assert within(entry.data, json.loads(json.dumps(event.to_ledger())))
    if isinstance(event, DecisionMade):
        assert not any(each.overridden for each in event.guards)
        assert not any(denial.unknown for _, denial in event.denials)
        fleet = observed_fleet(event)
        assert fleet is not None
        assert (fleet.instance_statuses, fleet.histories) == (NOT_NEEDED, {})
    if isinstance(event, HostsInspected):
        reports = [each for each in event.hosts.values() if isinstance(each, HostReport)]
        assert reports
        assert {each.enclave_unit_detail for each in reports} == {None}
        assert {each.enclave_errors_recent for each in reports} == {None}
    if isinstance(event, PlanProposed):
        assert event.unknowns == ()


@pytest.mark.parametrize(
    ("lines", "lacks"), [(EXPORTED, set()), (BEFORE, {Kind.METRIC})], ids=["now", "before"]
)
def test_the_real_entries_are_of_every_kind(lines: list[bytes], lacks: set[Kind]) -> None:
    """Those of before are of every kind that there was."""
    assert {each.kind for each in entries(lines)} == set(Kind) - lacks


def test_the_real_entries_have_unknowns_and_overrides() -> None:
    """Also the forms that only a plan has which a person allowed without a fact."""
    events = [each.checked() for each in entries()]
    decided = [each for each in events if isinstance(each, DecisionMade)]
    assert any(guard.overridden for each in decided for guard in each.guards)
    assert any(denial.unknown for each in decided for _, denial in each.denials)
    assert any(fleet.histories for each in decided if (fleet := observed_fleet(each)))
    assert any(each.unknowns for each in events if isinstance(each, PlanProposed))


def test_a_field_that_an_older_entry_lacks_has_its_default() -> None:
    """A page without a channel was one for the pager; a decision without inputs has none."""
    page = decode(Kind.PAGE, {"key": "k", "action": "trigger", "outcome": "accepted"})
    assert page == PageDelivered(key="k", action="trigger", outcome="accepted", channel="pager")
    decision = decode(Kind.DECISION, {"step": {"type": "wait"}, "rule": "Watch"})
    assert decision == DecisionMade(step={"type": "wait"}, rule="Watch")
    assert decode(Kind.SIGNAL, {"subject": "x"}) == SignalReceived(subject="x")


def test_an_entry_of_a_later_schema_is_shown_as_unknown() -> None:
    """Its words may have another meaning: it is never guessed at, and its bytes are verified."""
    body = json.loads(entries()[0].entry.body) | {"schema": 3}
    (read_,) = read([json.dumps(body).encode() + b"\n"])
    assert isinstance(read_, DecodedEntry)
    why = "it has schema 3, of a later version: update firstline"
    assert read_.event == UnknownEvent(read_.kind, why)
    with pytest.raises(InvalidInput, match=why):
        read_.checked()


def test_a_field_of_newer_code_is_not_read() -> None:
    assert decode(Kind.ESCALATION, {"why": "so", "colour": "red"}) == IncidentEscalated(why="so")


BROKEN: dict[Kind, Data] = {
    Kind.SIGNAL: {"joined": 7},
    Kind.DECISION: {"step": "wait"},
    Kind.INTENT: {"fence": "first"},
    Kind.OUTCOME: {"hosts": {"i-1": {"type": "report"}}},
    Kind.VERIFICATION: {"helped": "much"},
    Kind.PAGE: {"tries": "many"},
    Kind.RESPONSE: {"met": 3},
    Kind.ESCALATION: {"why": 3},
    Kind.PROPOSAL: {"until": "soon"},
    Kind.APPROVAL: {"granted": "yes"},
    Kind.DEMOTION: {"failed": "twice"},
    Kind.PROMOTION: {"since": "then"},
    Kind.PAUSE: {"until": "soon"},
    Kind.DRILL: {"until": "soon"},
    Kind.METRIC: {"period_seconds": 0},
}


@pytest.mark.parametrize("kind", Kind)
def test_data_of_another_form_is_unknown_and_never_raises(kind: Kind) -> None:
    """So one entry does not hide the rest of its chain; a strict reader asks `checked`."""
    event = decode(kind, BROKEN[kind])
    assert isinstance(event, UnknownEvent)
    assert event.why
    _, entry = append(Chain(), ID, kind, NOW, BY, BROKEN[kind])
    with pytest.raises(InvalidInput, match=f"entry 1 of {ID} cannot be read as {kind}: "):
        decode_entry(entry).checked()


def test_a_kind_of_newer_code_is_unknown_and_no_fault() -> None:
    """A strict reader passes over it."""
    line = EXPORTED[0].replace(b'"kind":"demotion"', b'"kind":"forecast"')
    (entry,) = read([line])
    assert isinstance(entry, DecodedEntry)
    assert entry.checked() == UnknownEvent("forecast")
    assert not entry.opens


RECOVERED = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "recovered", "raised"),
    [
        ({"type": "close", "recovered_at": "2026-03-11T04:18:43Z"}, RECOVERED, None),
        ({"type": "close"}, None, None),
        ({"type": "close", "recovered_at": "then"}, None, None),
        ({"type": "raise-severity", "severity": "P2"}, None, "P2"),
        ({"type": "fix", "severity": "P2"}, None, None),
    ],
)
def test_a_step_has_its_recovery_and_its_rise(
    step: dict[str, str], recovered: datetime | None, raised: str | None
) -> None:
    """Of another form, or of another step, it says nothing."""
    decision = DecisionMade(step=step)
    assert (decision.recovered_at, decision.raised_to) == (recovered, raised)


def test_the_denials_of_a_decision_are_named_by_their_guards() -> None:
    denial = GuardDenial(why="too soon")
    guards = (GuardAnswer(guard="switch_is_off"), GuardAnswer(guard="cooldown", denial=denial))
    assert DecisionMade(step={}, guards=guards).denials == (("cooldown", denial),)
