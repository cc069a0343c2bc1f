import copy
import json

import msgspec

from firstline.ids import SignalKey, digest, incident_id
from firstline.incidents.incident import Status
from firstline.ledger.chain import Chain, Kind
from firstline.remediation import plan
from firstline.signal import Condition, Mark, Severity
from firstline.signals import episodes
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import ALARM_ARN, BY, HOME, NOW, PROFILE, A, B
from tests.events import body
from tests.remediation.situations import plan as fix

SIGNAL = with_profile_name(parse(body("healthy-hosts-zero"), HOME, NOW), PROFILE, {})
FOUND = classify(SIGNAL, PROFILE, HOME)


def test_an_incident_opens_with_its_page_queued_and_its_first_entry() -> None:
    """Its id follows from the opening signal, so a redelivery begins the same one."""
    begun = episodes.open_incident(SIGNAL, FOUND, PROFILE, NOW, BY)
    held, entry = begun.incident, begun.entry
    assert held.id == incident_id(SIGNAL.key) == f"inc-{digest(SIGNAL.key.encode())[:20]}"
    assert (held.status, held.version, held.signals) == (Status.INVESTIGATING, 0, 1)
    assert (held.condition, held.severity) == (Condition.COMPLETE_OUTAGE, Severity.P1)
    assert (held.alarm, held.alarm_arn) == ("healthy-hosts", ALARM_ARN)
    assert (held.wakes, held.wake_generation, held.clear_readings) == (0, 1, 0)
    assert (held.signalled_at, held.opened_at, held.next_wake_at) == (SIGNAL.at, NOW, NOW)
    assert [(each.key, each.sent_at) for each in held.pages] == [(held.id, None)]
    assert held.chain == Chain(1, entry.hash)
    assert episodes.open_incident(SIGNAL, FOUND, PROFILE, NOW, BY) == begun


def test_an_entry_names_a_signal_by_known_names() -> None:
    """Only the digest of its key is stored."""
    marked = copy.replace(SIGNAL, marks=(Mark.MUTED,))
    assert json.loads(
        msgspec.json.encode(episodes.signal_received(marked, FOUND, PROFILE).to_ledger())
    ) == {
        "disposition": "incident",
        "why": "rule 'all vaults inaccessible' fits the alarm 'healthy-hosts'",
        "rule": "all vaults inaccessible",
        "severity": "P1",
        "condition": "complete-outage",
        "kind": "alarm",
        "source": "cloudwatch.alarm",
        "subject": "healthy-hosts",
        "state": "ALARM",
        "signalled_at": "2026-03-11T04:18:43.514000+00:00",
        "key_digest": digest(SIGNAL.key.encode()),
        "marks": ["muted"],
        "region": "us-east-1",
        "arn": "arn:aws:cloudwatch:us-east-1:[account]:alarm:vettid-prod-enclave-healthy-hosts",
        "correlation_key": FOUND.correlation_key,
        "words": {},
    }


def test_a_signal_that_opens_nothing_is_one_entry() -> None:
    """It stands where its episode would have stood."""
    entry = episodes.ignored_signal_entry(SIGNAL, FOUND, PROFILE, NOW, BY)
    assert (entry.incident, entry.sequence) == (episodes.ignored_signal_id(SIGNAL), 1)
    assert json.loads(entry.body)["kind"] == Kind.SIGNAL


def test_a_plan_is_named_by_all_of_it() -> None:
    """Action, target and parameters are under its hash; the facts are read again each time."""
    named = {
        fix().hash,
        fix(B).hash,
        fix(A, "reboot").hash,
        copy.replace(fix(), parameters={"x": "1"}).hash,
    }
    assert len(named) == 4
    assert fix().hash == copy.replace(fix(), facts=()).hash
    assert json.loads(msgspec.json.encode(fix().to_ledger())) == {
        "action": "restart_enclave",
        "targets": [A],
        "hash": fix().hash,
        "hosts": [A],
        "parameters": {},
    }


def test_a_token_is_of_one_intent() -> None:
    """32 hexadecimal digits that another incident, entry or purpose does not have."""
    one = incident_id(SIGNAL.key)
    other = incident_id(SignalKey("other"))
    tokens = {
        plan.intent_token(one, 3, "look_host"),
        plan.intent_token(other, 3, "look_host"),
        plan.intent_token(one, 4, "look_host"),
        plan.intent_token(one, 3, "restart_enclave"),
    }
    assert len(tokens) == 4
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in tokens)
