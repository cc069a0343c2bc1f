"""A plan that only unknowns bar is proposed; a yes overrides exactly what it was asked about."""

import copy
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from firstline.config.profile import ActionPolicy
from firstline.diagnosis.evidence import HostEvidence, Refreshes, Unknown
from firstline.diagnosis.preflight import PreflightFacts
from firstline.ids import Digest
from firstline.incidents.approvals import PROPOSALS_MAX, Proposal
from firstline.ledger.chain import Kind
from firstline.ledger.entries import DecisionMade, decode
from firstline.remediation.decide import decide
from firstline.remediation.decision import Escalate, Fix, RequestApproval, Step, Wait
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from tests.builders import FLEET, NOW, PROFILE, A, ago, incident, report
from tests.remediation.situations import (
    FACTS,
    RESTART_ONLY,
    approval,
    limits,
    proposal,
    situation,
    spent,
    switch,
)

UNREAD = Unknown("throttled")
LOG, KEY = "kms_is_calm", "key_is_usable"
DARK_LOG = {each: HostEvidence(report(log_counts=None), NOW) for each in FLEET}
"""A fact that a person is asked for at once: whether KMS throttles the hosts."""
DARK_KEY = PreflightFacts(refreshes=Refreshes(), key=UNREAD)
"""A fact that may become known by itself: people are asked once it has barred the plan for long."""
APPROVE = copy.replace(PROFILE, actions=(ActionPolicy(name="restart_enclave", autonomy="approve"),))
RESTART = Plan(action="restart_enclave", target=A, hosts=(A,), facts=FACTS)
UNREADABLE = copy.replace(limits(), switch=KillSwitch(pauses=(), unreadable="corrupt"))


def barred(
    *proposals: Proposal,
    log: bool = True,
    key: bool = False,
    age: float = 60,
    **fields: object,
) -> Situation:
    """The restart of `A` in an incident of this age, without the facts that are named."""
    held: dict[str, Any] = {"opened_at": ago(age), "proposals": proposals}
    if log:
        held["hosts"] = DARK_LOG
    if key:
        fields["surroundings"] = DARK_KEY
    return situation(**{"incident": incident(**held)} | fields)


def wait(seconds: float) -> Wait:
    return Wait(NOW + timedelta(seconds=seconds))


def asked(*unknowns: str) -> RequestApproval:
    return RequestApproval(RESTART, unknowns)


def named(*unknowns: str, **fields: Any) -> Proposal:  # noqa: ANN401 - as `proposal`
    """A proposal of the restart of `A` that names these unknowns."""
    text = fields.pop("said", None)
    return proposal(text, unknowns=unknowns, **fields)


@pytest.mark.parametrize(
    ("about", "step"),
    [
        # a guard that wants to ask does so at once
        (barred(), asked(LOG)),
        # any other unknown only after it has barred the plan for long
        (barred(log=False, key=True, age=899), wait(60)),
        (barred(log=False, key=True, age=900), asked(KEY)),
        (barred(key=True, age=899), wait(60)),
        (barred(key=True, age=900), asked(LOG, KEY)),
        # beside a denial that is known nobody is asked
        (barred(mode="dry-run"), wait(60)),
        (barred(mode="dry-run", age=900), Escalate()),
        (barred(limits=limits(spent(59))), wait(60)),
        (barred(limits=limits(spent(900), spent(3599)), profile=RESTART_ONLY), Escalate()),
        (barred(limits=UNREADABLE), wait(60)),
        (barred(limits=copy.replace(limits(), switch=switch("everything")), age=900), wait(60)),
        # an action that needs a person anyhow is asked about once, with what is unknown
        (barred(profile=APPROVE), asked(LOG)),
        (barred(profile=APPROVE, log=False, key=True, age=899), wait(60)),
        (barred(profile=APPROVE, log=False, key=True, age=900), asked(KEY)),
    ],
)
def test_when_people_are_asked(about: Situation, step: Step) -> None:
    """At once, or after `blocked_max_seconds`; the guards that lack a fact are named."""
    result = decide(about)
    assert (result.rule, result.step) == ("NextFix", step)


@pytest.mark.parametrize("profile", [PROFILE, APPROVE], ids=["auto", "approve"])
@pytest.mark.parametrize(
    ("about", "step"),
    [
        # while it stands it is waited for, however long the incident was blocked
        ({"proposals": (named(LOG),)}, wait(30)),
        ({"proposals": (named(LOG, stood=-600),)}, wait(60)),
        ({"proposals": (named(LOG, stood=-600),), "age": 7000}, wait(60)),
        ({"proposals": (named(LOG, KEY),), "key": True, "age": 900}, wait(30)),
        # silence is no, and so is a no
        ({"proposals": (named(LOG, stood=0),)}, Escalate()),
        ({"proposals": (named(LOG, said=approval(granted=False)),)}, Escalate()),
        ({"proposals": (named(LOG, said=approval(granted=False)),), "log": False}, Escalate()),
        # a yes holds for a while
        ({"proposals": (named(LOG, said=approval()),)}, Fix(RESTART)),
        ({"proposals": (named(LOG, said=approval(), stood=0),)}, Fix(RESTART)),
        ({"proposals": (named(LOG, said=approval(ended=0)),)}, Escalate()),
        # it overrides what was named, and what became known since needs no overriding
        ({"proposals": (named(LOG, KEY, said=approval()),), "key": True}, Fix(RESTART)),
        ({"proposals": (named(LOG, KEY, said=approval()),)}, Fix(RESTART)),
        # another unknown than the named one asks again, and names all that is unknown
        ({"proposals": (named(KEY),)}, asked(LOG)),
        ({"proposals": (named(KEY, said=approval()),)}, asked(LOG)),
        ({"proposals": (named(said=approval()),)}, asked(LOG)),
        (
            {"proposals": (named(LOG, said=approval()),), "key": True, "age": 900},
            asked(LOG, KEY),
        ),
        # a yes to another plan, and one that was used, is none
        ({"proposals": (named(LOG, said=approval(), plan=Digest("e" * 64)),)}, asked(LOG)),
        ({"proposals": (named(LOG, said=approval(), used=True),)}, asked(LOG)),
        # so many pages, and no more
        ({"proposals": (named(LOG, used=True),) * (PROPOSALS_MAX - 1)}, asked(LOG)),
        ({"proposals": (named(LOG, used=True),) * PROPOSALS_MAX}, Escalate()),
        ({"proposals": (named(KEY),) * PROPOSALS_MAX}, Escalate()),
    ],
)
def test_the_step_after_a_proposal(profile: object, about: dict[str, Any], step: Step) -> None:
    """The same for an action that goes by itself and for one that a person allows each time."""
    fields = dict(about)
    result = decide(barred(*fields.pop("proposals"), profile=profile, **fields))
    assert (result.rule, result.step) == ("NextFix", step)


def test_an_escalation_names_the_missing_approval() -> None:
    """With the unknown fact, or the person who denied it."""
    silent = decide(barred(named(LOG, stood=0)))
    assert silent.why == (
        f"restart_enclave on {A} was not approved:"
        f" cannot check whether KMS throttles {A}: its log cannot be read"
    )
    refused = decide(barred(named(LOG, said=approval(granted=False))))
    assert refused.why.startswith("arn:of:alice denied restart_enclave: not now; ")


@pytest.mark.parametrize(
    ("kill", "step"),
    [
        (UNREADABLE, wait(60)),
        (UNREAD, wait(60)),
        (copy.replace(limits(), switch=switch("everything")), wait(60)),
    ],
)
def test_no_yes_overrides_the_kill_switch(kill: object, step: Step) -> None:
    """Also not one that named the guard: only a fact that a person may know is overridden."""
    every = named(LOG, "switch_is_off", "action_is_allowed", said=approval())
    result = decide(barred(every, limits=kill))
    assert result.step == step
    (stops,) = [each for each in result.answers if each.guard == "switch_is_off"]
    assert (stops.stops, stops.overridden) == (True, False)


def test_an_overridden_denial_stays_in_the_record() -> None:
    """I25: with the person's yes above it, and no longer among the denials."""
    result = decide(barred(named(LOG, said=approval())))
    (over,) = [each for each in result.answers if each.overridden]
    assert over.guard == LOG
    assert over.denial is not None
    assert (over.denial.unknown, over.stops) == (True, False)
    entry = json.loads(msgspec.json.encode(result.to_ledger().to_ledger()))
    (recorded,) = [each for each in entry["guards"] if each["denial"]]
    assert (recorded["guard"], recorded["overridden"]) == (LOG, True)
    assert recorded["denial"]["unknown"] is True
    event = decode(Kind.DECISION, entry)
    assert isinstance(event, DecisionMade)
    assert event.denials == ()
    asking = decode(
        Kind.DECISION, json.loads(msgspec.json.encode(decide(barred()).to_ledger().to_ledger()))
    )
    assert isinstance(asking, DecisionMade)
    assert [guard for guard, _ in asking.denials] == [LOG]
