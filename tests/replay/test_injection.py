"""Whatever stands in a free field stays data: it reaches no command and steers no terminal.

Each text of an alarm's event is replaced in turn, and so are a host's report, a user's words and an
operator's reason; all that leaves firstline by then is read.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from firstline.adapters import wiring
from firstline.adapters.aws.wakes import decode_wake
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file
from firstline.controller.ingest import ingest
from firstline.controller.operators.commands import parse_command
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from firstline.errors import InvalidInput
from firstline.ids import IncidentId, incident_id
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.scenario import DEFAULT_HOSTS, Scenario
from firstline.lab.twin.world import World
from firstline.signals.sources.envelope import parse
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import FLEET, START, ZERO
from tests.events import EVENTS

pytestmark = pytest.mark.slow

CANARY = "CANARY"
ATTEMPT = f"{CANARY}'\"; reboot #$(reboot)`reboot`{{{{ssm:x}}}}%s\n\x1b[2J\u202e<https://x|y>"
WAKES_MAX = 40
NAMES = {"alarmName", "metric.name", "id"}
"""Where a word of the event may be told as it is, for a name of AWS's it is; never a control."""

type Place = tuple[str | int, ...]


def texts(node: object, at: Place = ()) -> Iterator[Place]:
    """Every place of *node* that holds a text."""
    if isinstance(node, str):
        yield at
    elif isinstance(node, dict | list):
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from texts(inner, (*at, key))


def injected(raw: bytes, at: Place, text: str = ATTEMPT) -> bytes:
    """The event with *text* in the place of one of its own."""
    event: Any = json.loads(raw)
    holder = event
    for key in at[:-1]:
        holder = holder[key]
    holder[at[-1]] = text
    return json.dumps(event).encode()


class Said:
    """All that a run told AWS, PagerDuty and the record."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.changes: list[str] = []
        self.words: list[str] = []

    def listen(self, aws: TwinAws) -> None:
        """Hear every request from now on."""
        events: Any = aws.session.events
        events.register("provide-client-params.ssm.SendCommand", self._command)
        events.register("provide-client-params.autoscaling", self._change)
        events.register("provide-client-params.sns.Publish", self._word)

    def _command(self, params: dict[str, Any], **_: object) -> None:
        self.commands.append(json.dumps(params))

    def _change(self, params: dict[str, Any], **_: object) -> None:
        self.changes.append(json.dumps(params))

    def _word(self, params: dict[str, Any], **_: object) -> None:
        self.words += [params["Subject"], *params["Message"].split("\n")]


def run(raw: bytes) -> Said:
    """The event through the deployed handlers' core and adapters, for as long as it takes."""
    world = World(Scenario(name="injection", hosts=DEFAULT_HOSTS[:1]), START, PROFILE.fleet.group)
    world.watch(ALARM_ARN, ZERO, "healthy")
    clock, text = WorldClock(world), Said()
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, clock.sleep) as aws, pagerduty:
        text.listen(aws)
        settings = aws.settings(fleet_file.read(RUNBOOK), "enforce", pagerduty.url)
        system = wiring.system(settings, aws.session, clock)
        ingest(raw, system)
        incident = incident_id(parse(raw, settings.home, START).key)
        for _ in range(WAKES_MAX):
            taken = sorted(aws.take(settings.wakes_queue_url), key=lambda each: each.due_at)
            for each in taken:
                world.advance(each.due_at)
                reconcile(decode_wake(each.body), system)
            if not taken:
                break
        text.words += _record(system, incident)
        text.words += list(_strings([each.body for each in pagerduty.alerts.received]))
    return text


def _record(system: System, incident: IncidentId) -> Iterator[str]:
    for entry in system.ports.store.entries(incident):
        yield from _strings(json.loads(entry.body))


def _strings(node: object) -> Iterator[str]:
    for at in texts(node):
        value: Any = node
        for key in at:
            value = value[key]
        yield value


PLACES = list(texts(json.loads(ZERO)))


@pytest.mark.parametrize("place", PLACES, ids=lambda at: ".".join(map(str, at)))
def test_a_text_of_an_alarm_stays_data(place: Place) -> None:
    """I27: it reaches no command and no request to the group, and steers no terminal."""
    text = run(injected(ZERO, place))
    assert not any(CANARY in each for each in text.commands + text.changes)
    assert text.words
    result = [each for each in text.words if CANARY in each]
    named = ".".join(str(each) for each in place)
    assert not result or any(named.endswith(name) for name in NAMES)
    assert not any(ord(letter) < 32 or letter == "\u202e" for each in text.words for letter in each)
    fixed = [each for each in text.commands if "restart" in each]
    assert all(json.loads(each)["InstanceIds"] == [FLEET[0]] for each in fixed)
    assert len(fixed) <= 1


def test_the_untouched_alarm_is_mended() -> None:
    """So that what stops the others is not that nothing works here."""
    text = run(ZERO)
    assert sum("restart" in each for each in text.commands) == 1


def test_a_users_words_are_kept_to_the_incident() -> None:
    """R23: neither the GUID nor the details leave it."""
    report = json.loads((EVENTS / "user.report.json").read_bytes())
    changed = copy.deepcopy(report)
    changed["detail"]["details"] = ATTEMPT
    text = run(json.dumps(changed).encode())
    assert text.words
    assert not any(CANARY in each for each in text.commands + text.words)
    assert not any(report["detail"]["user"] in each for each in text.commands + text.words)


@pytest.mark.parametrize("field", ["incident", "plan", "why", "scope", "until", "command"])
def test_an_operators_word_is_refused_and_not_repeated(field: str) -> None:
    """Free text goes to the record and to PagerDuty, so it is checked before."""
    order = {"command": "deny", "incident": "inc-" + "0" * 20, "plan": "0" * 64, "why": "no"}
    if field in {"scope", "until"}:
        order = {
            "command": "pause",
            "scope": "everything",
            "why": "x",
            "until": "2026-03-11T05:00Z",
        }
    with pytest.raises(InvalidInput) as refusal:
        parse_command(json.dumps(order | {field: ATTEMPT}).encode())
    assert "\x1b" not in str(refusal.value)
    assert "reboot" not in str(refusal.value)
