"""``firstline drill`` on the twin's world: an alarm is raised, received, paged, followed, reset."""

import copy
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from firstline.cli.account.alarm_state import DrillAlarm
from firstline.cli.analysis.drill.report import as_markdown
from firstline.cli.analysis.drill.run import DrillDeployment, run_drill
from firstline.cli.drill import print_drill, write_reports
from firstline.cli.event_files import RUNBOOK
from firstline.cli.main import dispatch, end_on_signals
from firstline.cli.output.deployment_lines import DrillLine
from firstline.config.profile import Profile
from firstline.controller.operators.commands import AnnounceDrill, CommandResult
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.lab.twin.scenario import DEFAULT_HOSTS, HostPlan
from firstline.lab.twin.world import state_change_event
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import CHAIN
from firstline.signal import Condition
from tests.builders import ALARM_ARN, ALARM_NAME, HOME, PROFILE
from tests.controller.rig import TIMEOUT, ZERO, Rig

OUTAGE = Condition.COMPLETE_OUTAGE
HEALTHY = tuple(copy.replace(each, enclave="up") for each in DEFAULT_HOSTS)
ONE_DEAD = (DEFAULT_HOSTS[0], *HEALTHY[1:])
"""Too few for the alarm to ring by itself."""
PATIENCE, MINUTES = timedelta(minutes=15), timedelta(minutes=2)
ALICE = "arn:aws:sts::111122223333:assumed-role/on-call/alice"


class Clock:
    """The rig's clock: `sleep` delivers its wakes and alarms."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def now(self) -> datetime:
        return self._rig.world.now

    def sleep(self, duration: timedelta) -> None:
        until = self.now() + duration
        while self._rig.waiting and min(at for at, _ in self._rig.waiting) <= until:
            self._rig.turn()
        for raw in self._rig.world.advance(until):
            self._rig.hear(raw)


def rung(state: AlarmState, reason: str, at: datetime) -> bytes:
    """Return the event of a state that was set by hand."""
    event = json.loads(state_change_event(ZERO, state, at))
    event["detail"]["state"]["reason"] = reason
    return json.dumps(event).encode()


class Alarms:
    """The one alarm of the rig's world; *reaches* says whether its events are delivered."""

    def __init__(self, rig: Rig, *, reaches: bool = True, there: bool = True) -> None:
        self.turned: list[tuple[str, str]] = []
        self._stack: dict[str, DrillAlarm] = {}
        self._rig = rig
        self._reaches = reaches
        self._there = there

    def find_created(self, known_as: str) -> DrillAlarm | None:
        return self._stack.get(known_as)

    def find(self, name: str) -> DrillAlarm | None:
        state = self._rig.world.alarms[ALARM_ARN].state
        found = DrillAlarm(name, ALARM_ARN, state, "HealthyHostCount", {"TargetGroup": "t"})
        return found if self._there and name == ALARM_NAME else None

    def set_state(self, alarm: DrillAlarm, state: AlarmState, reason: str) -> None:
        self.turned.append((state.value, reason))
        held = self._rig.world.alarms[alarm.arn]
        if held.state is not state:
            held.turn(state, self._rig.world.now)
            if self._reaches:
                self._rig.hear(rung(state, reason, self._rig.world.now))


def stage(
    rig: Rig, *, reaches: bool = True, there: bool = True, profile: Profile = PROFILE
) -> DrillDeployment:
    alarms = Alarms(rig, reaches=reaches, there=there)
    mode = rig.system.settings.mode

    def tell_of_it(lever: AnnounceDrill) -> CommandResult:
        return execute(OperatorRequest(lever, ALICE), rig.system)

    return DrillDeployment(
        profile, HOME, mode, alarms, rig.door.ports.store, Clock(rig), tell_of_it
    )


def quiet(*hosts: HostPlan, mode: str = "dry-run") -> Rig:
    """A world in which nothing is wrong, and its alarm OK."""
    rig = Rig(*(hosts or HEALTHY), mode="enforce" if mode == "enforce" else "dry-run")
    rig.world.alarms[ALARM_ARN].turn(AlarmState.OK, rig.world.now)
    return rig


def drilled(rig: Rig, *, enforce: bool = False, reaches: bool = True) -> DrillLine:
    return run_drill(OUTAGE, stage(rig, reaches=reaches), PATIENCE, enforce=enforce).line


def test_a_drill_goes_the_whole_way() -> None:
    """Received, classified, paged in time, looked at, closed; and nothing is fixed."""
    rig = quiet()
    line = drilled(rig)
    why = "received, classified, notified and decided on in time"
    assert (line.holds, line.why) == (True, why)
    assert (line.severity, line.condition, line.channel) == ("P1", "complete-outage", "pager")
    assert (line.received_after_seconds, line.notified_after_seconds, line.target_seconds) == (
        1,
        1,
        60,
    )
    assert line.incident == rig.id()
    assert line.outcome in ("self-recovered", "resolved")
    assert line.ended_after_seconds is not None
    assert {"look", "close"} <= {each.step for each in line.decisions}
    assert rig.fixes == []
    assert rig.at_the_end().ended
    assert rig.posts == [("trigger", line.incident), ("resolve", line.incident)]


def test_denied_plans_are_printed() -> None:
    """Hosts that are dead all along would be restarted; observing denies it."""
    rig = quiet(*DEFAULT_HOSTS)
    line = drilled(rig)
    plans = {(each.plan, each.denied) for each in line.decisions if each.plan}
    assert any(plan and plan.startswith("restart_") for plan, _ in plans)
    assert all("mode" in " ".join(denied) for _, denied in plans)
    assert rig.fixes == []


def test_its_reason_says_that_it_is_a_drill() -> None:
    """And at the end the alarm is reset."""
    rig = quiet()
    alarms = Alarms(rig)
    run_drill(OUTAGE, stage(rig)._replace(alarms=alarms), PATIENCE, enforce=False)
    assert alarms.turned == [
        ("ALARM", "firstline drill: rung on purpose, nothing is wrong"),
        ("OK", "firstline drill: over"),
    ]


def test_an_event_that_is_not_received() -> None:
    """The target passes, half a minute more, and it does not hold."""
    rig = quiet()
    before = rig.world.now
    line = drilled(rig, reaches=False)
    assert (line.holds, line.incident) == (False, None)
    assert line.why == "no entry came within 60 s: no signal was received"
    assert rig.world.now - before == timedelta(seconds=90)


def test_a_drill_that_is_stopped_resets_its_alarm() -> None:
    """On SIGTERM too, also where a second one comes during the reset."""
    rig = quiet()

    class Stopped(Clock):
        def sleep(self, duration: timedelta) -> None:
            del duration
            signal.raise_signal(signal.SIGTERM)

    class Hurried(Alarms):
        def set_state(self, alarm: DrillAlarm, state: AlarmState, reason: str) -> None:
            if state is AlarmState.OK:
                signal.raise_signal(signal.SIGTERM)
            super().set_state(alarm, state, reason)

    alarms = Hurried(rig)
    hurried = stage(rig)._replace(alarms=alarms, clock=Stopped(rig))
    with ended_by_signals(), pytest.raises(KeyboardInterrupt):
        run_drill(OUTAGE, hurried, PATIENCE, enforce=False)
    assert [state for state, _ in alarms.turned] == ["ALARM", "OK"]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """As a command of a process of its own."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    end_on_signals()
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_a_page_that_comes_too_late() -> None:
    """PagerDuty takes it only after the target."""
    rig = quiet()
    rig.script.failing.add("post")
    alarms = Alarms(rig)
    clock = Clock(rig)
    began = clock.now()

    class Slow(Clock):
        def sleep(self, duration: timedelta) -> None:
            if self.now() - began > timedelta(seconds=70):
                rig.script.failing.clear()
            super().sleep(duration)

    line = run_drill(
        OUTAGE, stage(rig)._replace(alarms=alarms, clock=Slow(rig)), PATIENCE, enforce=False
    ).line
    assert not line.holds
    assert line.notified_after_seconds is not None
    assert line.notified_after_seconds > 60
    assert "it was notified after" in line.why


def test_a_page_that_is_never_accepted() -> None:
    """The result says so, and the drill ends all the same."""
    rig = quiet()
    rig.script.failing.add("post")
    line = run_drill(OUTAGE, stage(rig), PATIENCE, enforce=False).line
    assert (line.holds, line.why) == (False, "no notification was accepted on the channel pager")


def test_another_profile_took_it_for_something_else() -> None:
    """The deployed profile decides; the given one defines what is expected."""
    rig = quiet()
    rules = tuple(
        copy.replace(each, condition=Condition.ENCLAVE_DOWN) if each.condition is OUTAGE else each
        for each in PROFILE.rules
    )
    other = copy.replace(PROFILE, rules=rules)
    line = run_drill(
        Condition.ENCLAVE_DOWN, stage(rig, profile=other), PATIENCE, enforce=False
    ).line
    assert "it was classified as P1 complete-outage, not P1 enclave-down" in line.why


def test_a_drill_is_observed_where_the_deployment_may_fix() -> None:
    """Dead hosts are planned for and left alone; the switch's chain names who announced it."""
    rig = quiet(*ONE_DEAD, mode="enforce")
    line = drilled(rig)
    assert (line.holds, line.mode, line.dry_run) == (True, "enforce", True)
    assert {each.plan for each in line.decisions} >= {f"restart_enclave on {ONE_DEAD[0].id}"}
    assert {each["mode"] for each in rig.entries_of(Kind.DECISION)} == {"dry-run"}
    assert rig.fixes == []
    (entry,) = rig.control
    assert (entry["change"], entry["by"]) == ("announced", ALICE)
    (signal,) = [each for each in rig.entries_of(Kind.SIGNAL) if "joined" not in each]
    assert signal["drill"] == entry["marker"]


def test_enforce_is_asked_for() -> None:
    """Then nothing is announced, and what is dead is fixed as in a true incident."""
    rig = quiet(*DEFAULT_HOSTS, mode="enforce")
    played = run_drill(OUTAGE, stage(rig), PATIENCE, enforce=True)
    line = played.line
    assert (line.holds, line.dry_run, line.outcome) == (True, False, "resolved")
    assert "mode enforce, and the drill used that mode" in as_markdown(played.report)
    assert len(rig.fixes) == len(DEFAULT_HOSTS)
    assert CHAIN not in rig.tables.entries


def test_trouble_in_the_middle_of_a_drill_is_no_drill() -> None:
    """The alarm fires by itself: people are paged again, and dead hosts are fixed."""
    rig = quiet(*DEFAULT_HOSTS, mode="enforce")
    line = drilled(rig)
    assert line.why == "it was decided on in dry-run and enforce; the drill requires dry-run"
    rig.at_the_end()
    assert len(rig.fixes) == len(DEFAULT_HOSTS)
    assert ("trigger", f"{line.incident}:no-drill") in rig.posts
    assert ("resolve", f"{line.incident}:no-drill") in rig.posts


def test_a_drill_that_cannot_be_announced_is_not_rung() -> None:
    """It could not be observed only."""
    rig = quiet(mode="enforce")
    alarms = Alarms(rig)
    deployment = stage(rig)._replace(alarms=alarms)
    silent = deployment._replace(
        announce=lambda lever: CommandResult(command="drill", by=str(lever.until))
    )
    with pytest.raises(InvalidInput, match="did not register the drill: no alarm was set"):
        run_drill(OUTAGE, silent, PATIENCE, enforce=False)
    with pytest.raises(InvalidInput, match="a drill lasts at most 4:00:00"):
        run_drill(OUTAGE, deployment, timedelta(hours=5), enforce=False)
    assert alarms.turned == []


def test_a_drill_that_was_fixable_all_the_same_does_not_hold() -> None:
    """As where the deployment was promoted in between."""
    rig = quiet(mode="enforce")
    line = run_drill(OUTAGE, stage(rig)._replace(mode="dry-run"), PATIENCE, enforce=False).line
    assert line.why == "it was decided on in enforce; the drill requires dry-run"


def test_it_is_reset_also_where_it_cannot_be_followed() -> None:
    """Whatever fails after it was rung."""
    rig = quiet()
    alarms = Alarms(rig)
    rig.script.failing.add("entries")
    with pytest.raises(DependencyUnavailable):
        run_drill(OUTAGE, stage(rig)._replace(alarms=alarms), PATIENCE, enforce=False)
    assert [state for state, _ in alarms.turned] == ["ALARM", "OK"]


def test_the_reports_of_a_drill(tmp_path: Path) -> None:
    """Expected and actual results, denied plans, and the incident's own report."""
    played = run_drill(OUTAGE, stage(quiet(*ONE_DEAD, mode="enforce")), MINUTES, enforce=False)
    html, markdown = tmp_path / "drill.html", tmp_path / "drill.md"
    write_reports(played, PROFILE, html, markdown)
    for text in (html.read_text(), markdown.read_text()):
        assert "Drill of complete-outage: holds" in text
        assert "none, because a host is dead and not fixed" in text
        assert "denied by mode" in text
        assert "Timeline" in text
        assert str(played.line.incident) in text
    assert "decided | within 60 s | after 1 s | holds" in markdown.read_text()


def test_the_report_of_a_drill_that_was_not_received(tmp_path: Path) -> None:
    """It says that there is no incident to report."""
    played = run_drill(OUTAGE, stage(quiet(), reaches=False), PATIENCE, enforce=False)
    html, markdown = tmp_path / "drill.html", tmp_path / "drill.md"
    write_reports(played, PROFILE, html, markdown)
    assert "no signal was received" in html.read_text()
    assert "Timeline" not in html.read_text()
    assert "no signal was received" in markdown.read_text()
    write_reports(played, PROFILE, None, None)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["drill.html", "drill.md"]


def test_an_alarm_that_fires_already() -> None:
    """Nothing is turned."""
    rig = Rig(*HEALTHY, mode="dry-run")
    with pytest.raises(InvalidInput, match="is in ALARM already"):
        drilled(rig)


def test_an_incident_that_is_open() -> None:
    """A drill would join it, and prove nothing."""
    rig = quiet(*DEFAULT_HOSTS)
    rig.hear()
    with pytest.raises(InvalidInput, match=r"inc-[0-9a-f]+ is open"):
        drilled(rig)


def test_alarms_that_are_not_there() -> None:
    """As where the deployment lacks them."""
    with pytest.raises(InvalidInput, match="no alarm of complete-outage exists in CloudWatch: "):
        run_drill(OUTAGE, stage(quiet(), there=False), PATIENCE, enforce=False)


def test_a_condition_that_no_alarm_means() -> None:
    """The ones that there are, are named."""
    with pytest.raises(
        InvalidInput, match=("no alarm of the fleet file has the condition security-finding: name")
    ):
        run_drill(Condition.SECURITY_FINDING, stage(quiet()), PATIENCE, enforce=False)


def test_a_store_that_does_not_answer() -> None:
    """It is `DependencyUnavailable`, which the command reports in one line."""
    rig = quiet()
    rig.script.before("open_incident", TIMEOUT)
    with pytest.raises(DependencyUnavailable):
        drilled(rig)


def test_as_json_and_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """One document; for a person a line each, the verdict last."""
    line = drilled(quiet(*DEFAULT_HOSTS))
    assert print_drill(line, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True
    assert print_drill(line, as_json=False) == 0
    out = capsys.readouterr().out
    first = f"drill of {ALARM_NAME}, a dry run, in mode dry-run\n  received   after 1 s  inc-"
    assert out.startswith(first)
    assert "  notified   after 1 s  on the channel pager\n" in out
    assert "             would run restart_" in out
    assert out.endswith("holds: received, classified, notified and decided on in time\n")


def test_what_did_not_hold_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of it is left out for want of an incident."""
    line = drilled(quiet(), reaches=False)
    assert print_drill(line, as_json=False) == 1
    out = capsys.readouterr().out
    assert "  received   never\n" in out
    assert out.endswith("does not hold: no entry came within 60 s: no signal was received\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["weather"], "unknown condition 'weather': name one of complete-outage"),
        (["complete-outage", "--for", "soon"], "--for soon"),
        (["complete-outage", "--html", "no/such.html"], "no/such.html: cannot be written: create"),
        (["complete-outage", "--fleet", "no.toml"], "no.toml: cannot be read"),
        (["complete-outage"], "no fleet file: name one by --fleet FILE"),
        (["complete-outage", "--fleet", str(RUNBOOK)], "no Region is set"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str],
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 2."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert dispatch(["drill", *arguments]) == 2
    assert line in capsys.readouterr().err
