"""Backtest: two policies over one past, and where they part."""

import copy
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from firstline.config.profile import Policy, Profile
from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.lab.redecide import recorded_events
from firstline.lab.redecide.classification_cache import ENTRIES_MAX
from firstline.lab.redecide.incident_record import HOME
from firstline.lab.redecide.policy_diff import Flip, Totals, flip_kind, flip_reason
from firstline.lab.redecide.policy_pair import PolicyPair
from firstline.lab.redecide.policy_run import DecidedStep, PolicyRun
from firstline.lab.simulation import seed_run
from firstline.signal import EARLIEST, Severity
from firstline.signals.sources.envelope import parse
from tests.builders import PROFILE
from tests.events import body, edited

EVENTS = Path("events")
OUTAGE = (EVENTS / "cloudwatch.healthy-hosts-zero.json").read_bytes()
WELL = (EVENTS / "cloudwatch.healthy-hosts-ok.json").read_bytes()


def step(
    name: str,
    action: str | None = None,
    target: str | None = None,
    denied: tuple[str, ...] = (),
) -> DecidedStep:
    """What a side decided."""
    return DecidedStep(
        step=name, action=action, target=target, rule="a rule", why="because", denied=denied
    )


class Trial:
    """Two policies, and what is told of them."""

    def __init__(self, old: Profile, new: Profile, home: Home = HOME) -> None:
        self.flips: list[Flip] = []
        old_side, new_side = (PolicyRun(each, home, {}, EARLIEST) for each in (old, new))
        self.pair = PolicyPair(old_side, new_side, self.flips.append)

    def hear(self, *bodies: bytes) -> Totals:
        """Events, and what they come to."""
        for number, raw in enumerate(bodies):
            recorded_events.replay_event(raw, self.pair, HOME, f"event {number}")
        return self.pair.finish()

    def relive(self, path: Path) -> Totals:
        """An export, and what it comes to."""
        recorded_events.replay_export(path, self.pair, lambda *_: None)
        return self.pair.finish()

    @property
    def sorts(self) -> list[str]:
        """What kinds of flips there were, in order."""
        return [each.kind for each in self.flips]


def export(folder: Path, seed: int, given: Sequence[int] | None = None) -> tuple[Path, Profile]:
    """The ledger of a simulated run, of its *given* choices or those of *seed*, and its policy."""
    run = seed_run.run(seed, given)
    path = folder / f"{seed}.jsonl"
    path.write_bytes(b"".join(seed_run.export_lines(run)))
    return path, run.profile


def changed(profile: Profile, name: str, number: int) -> Profile:
    """The profile with another number in its policy."""
    policy = msgspec.to_builtins(profile.policy) | {name: number}
    return copy.replace(profile, policy=msgspec.convert(policy, type=Policy))


@pytest.mark.parametrize("seed", [*range(1, 121, 3), 69])
def test_the_same_policy_parts_from_itself_nowhere(seed: int, tmp_path: Path) -> None:
    """Whatever failed in the run: guard state, budgets and cooldowns are those of then."""
    path, profile = export(tmp_path, seed)
    test = Trial(profile, profile)
    totals = test.relive(path)
    assert (test.flips, totals.diverged, dict(totals.unrecorded)) == ([], 0, {})
    assert totals.incidents[0] == totals.incidents[1]


@pytest.mark.parametrize(("alone", "incidents"), [(True, 5), (False, 4)])
def test_a_storm_that_was_not_known_then_is_none(*, alone: bool, incidents: int) -> None:
    """What opened before could not be read, so that the fifth trouble stood alone on both sides."""
    test = Trial(PROFILE, PROFILE)
    for number in range(5):
        arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:stranger-{number}"
        named: dict[str, object] = {"detail.alarmName": f"stranger-{number}", "resources.0": arn}
        raw = edited(body("unlisted-http-api-5xx"), named)
        at = _at(raw) + timedelta(seconds=number)
        signal = parse(raw, HOME, at)
        cause = "vettid#stranger-4" if alone else "vettid#storm"
        test.pair.receive((signal, signal), at, "the record", cause if number == 4 else "")
    totals = test.pair.finish()
    assert (totals.incidents, totals.diverged) == ((incidents, incidents), 0)


def test_what_a_person_allowed_then_is_allowed_again(tmp_path: Path) -> None:
    """The fix that rests on it is done on both sides, and compared on."""
    tried = (export(tmp_path, seed) for seed in seed_run.seeds(20, "a fix waits for a person"))
    path, profile = next(each for each in tried if b'"granted":true' in each[0].read_bytes())
    test = Trial(profile, profile)
    assert (test.relive(path).diverged, test.flips) == (0, [])


@pytest.mark.parametrize("raw", [OUTAGE, WELL])
@pytest.mark.parametrize("year", ["0001", "9999"])
def test_an_event_of_a_year_that_cannot_be_is_of_now(year: str, raw: bytes) -> None:
    """Its envelope, its state, or both: the past goes on."""
    time = {"time": f"{year}-03-11T04:18:43Z"}
    state = {"detail.state.timestamp": f"{year}-03-11T04:18:43.514+0000"}
    test = Trial(PROFILE, PROFILE)
    edits: list[dict[str, object]] = [{**time}, {**state}, {**time, **state}]
    totals = test.hear(*(edited(raw, each) for each in edits), OUTAGE)
    assert (totals.events, test.flips) == (4, [])


def test_the_corpus_parts_nowhere_from_itself() -> None:
    """Events of every kind, through the same policy twice."""
    bodies = sorted((each.read_bytes() for each in EVENTS.glob("*.json")), key=_at)
    test = Trial(PROFILE, PROFILE)
    totals = test.hear(*bodies)
    assert test.flips == []
    assert totals.events == len(bodies)
    assert totals.incidents[0] == totals.incidents[1] > 5


def _at(body: bytes) -> datetime:
    return recorded_events.event_time(body) or EARLIEST


def test_fewer_attempts_lose_the_second_fix(tmp_path: Path) -> None:
    """By the guard that stops it; what came after is not known, and not told."""
    (seed,) = seed_run.seeds(1, "restarts do not help")
    path, profile = export(tmp_path, seed, given=())
    test = Trial(profile, changed(profile, "attempts_per_target_max", 1))
    totals = test.relive(path)
    assert {"fix-changed", "fix-lost"} & set(test.sorts)
    first = test.flips[0]
    assert isinstance(first.before, DecidedStep)
    assert first.before.step == "fix"
    assert totals.diverged == 1
    assert not {"page-gained", "page-lost"} & set(test.sorts)


def test_what_a_person_promoted_then_is_promoted_again(tmp_path: Path) -> None:
    """The demotion before it follows from the fixes that failed, on both sides."""
    (seed,) = seed_run.seeds(1, "restarts fail in one incident after another")
    path, profile = export(tmp_path, seed, given=())
    assert b'"kind":"promotion"' in path.read_bytes()
    test = Trial(profile, profile)
    assert (test.relive(path).diverged, test.flips) == (0, [])


def test_a_mode_of_approval_loses_the_fix(tmp_path: Path) -> None:
    """A person would have been asked."""
    path, profile = export(tmp_path, 0)
    asked = tuple(copy.replace(each, autonomy="approve") for each in profile.actions)
    test = Trial(profile, copy.replace(profile, actions=asked))
    test.relive(path)
    assert test.sorts[0] == "fix-lost"
    assert isinstance(test.flips[0].after, DecidedStep)
    assert test.flips[0].after.step == "request-approval"
    gained = Trial(copy.replace(profile, actions=asked), profile)
    gained.relive(path)
    assert gained.sorts[0] == "fix-gained"


def test_what_came_after_a_fix_that_was_lost_is_not_compared(tmp_path: Path) -> None:
    """The page of the hand-over then may or may not have come: nobody knows."""
    (seed,) = seed_run.seeds(1, "nothing helps")
    path, profile = export(tmp_path, seed)
    asked = tuple(copy.replace(each, autonomy="record-only") for each in profile.actions)
    trial = Trial(profile, copy.replace(profile, actions=asked))
    assert trial.relive(path).diverged == 1
    assert trial.sorts == ["fix-lost"]


def test_whoever_gives_up_sooner_loses_what_was_done_after(tmp_path: Path) -> None:
    """A page of the hand-over's own; and each fix that was then done is lost, by its end."""
    path, profile = export(tmp_path, 0, given=())
    trial = Trial(profile, changed(profile, "incident_age_max_seconds", 70))
    totals = trial.relive(path)
    assert "escalation-gained" in trial.sorts
    assert ("page-gained", None) in [(each.kind, each.before) for each in trial.flips]
    lost = [each.after for each in trial.flips if each.kind == "fix-lost"]
    assert {each.why for each in lost if isinstance(each, DecidedStep)} <= {"it is escalated"}
    assert totals.diverged == 0


def test_a_look_that_nobody_did_then_is_never_answered(tmp_path: Path) -> None:
    """What the hosts would have said was never recorded, which is said."""
    path, profile = export(tmp_path, 0)
    trial = Trial(profile, changed(profile, "evidence_age_max_seconds", 2))
    assert trial.relive(path).unrecorded["what hosts would have answered to a look"]


def test_a_minor_severity_loses_the_page() -> None:
    """The rule's new word is a flip of the signal, and its page is lost with it."""
    rules = tuple(
        copy.replace(each, severity=Severity.P3) if each.severity is Severity.P1 else each
        for each in PROFILE.rules
    )
    test = Trial(PROFILE, copy.replace(PROFILE, rules=rules))
    totals = test.hear(OUTAGE)
    assert test.sorts == ["signal", "page-lost", "page-lost"]  # the second is the hand-over's
    assert {each.why for each in test.flips[1:]} == {"the signal is taken for something else"}
    assert totals.incidents == (1, 1)
    assert totals.unrecorded["group"]
    back = Trial(copy.replace(PROFILE, rules=rules), PROFILE)
    back.hear(OUTAGE)
    assert back.sorts == ["signal", "page-gained", "page-gained"]


def test_an_incident_that_one_policy_has_alone_goes_on_by_itself() -> None:
    """The new side looks when it would, since the old one has nothing open."""
    muted = next(path for path in EVENTS.glob("cloudwatch.insufficient-data.json"))
    rules = tuple(copy.replace(each, severity=Severity.P1) for each in PROFILE.rules)
    test = Trial(PROFILE, copy.replace(PROFILE, rules=rules))
    totals = test.hear(muted.read_bytes())
    assert totals.incidents[1] >= totals.incidents[0]
    assert totals.reconciles > 0


def test_a_closed_incident_stays_closed_on_both_sides() -> None:
    """An alarm and its end; the alarm's own word is all that is known of it."""
    test = Trial(PROFILE, PROFILE)
    totals = test.hear(OUTAGE, WELL, WELL)
    assert (test.flips, totals.incidents, totals.events) == ([], (1, 1), 3)
    assert not test.pair.sides[0].store.tables.incidents


def _well(seconds: int) -> Iterator[bytes]:
    event = msgspec.json.decode(WELL)
    event["time"] = f"2026-03-11T05:00:{seconds:02}Z"
    event["detail"]["state"]["timestamp"] = f"2026-03-11T05:00:{seconds:02}.000+0000"
    yield msgspec.json.encode(event)


def test_an_alarm_that_is_ok_leaves_the_same_by_the_short_way() -> None:
    """Where nothing is open it is not judged; what is remembered of it is the same."""
    short, long = Trial(PROFILE, PROFILE), Trial(PROFILE, PROFILE)
    (body,) = _well(1)
    long.hear(OUTAGE, body)
    recorded_events.replay_event(body, short.pair, HOME, "")
    for side in (*short.pair.sides, *long.pair.sides):
        assert len(side.store.tables.heard) == 1
    entries_before = [test.pair.sides[1].store.tables.heard for test in (short, long)]
    assert entries_before[0] == entries_before[1]


ODD: list[tuple[dict[str, object], int]] = [
    ({"account": "999999999999"}, 0),
    ({"region": "eu-west-1"}, 0),
    ({"resources": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:another"]}, 1),
    ({"time": "2020-01-01T00:00:00Z"}, 1),
]


@pytest.mark.parametrize(("change", "incidents"), ODD)
def test_an_odd_ok_goes_the_long_way(change: dict[str, object], incidents: int) -> None:
    """Another's is rejected; one that contradicts itself, or its clock, is never taken for well."""
    event = msgspec.json.encode(msgspec.json.decode(WELL) | change)
    assert Trial(PROFILE, PROFILE).hear(event).incidents == (incidents, incidents)


def test_what_was_pulled_from_an_archive_is_what_it_was() -> None:
    """In production it would be recorded only; here it is the past itself."""
    replayed = msgspec.json.encode(msgspec.json.decode(OUTAGE) | {"replay-name": "pull"})
    assert Trial(PROFILE, PROFILE).hear(replayed).incidents == (1, 1)
    assert Trial(PROFILE, PROFILE).hear(b'{"replay-name": "pull"').incidents == (1, 1)


def test_what_neither_takes_for_an_incident_has_no_turns(tmp_path: Path) -> None:
    """Its signals are judged, and nothing is decided: here they are another Region's."""
    path, profile = export(tmp_path, 0)
    trial = Trial(profile, profile, Home(HOME.account, "eu-west-1"))
    totals = trial.relive(path)
    assert (totals.reconciles, totals.incidents, trial.flips) == (0, (0, 0), [])
    assert totals.events > 0


def test_a_turn_that_does_not_tell_what_it_rests_on_is_left_out(tmp_path: Path) -> None:
    """Nothing is guessed of it."""
    path, profile = export(tmp_path, 0)
    whole = Trial(profile, profile).relive(path).reconciles
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        line.get("data", {}).pop("observed", None)
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    assert Trial(profile, profile).relive(path).reconciles < whole


def test_a_line_that_is_none_of_an_export_is_named(tmp_path: Path) -> None:
    """With its number."""
    path, profile = export(tmp_path, 0)
    path.write_bytes(path.read_bytes() + b"[]\n")
    with pytest.raises(InvalidInput, match=r"line \d+ is no line of an export"):
        Trial(profile, profile).relive(path)


def test_judgements_are_kept_to_a_bound() -> None:
    """Of a stream of ever new names the memory stays the same."""
    event = msgspec.json.decode(WELL)
    trial = Trial(PROFILE, PROFILE)
    for number in range(ENTRIES_MAX + 5):
        event["source"] = f"vendor.{number}"
        recorded_events.replay_event(msgspec.json.encode(event), trial.pair, HOME, "")
    assert len(trial.pair.classifications) < ENTRIES_MAX
    assert trial.pair.finish().events == ENTRIES_MAX + 5


SORTS = [
    (step("wait"), step("wait"), None),
    (step("look"), step("wait"), "step"),
    (step("fix", "a", "x"), step("fix", "a", "y"), "fix-changed"),
    (step("wait"), step("fix", "a", "x"), "fix-gained"),
    (step("fix", "a", "x"), step("request-approval", "a", "x"), "fix-lost"),
    (step("wait"), step("escalate"), "escalation-gained"),
    (step("escalate"), step("close"), "escalation-lost"),
]


@pytest.mark.parametrize(("before", "after", "expected"), SORTS)
def test_a_flip_is_named_for_what_is_at_stake(
    before: DecidedStep, after: DecidedStep, expected: str
) -> None:
    """A fix first, then a person's turn, then any other step."""
    assert flip_kind(before, after) == expected


def test_a_guard_is_the_reason_before_a_rule() -> None:
    """Which stops it now, which lets it pass now; else what the rules say."""
    free, stopped = step("fix"), step("wait", denied=("lease_is_free",))
    assert flip_reason(free, stopped) == "lease_is_free stops it"
    assert flip_reason(stopped, free) == "lease_is_free lets it pass"
    assert flip_reason(free, step("wait")) == "'a rule' became 'a rule': because"
