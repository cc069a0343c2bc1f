"""A yes is acted on by what is read after it: one more look, and not two."""

import copy
from typing import Any

import pytest

from firstline.diagnosis.evidence import Connections, HostEvidence, Unknown
from firstline.incidents.approvals import Proposal
from firstline.remediation.decide import decide
from firstline.remediation.decision import Fix, Look
from firstline.remediation.rules.look import approved_to_confirm
from firstline.remediation.situation import Situation
from tests.builders import (
    FLEET,
    NOW,
    A,
    B,
    C,
    ago,
    balancer,
    evidence,
    host,
    hosts,
    impaired,
    incident,
    look,
    target,
    targets,
)
from tests.remediation.situations import approval, proposal, situation

YES = approval()
READ_AT = ago(-5)
OLD, FRESH = hosts(*FLEET, age=61), hosts(*FLEET, age=59)


def about(*proposals: Proposal, **fields: Any) -> Situation:  # noqa: ANN401 - as `incident`
    """An incident with these proposals; its hosts were looked at before Alice's approval."""
    values = {"hosts": OLD, "proposals": proposals or (proposal(YES),)}
    return situation(incident=incident(**values | fields))


def approved(at: float) -> Proposal:
    """A yes so many seconds ago, or later."""
    return proposal(copy.replace(YES, at=ago(at)))


@pytest.mark.parametrize(
    "held",
    [
        about(),
        about(approved(60)),
        # at this very instant, and by a clock that is ahead of ours
        about(approved(0)),
        about(approved(-3)),
        # two that ask about the same host
        about(proposal(YES), proposal(YES, unknowns=("kms_is_calm",))),
        about(proposal(YES), proposal(None, hosts=(B,))),
        about(proposal(YES, hosts=(A, B)), targets=(target(A), target(B, verified=9))),
        # nobody has looked at it yet
        about(hosts={}, opened_at=ago(600)),
    ],
)
def test_the_hosts_of_a_yes_are_looked_at_once_more(held: Situation) -> None:
    """Whatever was read before it."""
    result = approved_to_confirm(held)
    assert result is not None
    assert (result.rule, result.step) == ("ConfirmApproval", Look((A,), READ_AT))
    assert result.why == f"inspecting {A} again before the approved fix"


@pytest.mark.parametrize(
    "held",
    [
        about(hosts=FRESH),
        about(hosts=hosts(*FLEET, age=60)),
        about(approved(0), hosts=hosts(*FLEET)),
        about(approved(-3), hosts=hosts(*FLEET)),
        # silence after it is what was read
        about(hosts={each: host(found=Unknown("no answer in time")) for each in FLEET}),
        about(proposal()),
        about(proposal(approval(granted=False))),
        about(proposal(YES, used=True)),
        about(proposal(YES, hosts=())),
        about(targets=targets(verified=9)),
        about(targets=targets(B, C)),
    ],
)
def test_nothing_is_looked_at_twice_or_without_a_yes(held: Situation) -> None:
    """A no, a plan that was done, a host that is verified or gone."""
    assert approved_to_confirm(held) is None


def test_several_hosts_are_looked_at_together_or_singly() -> None:
    """In one order; the first alone where SSM refused several."""
    whole = proposal(YES, hosts=(C, A, B))
    result = approved_to_confirm(about(whole))
    assert result is not None
    assert result.step == Look(FLEET, READ_AT)
    singly = approved_to_confirm(about(whole, look_singly=True))
    assert singly is not None
    assert singly.step == Look((A,), READ_AT)


def test_a_look_that_is_under_way_is_waited_for() -> None:
    """The second wake after a yes sends no second look."""
    assert decide(about(look=look(A))).rule == "LookUnderWay"


def test_a_recovery_after_the_yes_stops_the_fix_and_silence_does_not() -> None:
    """The look after it decides."""
    yes = proposal(YES)
    dead = situation(incident=incident(proposals=(yes,), hosts=FRESH))
    assert isinstance(decide(dead).step, Fix)
    back = situation(
        incident=incident(proposals=(yes,), hosts=hosts(*FLEET, up=True)),
        evidence=evidence(target_health=balancer("healthy")),
    )
    assert decide(back).rule == "ConfirmTargets"
    unread = {each: HostEvidence(Unknown("no answer in time"), NOW) for each in FLEET}
    lost = Connections({A: "ConnectionLost"})
    silent = situation(
        incident=incident(proposals=(yes,), hosts=unread),
        evidence=evidence(instance_statuses=impaired(), connections=lost),
    )
    assert decide(silent).rule == "NextFix"
