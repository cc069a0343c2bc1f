"""Every scenario in ``events/scenarios``, through the handlers and adapters that are deployed."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from bench.narrow import narrowed
from firstline.actions.catalogue import UNDO_RESULTS
from firstline.cli.event_files import PROFILES
from firstline.cli.output import replay_lines as account
from firstline.cli.replay import read, unmet_expectations
from firstline.config.settings import Home
from firstline.lab.twin.deadline import missed_deadlines
from firstline.lab.twin.replay import replay
from firstline.lab.twin.replay_result import ReplayResult
from firstline.lab.twin.scenario import Scenario, load
from firstline.ledger import verify as audit
from firstline.reporting.html import report as pages
from firstline.reporting.postmortem.markdown import markdown
from firstline.reporting.postmortem.write import write_report
from firstline.reporting.tones import Tone
from tests.iam.calls import Call, kept, recording
from tests.iam.others import others
from tests.replay.kinds import kind, of_each_kind
from tools.prove import EVERY, ScenarioLine

DOCS = Path(__file__).parents[2] / "docs"
SCENARIOS = sorted((Path(__file__).parents[2] / "events" / "scenarios").glob("*.toml"))
HOME = Home("111122223333", "us-east-1")
FAST = of_each_kind(SCENARIOS, HOME)
ALL = os.environ.get(EVERY) == "all"
CHOSEN = [each for each in SCENARIOS if ALL or each in FAST or load(each).shows]
"""One of each kind, and each known failure; `./dev prove scenarios` runs them all."""
CASES = [
    pytest.param(each, id=each.stem, marks=() if each in FAST else pytest.mark.slow)
    for each in CHOSEN
]

KNOWN = {f"S{number:02}" for number in range(1, 24)} - {"S20"}
"""The failures of other systems by their ids; S20 is refused when a profile is loaded."""


def test_every_known_failure_has_its_scenario() -> None:
    """What went wrong in other systems is replayed here, each by its id."""
    shown = [each for path in SCENARIOS for each in load(path).shows]
    assert set(shown) == KNOWN


def test_the_fast_ones_are_one_of_each_kind() -> None:
    """No kind is left out, and none is there twice."""
    assert set(SCENARIOS) >= FAST
    kinds = [kind(each, HOME) for each in FAST]
    assert sorted(kinds) == sorted({kind(each, HOME) for each in SCENARIOS})


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each worker of a run leaves what its scenarios' functions asked for."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "asked"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="module", params=CASES)
def run(request: pytest.FixtureRequest, asked: Path) -> tuple[Scenario, ReplayResult]:
    """A scenario and what its replay left: run once, looked at by every test."""
    return recorded(request.param, asked)


def recorded(path: Path, asked: Path) -> tuple[Scenario, ReplayResult]:
    """The scenario at *path* and what its replay left; what it asked of AWS is in *asked*."""
    scenario, events, profile = read(path, HOME)
    with recording() as recorder, narrowed():
        replayed = replay(scenario, events, profile, HOME, lambda _: None)
    half = asked / f"{path.stem}.{os.getpid()}"
    half.write_bytes(msgspec.json.encode(sorted(recorder.calls)))
    half.rename(asked / path.stem)
    return scenario, replayed


def calls(path: Path, asked: Path) -> set[Call]:
    """What the scenario at *path* asked for; it runs where no worker has run it yet."""
    if not (asked / path.stem).exists():
        recorded(path, asked)
    return msgspec.json.decode((asked / path.stem).read_bytes(), type=set[Call])


def test_it_asks_aws_for_nothing_that_is_not_kept(
    run: tuple[Scenario, ReplayResult], asked: Path
) -> None:
    """IAM's proof (`tests/iam`) rests on the kept calls: `python -m tests.iam.record` keeps new."""
    scenario, _ = run
    assert calls(SCENARIOS[0].with_stem(scenario.name), asked) <= set(kept())


def test_it_ends_as_the_scenario_says(run: tuple[Scenario, ReplayResult]) -> None:
    """Outcome, the fixes in their order, and the pages are the expected ones."""
    scenario, replayed = run
    assert scenario.expect is not None
    assert unmet_expectations(scenario, account.lines(replayed)) == []


def test_it_ends_within_what_policy_allows(run: tuple[Scenario, ReplayResult]) -> None:
    """Each scenario with an incident states how late it may end, in terms of the policy."""
    scenario, replayed = run
    assert scenario.expect is not None
    assert scenario.expect.within or not any(each.incident for each in replayed.ledgers)
    assert missed_deadlines(scenario, replayed, PROFILES / f"{scenario.profile}.toml") == []


def test_its_ledger_verifies(run: tuple[Scenario, ReplayResult]) -> None:
    """Each chain holds from its first entry to the head that the incident names."""
    _, replayed = run
    chains = [each.entries for each in replayed.ledgers]
    for entries in filter(None, (*chains, replayed.control)):
        export = "".join(f"{entry.body}\n" for entry in entries).encode()
        found = audit.verify(export, (entries[-1].hash,))
        assert found.faults == []
        assert found.entries == len(entries)
    for chapter in replayed.ledgers:
        if chapter.incident is not None:
            assert chapter.incident.chain.head == chapter.entries[-1].hash


def test_its_report_says_what_was_done(run: tuple[Scenario, ReplayResult]) -> None:
    """R39: of its chain alone, how it ended, each fix with its verdict, and each page."""
    _, replayed = run
    for chapter in replayed.ledgers:
        result = write_report(chapter.entries, None)
        fixes = [(each.tone, each.at) for each in result.moments if each.word == "executes"]
        paged = {
            each.text.split()[1].removesuffix(":")
            for each in result.moments
            if each.word == "pages"
        }
        opened = {each.key for each in replayed.pages if each.action == "trigger"}
        # while the incident cannot be read, nothing can be recorded in it
        opened.discard(f"{chapter.id}:unreadable")
        assert paged == {each for each in opened if each.split(":")[0] == chapter.id}
        if chapter.incident is not None:
            assert result.outcome == chapter.incident.status
            assert (result.severity, result.condition) == (
                chapter.incident.severity,
                chapter.incident.condition,
            )
            tones = {True: Tone.GOOD, False: Tone.BAD, None: Tone.PLAIN}
            assert fixes == [
                (
                    Tone.PLAIN if each.action in UNDO_RESULTS else tones[each.helped],
                    each.intended_at,
                )
                for each in chapter.incident.attempts
            ]
        assert result.title in pages.page((result,))
        assert result.head in markdown(result)


def test_each_key_notifies_once(run: tuple[Scenario, ReplayResult]) -> None:
    """I2: a trigger after the first of its key finds the alert open, and folds into it."""
    _, replayed = run
    open_keys: set[str] = set()
    ended: set[str] = set()
    for page in replayed.pages:
        if page.action == "trigger":
            assert page.key not in ended
            open_keys.add(page.key)
        else:
            assert page.key in open_keys
            ended.add(page.key)


def test_an_incident_that_pages_is_heard_within_a_minute_of_when_it_could_be(
    run: tuple[Scenario, ReplayResult],
) -> None:
    """I1: whatever else fails, the first page is accepted within 60 s of when it could be.

    That is when PagerDuty is up, and where no event came, when a sweep may take the alarm in.
    """
    scenario, replayed = run
    outages = [each for each in scenario.faults if each.dependency == "pagerduty"]
    up_at = max((timedelta(seconds=each.until_seconds) for each in outages), default=timedelta(0))
    assert scenario.expect is not None
    up_at = max(up_at, timedelta(seconds=scenario.expect.paged_from_seconds or 0))
    if scenario.expect.pages == ():
        assert replayed.pages == ()
    else:
        possible = max(up_at, _grave_since(replayed) - replayed.start)
        assert replayed.pages[0].at - replayed.start <= possible + timedelta(seconds=60)


def test_the_first_decision_is_sent_within_30_s_of_the_page(
    run: tuple[Scenario, ReplayResult],
) -> None:
    """I38: in every mode; after a trouble it is a sweep that wakes what it kept back."""
    scenario, replayed = run
    over = [each.until_seconds + 60 for each in scenario.faults]
    over += [each.until_seconds + 60 for each in scenario.unreadable]
    for line in account.lines(replayed):
        paged = [page.at_seconds for page in line.pages if page.dedup_key == line.incident]
        if paged and line.severity != "P3":
            by = max(min(paged), *over) if over else min(paged)
            assert min(each.at_seconds for each in line.updates) <= by + 30


def _grave_since(replayed: ReplayResult) -> datetime:
    """When the first incident was as grave as a page: at once, or since it rose."""
    opened = [each.incident for each in replayed.ledgers if each.incident is not None]
    grave = (each.since for held in opened[:1] for each in held.responses if each.severity.pages)
    return next(grave, replayed.start)


@pytest.mark.slow
def test_a_store_that_hangs_holds_the_page_back_three_seconds_at_most() -> None:
    """The transaction has one second; then the page goes out without it."""
    path = next(each for each in SCENARIOS if each.stem == "store-down-and-back")
    scenario, events, profile = read(path, HOME)
    replayed = replay(scenario, events, profile, HOME, lambda _: None)
    assert replayed.pages[0].at - replayed.start <= timedelta(seconds=3)


def test_no_handler_fails(run: tuple[Scenario, ReplayResult]) -> None:
    """Nothing ends as a dead letter but what the store never took."""
    scenario, replayed = run
    assert replayed.dead == (1 if scenario.name == "store-down" else 0)
    assert replayed.refused == ()


@pytest.mark.slow
def test_what_is_kept_is_asked_for(asked: Path) -> None:
    """By some scenario, or where no scenario comes; no chosen one asks for more."""
    found = {call for path in CHOSEN for call in calls(path, asked)} | others()
    assert found == set(kept()) if ALL else found <= set(kept())


def test_every_scenario_was_run() -> None:
    """By `./dev prove scenarios`, which this run may be: a new one is run before it lands."""
    lines = (DOCS / "scenarios.jsonl").read_bytes().splitlines()
    result = [msgspec.json.decode(each, type=ScenarioLine) for each in lines]
    assert ALL or [each.scenario for each in result] == [each.stem for each in SCENARIOS]
