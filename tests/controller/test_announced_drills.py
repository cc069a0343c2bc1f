"""A drill that an operator announced is only observed; what is no drill never is."""

import json
from datetime import timedelta

import pytest

from firstline.controller.operators.commands import AnnounceDrill, CommandResult
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import state_change_event
from firstline.ledger.chain import Kind
from firstline.signals.drill_marker import DRILLS_MAX, state_reason
from tests.builders import ALARM_ARN
from tests.controller.rig import START, ZERO, Rig, later

ALICE = "arn:aws:sts::111122223333:assumed-role/on-call/alice"
OTHER_ARN = ALARM_ARN.replace("healthy-hosts", "other")
HOUR = timedelta(hours=1)


def announced(rig: Rig, alarm: str = ALARM_ARN, until: timedelta = HOUR) -> str:
    """The word under which an operator announced a drill."""
    lever = AnnounceDrill(alarm=alarm, until=rig.world.now + until)
    pulled = execute(OperatorRequest(lever, ALICE), rig.system)
    assert isinstance(pulled, CommandResult)
    assert pulled.marker
    return pulled.marker


def saying(said: str) -> bytes:
    """The alarm's event with that reason."""
    event = json.loads(state_change_event(ZERO, AlarmState.ALARM, START))
    event["detail"]["state"]["reason"] = said
    return json.dumps(event).encode()


def modes(rig: Rig) -> set[str]:
    """The modes that the first incident was decided on in, to its end."""
    rig.at_the_end()
    return {each["mode"] for each in rig.entries_of(Kind.DECISION)}


def test_an_announced_drill_is_only_observed() -> None:
    """Plans are made for dead hosts, and it is escalated at the end."""
    rig = Rig()
    rig.hear(saying(state_reason(announced(rig))))
    assert modes(rig) == {"dry-run"}
    assert rig.fixes == []
    denied = {
        each["guard"]
        for result in rig.entries_of(Kind.DECISION)
        for each in result["guards"]
        if each["denial"]
    }
    assert denied == {"mode_enforces"}


@pytest.mark.parametrize(
    "said",
    [
        "Threshold Crossed: 1 datapoint [0.0] was less than the threshold (1.0).",
        state_reason("0123456789abcdef"),
        "firstline drill: rung on purpose, nothing is wrong",
    ],
    ids=["by itself", "a word that nobody announced", "the weekly drill's"],
)
def test_an_unannounced_incident_is_fixed(said: str) -> None:
    """Whatever the reason says: text from outside switches nothing off."""
    rig = Rig()
    announced(rig)
    rig.hear(saying(said))
    assert modes(rig) == {"enforce"}
    assert len(rig.fixes) == 3


@pytest.mark.parametrize("around", ["x {}", "{} x", "{}\n", "\n{}"])
def test_a_reason_that_only_holds_the_word_is_no_drills(around: str) -> None:
    """An alarm that fires by itself can have the word in its reason."""
    rig = Rig()
    rig.hear(saying(around.format(state_reason(announced(rig)))))
    assert modes(rig) == {"enforce"}


def test_the_word_is_of_one_alarm() -> None:
    """Rung with another one's it counts for nothing."""
    rig = Rig()
    rig.hear(saying(state_reason(announced(rig, OTHER_ARN))))
    assert modes(rig) == {"enforce"}


def test_a_drill_that_is_over_is_a_true_incident() -> None:
    """A host that is dead after it is fixed as usual."""
    rig = Rig()
    word = announced(rig, until=timedelta(minutes=5))
    rig.hear(saying(state_reason(word)))
    assert modes(rig) == {"dry-run", "enforce"}
    assert len(rig.fixes) == 3


def test_a_true_alarm_in_the_middle_of_a_drill() -> None:
    """The same alarm by itself: paged under a key of its own, and mended from then on."""
    rig = Rig()
    rig.hear(saying(state_reason(announced(rig))))
    rig.until(lambda held: held.hosts)
    assert rig.fixes == []
    rig.hear(later(90))
    assert modes(rig) == {"dry-run", "enforce"}
    assert len(rig.fixes) == 3
    key = f"{rig.id()}:no-drill"
    assert rig.posts.count(("trigger", key)) == 1
    assert rig.notified[key] == 1


def test_a_drill_that_joins_trouble_changes_nothing() -> None:
    """The incident was no drill's before, and is none now."""
    rig = Rig()
    rig.hear()
    rig.hear(saying(state_reason(announced(rig))).replace(b".000+0000", b".600+0000"))
    assert modes(rig) == {"enforce"}
    assert len(rig.fixes) == 3


def test_a_switch_that_cannot_be_read_stops_fixes_of_both() -> None:
    """The announcements are unknown."""
    rig = Rig(scenario=Scenario(name="corrupt", switch_corrupt=True))
    with pytest.raises(InvalidInput, match="cannot be read, so fixes are blocked"):
        announced(rig)
    rig.hear(saying(state_reason("0123456789abcdef")))
    assert modes(rig) == {"enforce"}
    assert rig.fixes == []


@pytest.mark.parametrize("until", [timedelta(0), timedelta(hours=5)])
def test_for_how_long_a_drill_may_be_observed(until: timedelta) -> None:
    """A fleet cannot be in dry-run mode for a day."""
    with pytest.raises(InvalidInput, match="within the next 4 hours, later than now"):
        announced(Rig(), until=until)


def test_drills_are_counted_and_forgotten() -> None:
    """Those that are over make room."""
    rig = Rig()
    words = {announced(rig, f"{OTHER_ARN}-{number}") for number in range(DRILLS_MAX)}
    assert len(words) == DRILLS_MAX
    with pytest.raises(InvalidInput, match="20 drills are registered already"):
        announced(rig)
    rig.world.advance(START + HOUR)
    assert announced(rig) not in words
    result = rig.control[-1]
    assert (result["change"], result["by"]) == ("announced", ALICE)
