"""Doctor's expected configurations are all of the shipped profiles' stacks."""

from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from firstline.config import fleet_file as profiles
from firstline.doctor import stack_parts
from firstline.doctor.expected_config import QUEUE_POLICY, SCHEDULE, TOPIC_POLICY, expected_configs
from firstline.doctor.facts import Resource
from firstline.doctor.result import DoctorContext
from firstline.doctor.template import References
from tests.builders import HOME, PROFILE_FILE
from tests.doctor.accounts import ACCOUNT
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import Made

HELD = {stack_parts.RULE, QUEUE_POLICY, TOPIC_POLICY, SCHEDULE, stack_parts.FUNCTION}
VITAL = {
    *("DetectionAlarmStates", "BusGuardDuty", "BusSecurityHub", "BusSecurityHubV2"),
    *("QueuesSignals", "QueuesWakes", "OversightEmergency"),
    *("ResponseIngest", "ResponseReconcile", "ResponseSweep"),
}
"""On which a P1 rests, whatever the profile."""


@pytest.mark.parametrize("profile", ["runbook", "vettid"])
def test_all_that_carries_signals_is_held(profile: str, tmp_path: Path) -> None:
    """None has a form that this version cannot tell; as grave as what hangs on it."""
    path = PROFILE_FILE.with_name(f"{profile}.toml")
    app = App(outdir=str(tmp_path), context={**WITHOUT_BUNDLING, "fleet": str(path)})
    compose(app)
    app.synth()
    made = Made(tmp_path)
    (stack,) = (each for each in made.templates if each.endswith("-app"))
    template = made.templates[stack]
    resources = {
        name: Resource(kind, name, own) for name, (kind, own) in made.standing(stack).items()
    }
    configs = expected_configs(template, References(HOME, resources, made.exports()))
    kinds = [each["Type"] for each in template["Resources"].values()]
    assert {kind: [each.kind for each in configs].count(kind) for kind in HELD} == {
        kind: kinds.count(kind) for kind in HELD
    }
    case = DoctorContext(profiles.load(path), ACCOUNT)
    critical = {each.part for each in configs if stack_parts.grade(case, each.part) == "critical"}
    assert critical >= VITAL
    assert "ArchiveLost" not in critical
