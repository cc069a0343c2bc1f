"""The report of an incident says what its chain says, and nothing more."""

import copy
from datetime import timedelta

import pytest

from firstline.errors import InvalidInput
from firstline.ledger.chain import Chain, Kind, append
from firstline.reporting.postmortem.guidance import OVER
from firstline.reporting.postmortem.report import Advice, Figure, Guidance, Lane, Report
from firstline.reporting.postmortem.timeline import fold_moments
from firstline.reporting.postmortem.write import write_report
from firstline.reporting.tones import Tone
from tests.builders import BY, ID, PROFILE, A, B, C
from tests.reporting.chains import (
    GONE,
    HEALTHY,
    LOOK,
    OTHER_TOKEN,
    REPORT,
    Said,
    Words,
    at,
    chain,
    decision,
    handed_over,
    intent,
    looked,
    opening,
    outage,
    outcome,
    page,
    plan,
    seen,
    verdict,
)

RECOVERY = {"disposition": "recovery", "subject": "latency", "state": "OK", "why": "so it is"}
NO_TARGET = {"seconds": 1, "target_seconds": None}
GUID = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"


def report(*said: Said) -> Report:
    """The report of a chain that says this."""
    return write_report(chain(*said), PROFILE)


def figure(of: Report, name: str) -> Figure:
    """The key figure of that name."""
    return next(each for each in of.figures if each.name == name)


def test_an_outage_that_a_fix_repaired() -> None:
    """The page, the actions and the end, each timed from the signal on."""
    result = report(*outage())
    assert result.title == "P1 complete-outage: resolved after 1 min 40 s"
    assert (result.component, result.owner) == ("enclave", "firstline")
    assert (result.began_at, result.ended_at) == (at(0), at(100))
    assert [(each.name, each.value) for each in result.figures] == [
        ("Severity", "P1"),
        ("Condition", "complete-outage"),
        ("Component", "enclave"),
        ("Outcome", "resolved"),
        ("First page", "after 1 s"),
        ("First fix", "after 5 s"),
        ("Recovery", "after 1 min 40 s"),
        ("Vaults locked by fixes", "40"),
        ("Wakes", "5"),
        ("Owner", "firstline"),
    ]
    assert result.summary == (
        "At 2026-03-11 04:20:00 UTC healthy-hosts was received: a rule fits.",
        "Likely cause: 1 of 1 hosts: its enclave is gone (component enclave).",
        f"firstline did restart_enclave on {A}; 1 of 1 fix helped.",
        (
            "After 1 min 40 s every alarm was OK and every host in scope verified: the "
            "incident closed."
        ),
    )
    assert result.cause.supports == (
        f"the host lists no enclave (source: host report) ({A})",
        (
            "the load balancer finds it unhealthy (source: load balancer; unless egress, NATS,"
            f" the path to NATS or the load balancer fails) ({A})"
        ),
        f"restart_enclave helped on {A}",
    )
    assert result.cause.against == ()
    assert (result.entries, result.head) == (len(outage()), chain(*outage())[-1].hash)


def test_an_outage_that_a_person_has() -> None:
    """Attempts, facts against the cause, unreadable facts, and the owner since."""
    result = report(*outage(helped=False))
    assert result.outcome == "escalated"
    assert figure(result, "Recovery").note == "escalated to on-call"
    assert figure(result, "Owner") == Figure(
        name="Owner", value="on-call", note="since 2026-03-11 04:21:40 UTC"
    )
    assert result.summary[-1] == "After 1 min 40 s it was escalated to on-call: it was tried twice."
    assert result.cause.supports[-1] == "R21 the stack changed 5 min before the start"
    assert result.cause.against == (
        f"restart_enclave did not help on {A}",
        "R13 AWS Health has no open issue in the Region",
        "R20 the metrics cannot be read: denied",
    )
    assert result.unknown == ("R20 the metrics cannot be read: denied",)
    assert [each.step for each in result.follow_ups] == ["R40", "R41", "R41"]
    assert result.guidance == Guidance(
        text="Escalated to on-call since 2026-03-11 04:21:40 UTC: it was tried twice. "
        "firstline takes no further action.",
        steps=(
            Advice("R17", "restart the services that do not run"),
            Advice("R18", "replace the instances"),
        ),
    )


def test_an_escalation_that_says_nothing_more() -> None:
    """The entry of the hand-over itself may be missing from an export."""
    shown = report(opening(), decision(9, "escalate"))
    assert shown.guidance == Guidance(
        text="Escalated to on-call. firstline takes no further action.", steps=()
    )


def test_an_incident_that_was_over_by_itself() -> None:
    """Nothing was changed, and a follow-up asks whether it comes and goes."""
    result = report(
        opening(severity="P4", condition="nats-backlog"),
        page(0, channel="team"),
        decision(9, "close", "Recovered"),
    )
    assert result.outcome == "self-recovered"
    assert result.summary[2:] == (
        "firstline changed nothing.",
        "After 9 s the incident closed without a fix by firstline.",
    )
    assert figure(result, "First page").note == "sent to the team, paged no one"
    assert figure(result, "Recovery").note == "without a fix by firstline"
    assert result.meeting is None
    assert result.follow_ups[-1].text.startswith("check whether healthy-hosts flaps")
    assert result.guidance == Guidance(text=OVER, steps=result.follow_ups)


def test_a_watched_recovery_is_shown_without_its_window() -> None:
    """The time to recover and the title are of the reading that proved it."""
    over: dict[str, object] = {"step": {"type": "close", "recovered_at": at(9).isoformat()}}
    after, kind, text = decision(909, "close", "Recovered")
    result = report(opening(), (after, kind, {**text, **over}))
    assert result.title.endswith("self-recovered after 9 s")
    assert result.summary[-1] == "After 9 s the incident closed without a fix by firstline."
    assert figure(result, "Recovery").value == "after 9 s"
    assert result.ended_at == at(909)


def test_an_incident_that_is_open_still() -> None:
    """Its report ends with its last entry, and claims no end."""
    result = report(opening(), decision(7, "wait"))
    assert (result.outcome, result.ended_at) == ("open", at(7))
    assert result.summary[-1] == "It is still open."
    assert result.guidance == Guidance(
        text=("firstline is handling the incident: NextFix: so it is."), steps=()
    )
    bare = report(opening()).guidance
    assert bare == Guidance(text="firstline is handling the incident.", steps=())
    assert figure(result, "First page").value == "none"
    assert figure(result, "Recovery") == Figure(name="Recovery", value="not observed")


@pytest.mark.parametrize(
    ("disposition", "outcome_"),
    [
        ("ignored", "ignored"),
        ("context", "recorded"),
        ("rejected", "rejected"),
        ("recovery", "ignored"),
    ],
)
def test_a_signal_that_opened_nothing(disposition: str, outcome_: str) -> None:
    """It has its outcome, and nothing follows from it."""
    result = report(opening(disposition=disposition, severity=None, condition=None, subject=""))
    assert result.title == f"a signal: {outcome_}"
    assert result.summary[-1] == f"It opened no incident: it was {outcome_}."
    assert result.cause.likely == "no cause to find: a rule fits"
    assert (result.severity, result.condition) == ("none", "none")
    assert (result.follow_ups, result.changes, result.meeting) == ((), (), None)


def test_the_worst_that_joined_leads() -> None:
    """The last measure of each response counts, here the late one."""
    joined: dict[str, object] = {
        "joined": [RECOVERY],
        "leads": {"severity": "P1", "condition": "complete-outage"},
    }
    late = {"severity": "P2", "seconds": 950, "target_seconds": 900}
    result = report(
        opening(severity="P2", condition="degraded-latency"),
        (3, Kind.RESPONSE, late | {"responded": False, "met": False}),
        (4, Kind.SIGNAL, joined),
        (5, Kind.RESPONSE, late | {"responded": True, "met": False}),
        (6, Kind.RESPONSE, NO_TARGET | {"severity": "P1", "responded": True, "met": True}),
        (7, Kind.RESPONSE, late | {"severity": "P3", "responded": False, "met": False}),
    )
    assert (result.severity, result.condition) == ("P1", "complete-outage")
    assert [figure(result, f"P{n} response").value for n in (1, 2, 3)] == [
        "met: 1 s",
        "missed: 950 s",
        "missed, no response: 950 s",
    ]
    assert figure(result, "P1 response").note == "no target"
    assert [each.step for each in result.changes] == ["R02", "R03"]
    words = [(each.lane, each.word) for each in result.moments]
    assert words.count((Lane.PAGES, "misses")) == 3
    assert words.count((Lane.PAGES, "responds")) == 1
    assert words.count((Lane.SIGNALS, "receives")) == 2


LOCKED = [
    ({A: REPORT}, "40", "vault processes before the fix"),
    ({A: REPORT, B: REPORT | {"vault_processes": None}}, "at least 40", "not counted on 1 host"),
    ({A: {"type": "unknown", "why": "no answer"}}, "unknown", "not counted on 1 host"),
    ({}, "unknown", "not counted on 1 host"),
]


@pytest.mark.parametrize(("reports", "value", "note"), LOCKED)
def test_the_vaults_that_a_fix_locked(reports: dict[str, Words], value: str, note: str) -> None:
    """Vault processes of the last look before it; of a silent host the number is unknown."""
    fixes = [intent(6)] + ([intent(7, target=B, token=OTHER_TOKEN)] if B in reports else [])
    result = figure(report(opening(), looked(5, reports), *fixes), "Vaults locked by fixes")
    assert (result.value, result.note) == (value, note)


@pytest.mark.parametrize(
    "said",
    [
        (looked(5, {A: REPORT}), intent(6, "restart_parent")),  # vaults stay unlocked
        (looked(5, {A: REPORT}), intent(6), outcome(7, "not-sent")),
    ],
)
def test_a_fix_without_locked_vaults(said: tuple[Said, ...]) -> None:
    """A parent's restart keeps the enclave, and what was not sent did nothing."""
    names = [each.name for each in report(opening(), *said).figures]
    assert "Vaults locked by fixes" not in names


def test_a_fix_lasts_from_its_intent_to_its_verdict() -> None:
    """Its bar lasts until then, and has the verdict's tone; an answer alone ends it too."""
    result = report(
        opening(),
        intent(5),
        outcome(9),
        verdict(30, helped=False),
        intent(40, target=B, token=OTHER_TOKEN),
        outcome(50, "unknown", OTHER_TOKEN, B),
        intent(60, target=C, token="e" * 32),
    )
    bars = [each for each in result.moments if each.word == "executes"]
    assert [(each.at, each.until, each.tone) for each in bars] == [
        (at(5), at(30), Tone.BAD),
        (at(40), at(50), Tone.PLAIN),
        (at(60), None, Tone.PLAIN),
    ]
    assert figure(result, "First fix").note == "restart_enclave; 0 of 3 fixes helped"


def test_a_tools_word_proves_nothing() -> None:
    """That it is done is routine, and that it is not stands out."""
    result = report(opening(), intent(5), outcome(9), outcome(10, "failed"))
    assert [each.tone for each in result.moments if each.word == "reports"] == [
        Tone.QUIET,
        Tone.BAD,
    ]


UNANSWERED = {
    "action": "look_host",
    "token": LOOK,
    "targets": [A],
    "outcome": "unknown",
    "detail": "timed out",
}


def test_terminal_moments_are_in_their_lanes() -> None:
    """With the tone that it has there."""
    result = report(
        opening(),
        (0, Kind.SIGNAL, {"joined": [RECOVERY, RECOVERY | {"disposition": "context"}]}),
        page(1, outcome="pending", why="timeout"),
        page(2, tries=3),
        page(3, channel="change", key="x"),
        page(3, action="resolve"),
        decision(4, "dance"),
        (6, Kind.APPROVAL, {"granted": False, "by": GUID, "why": "no", "counts": False}),
        (7, Kind.PAUSE, {"change": "paused", "scope": "everything"}),
        (8, Kind.OUTCOME, UNANSWERED),
        (9, Kind.VERIFICATION, {"verified": [A], "doubted": [B], "readings_needed": 3}),
        handed_over(10),
    )
    expected = (
        "signals bad: receives healthy-hosts ALARM: a rule fits",
        "signals good: receives latency OK: so it is",
        "signals plain: receives latency OK: so it is",
        f"pages bad: fails trigger {ID} not sent, pending",
        f"pages plain: pages trigger {ID} (try 3)",
        "pages quiet: notes trigger x",
        f"pages good: pages resolve {ID}",
        "decisions quiet: records decision, in an unknown format",
        "decisions bad: denied by [guid]: no; too late, it has no effect",
        "decisions plain: paused fixes of everything",
        f"evidence bad: reports look_host on {A}: unknown (timed out)",
        f"verification good: verifies {A}: 3 good readings",
        f"verification bad: doubts {B} may be dead again",
        "decisions plain: escalates to on-call; next: R17 restart the services",
    )
    for each, begins in zip(result.moments, expected, strict=True):
        assert f"{each.lane} {each.tone}: {each.word} {each.text}".startswith(begins)


def test_routine_folds_until_another_event() -> None:
    """A look that brings the same again is routine, too."""
    result = report(
        opening(),
        looked(1, {A: GONE, B: GONE}),
        decision(1, "wait", "a"),
        looked(2, {A: GONE, B: GONE}),
        decision(2, "look", "b"),
        decision(3, "wait", "a"),
        decision(4, "fix", "c"),
        decision(5, "wait", "a"),
        looked(6, {A: {"type": "unknown", "why": "no answer in time"}}),
    )
    assert [(each.word, each.text, times) for each, times in fold_moments(result.moments)][1:] == [
        ("reads", f"{A}, {B}: no enclave, unit active, parent active, NATS reachable", 2),
        ("waits", "a: so it is", 2),
        ("inspects", "b: so it is", 1),
        ("decides", f"restart_enclave on {A}: ; 0 guards passed", 1),
        ("waits", "a: so it is", 1),
        ("reads", f"{A}: unknown (no answer in time)", 1),
    ]


def test_decisions_of_one_rule_in_a_row_are_one() -> None:
    """With each reason once, the last guards, and the word that fits them all."""
    no = [{"guard": "cooldown_is_over", "denial": {"why": "is in cooldown"}}]
    result = report(
        opening(),
        decision(1, "wait", "a", why="reading 1"),
        decision(2, "wait", "a", why="reading 2", guards=no, plan=plan()),
        decision(3, "look", "a", why="reading 2"),
        decision(4, "fix", "a"),
        decision(5, "fix", "a"),
        decision(6, "wait", "b"),
    )
    assert [(each.step, each.times, each.reasons) for each in result.choices] == [
        ("watch", 3, ("reading 1", "reading 2")),
        ("fix", 1, ("a: so it is",)),
        ("fix", 1, ("a: so it is",)),
        ("wait", 1, ("b: so it is",)),
    ]
    assert (result.choices[0].at, result.choices[0].until) == (at(1), at(3))


def test_personal_and_secret_things_are_replaced_wherever_they_stand() -> None:
    """In a value, in a name, in a list; a digest of ours stays, and only where one belongs."""
    result = report(
        opening(subject=GUID, why=f"of {GUID}", rule="x@y.example"),
        decision(1, "wait", why=f"\x1b[2J{GUID}", facts=[GUID], plan=plan(target=GUID)),
        looked(2, {A: {"type": "unknown", "why": f"host of {GUID}"}}, token=GUID),
    )
    shown = repr(result)
    assert GUID not in shown
    assert "\x1b" not in shown
    assert "x@y.example" not in shown
    assert "[guid]" in shown


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[" * 100_000,
        '{"at": "2026-03-11T04:20:00", "kind": "page", "policy": "", "code": "", "data": {}}',
        chain((0, Kind.RESPONSE, {"seconds": "many"}))[0].body,
    ],
)
def test_a_chain_that_cannot_be_read_says_where(body: str) -> None:
    """With the entry's number; no other error comes through."""
    _, entry = append(Chain(), ID, Kind.PAGE, at(0), BY, {})
    broken = copy.replace(entry, body=body)
    with pytest.raises(InvalidInput, match="entry 1 of inc-0123456789abcdef0123 cannot be read"):
        write_report((broken,), PROFILE)


def test_a_report_is_of_an_incident() -> None:
    """No entry, no report."""
    with pytest.raises(InvalidInput, match="the chain has no entry"):
        write_report((), PROFILE)


def test_without_its_policy_less_is_known() -> None:
    """Neither the rule's component, nor a meeting; the rest stands."""
    result = write_report(chain(opening(), decision(100, "close", observed=seen(HEALTHY))), None)
    assert (result.component, result.meeting) == ("unknown", None)
    assert write_report(chain(opening()), PROFILE).component == "fleet"


def test_many_hosts_are_listed_in_few_words() -> None:
    """The first by name, and how many more."""
    hosts = {f"i-{number:017x}": GONE for number in range(50)}
    result = report(opening(), looked(5, hosts))
    (line,) = result.known
    assert line.startswith("i-00000000000000000, i-00000000000000001, ")
    assert line.endswith(" and 45 more: no enclave, unit active, parent active, NATS reachable")


def test_a_condition_without_hosts_lists_none() -> None:
    """A condition beyond the hosts: nothing was looked at, and a P4 waits for the digest."""
    nobody: dict[str, object] = {"type": "group", "desired": 0, "instances": []}
    result = report(
        opening(severity="P4"),
        decision(5, "close", observed={"group": nobody}),
        page(70_000, channel="digest"),
    )
    assert result.known == ()
    assert figure(result, "First page") == Figure(
        name="First page", value="after 19 h 26 min", note="in the next business day's digest"
    )


def test_a_long_incident_says_hours() -> None:
    """And a signal that came late is counted from its own instant."""
    hours = timedelta(hours=2, minutes=5).total_seconds()
    result = report(opening(60), page(61), decision(hours, "close"))
    assert result.title.endswith("after 2 h 05 min")
    assert figure(result, "First page").value == "after 1 min 01 s"


@pytest.mark.parametrize("kind", list(Kind))
def test_an_incomplete_entry_is_no_obstacle(kind: Kind) -> None:
    """Older code wrote less, and later code may write something else."""
    result = report(opening(), (5, kind, {}), (6, kind, {"of": "another time"}))
    assert result.entries == 3
