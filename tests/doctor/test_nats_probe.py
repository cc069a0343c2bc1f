"""`firstline doctor` on the NATS probe's credentials and network."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.config.probe_section import Probe
from firstline.config.profile import ExternalAlarm, Profile
from firstline.doctor.facts import ProbeStatus
from tests.builders import NOW
from tests.doctor.accounts import ALARMS, WELL, alarm, found, measured, summaries

Facts = dict[str, Any]
CREDENTIALS = "/firstline/probe-nats-creds"
NATS = WELL.probe.nats
assert NATS is not None
NETWORK = NATS.network


def watching(known_as: str | None) -> tuple[Profile, Facts]:
    """A profile whose own alarms ignore the probe, with a foreign alarm on it."""
    made = tuple(each for each in WELL.alarms.made if each.namespace != "firstline")
    external = WELL.alarms.external
    if known_as:
        external = (*external, ExternalAlarm(name="theirs", known_as=known_as))
    profile = copy.replace(WELL, alarms=copy.replace(WELL.alarms, made=made, external=external))
    probed = [each for each in measured(WELL) if each.name == "EnclaveAnswering"]
    return profile, {"alarms": (*ALARMS, alarm("theirs", *probed)), "last_values": measured(WELL)}


PROBE: dict[str, tuple[Facts, str]] = {
    "no parameter": ({"parameters": ()}, CREDENTIALS),
    "nobody asked for parameters": ({"parameters": None}, CREDENTIALS),
    "nothing measured in a day": ({"probe_status": ProbeStatus(None)}, CREDENTIALS),
    "nothing measured for long": (
        {"probe_status": ProbeStatus(NOW - timedelta(minutes=11))},
        CREDENTIALS,
    ),
    "credentials at their end": (
        {"probe_status": ProbeStatus(NOW - timedelta(minutes=2), NOW)},
        CREDENTIALS,
    ),
    "no subnet": (
        {"subnets": dict.fromkeys(NETWORK.subnets[1:], NETWORK.vpc)},
        NETWORK.subnets[0],
    ),
    "a subnet of another network": (
        {"subnets": {**dict.fromkeys(NETWORK.subnets, NETWORK.vpc), NETWORK.subnets[0]: "vpc-1"}},
        NETWORK.subnets[0],
    ),
    "no security group": ({"security_groups": {}}, NETWORK.security_groups[0]),
    "nobody asked for security groups": (
        {"security_groups": None},
        NETWORK.security_groups[0],
    ),
}


@pytest.mark.parametrize(("changes", "subject"), PROBE.values(), ids=PROBE)
@pytest.mark.parametrize(
    ("known_as", "grade"),
    [("healthy-hosts", "critical"), ("unhealthy-hosts", "warning"), (None, "warning")],
)
def test_what_the_probe_needs_is_as_grave_as_what_rests_on_it(
    changes: Facts, subject: str, known_as: str | None, grade: str
) -> None:
    """Critical if a P1 depends on the probe alone."""
    (one,) = found(**changes)
    assert (one.check.startswith("probe-"), one.severity) == (True, "critical")
    assert one.subject == subject
    profile, base = watching(known_as)
    (finding,) = [
        each for each in found(profile, **base, **changes) if each.check.startswith("probe-")
    ]
    assert (finding.subject, finding.severity) == (subject, grade)


def test_both_parameters_of_the_probe_are_needed() -> None:
    """It reads either before it asks."""
    assert NATS is not None
    system = copy.replace(NATS, system_credentials_parameter="/firstline/probe-system-creds")
    profile = copy.replace(WELL, probe=copy.replace(WELL.probe, nats=system))
    assert summaries(profile) == [
        ("probe-credentials", "critical", "/firstline/probe-system-creds")
    ]
    assert [each[2] for each in summaries(profile, parameters=())] == [
        CREDENTIALS,
        "/firstline/probe-system-creds",
    ]


def test_a_missing_credential_names_its_remedy() -> None:
    """The command that mends it, with the parameter's name."""
    (one,) = found(parameters=())
    assert one.what == "is not a parameter in this Region (probe.nats.credentials_parameter)"
    assert f"aws ssm put-parameter --name {CREDENTIALS} --type SecureString" in one.remedy


def test_before_the_first_deployment_a_credential_is_not_known() -> None:
    """Doctor may not decrypt it: only its existence is known."""
    early = [
        each for each in found(deployed=None, probe_status=None) if each.subject == CREDENTIALS
    ]
    assert [(each.check, each.severity) for each in early] == [("probe-credentials", "note")]
    assert "is unknown before the probe runs" in early[0].what


def test_a_probe_without_credentials_has_none_that_could_lack() -> None:
    """Nor has a profile without a probe a network of it."""
    assert NATS is not None
    open_ = copy.replace(NATS, credentials_parameter=None)
    nobody = copy.replace(WELL, probe=copy.replace(WELL.probe, nats=open_))
    assert summaries(nobody, parameters=None, probe_status=ProbeStatus(None)) == []
    bare = copy.replace(WELL, probe=Probe(health=WELL.probe.health))
    lacking_all = {
        "subnets": None,
        "security_groups": None,
        "parameters": None,
        "probe_status": None,
    }
    checks = {each.check for each in found(bare, **lacking_all)}
    assert not {each for each in checks if each.startswith("probe-")}
