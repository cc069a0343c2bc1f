"""The Around port: what both adapters must do, and what AWS alone can do to one of them."""

import copy
import json
from collections.abc import Callable

import pytest

from firstline.adapters.aws.preflight import AwsPreflight
from firstline.config.profile import Fleet, Profile
from firstline.controller.ports.readers import PreflightReader
from firstline.diagnosis.preflight import Deployments, KeyState
from firstline.errors import DependencyUnavailable
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.preflight import BUILD_HOST, KEY
from firstline.lab.twin.scenario import PCR0, FaultKind
from tests.adapters.backends import T0, Door, Ends, Requests

NAMES = ("/vettid/enclave/pcr/pcr0", "/vettid/enclave/ami-id")
READS: dict[str, Callable[[PreflightReader], object]] = {
    "kms.DescribeKey": lambda around: around.key(),
    "cloudformation.DescribeStacks": lambda around: around.stack(),
    "ssm.DescribeParameters": lambda around: around.parameters(),
    "ec2.DescribeInstances": lambda around: around.builds(),
    "ssm.GetParameter": lambda around: around.image_published(),
    "kms.GetKeyPolicy": lambda around: around.images_allowed(KEY),
}


def around_of(ends: Ends, fleet: Fleet) -> AwsPreflight:
    return AwsPreflight(ends.session, fleet)


@pytest.fixture
def fleet(profile: Profile) -> Fleet:
    return copy.replace(
        profile.fleet,
        kms_key="alias/vettid",
        stack="VettID-Nitro",
        watched_parameters=NAMES,
        pcr0_parameter=NAMES[0],
        build_host_tag="Purpose=EIF-Build",
    )


@pytest.fixture
def aws_around(aws_door: Door, aws: TwinAws, fleet: Fleet) -> PreflightReader:
    """The deployed adapter, for a fleet that has everything: the door's own profile names none."""
    assert aws_door.ports.preflight.key() is None
    return AwsPreflight(aws.session, fleet)


@pytest.fixture
def both(door: Door, request: pytest.FixtureRequest) -> PreflightReader:
    """Either of the two."""
    if isinstance(door.ports.preflight, AwsPreflight):
        around: PreflightReader = request.getfixturevalue("aws_around")
        return around
    return door.ports.preflight


def test_the_facts_of_a_deployment(door: Door, both: PreflightReader) -> None:
    """The key's state, whether the stack changes, and when a parameter did."""
    assert both.key() == KeyState("Enabled", KEY)
    stack, parameters = both.stack(), both.parameters()
    assert isinstance(stack, Deployments)
    assert isinstance(parameters, Deployments)
    assert [each.in_progress for each in stack.known] == [False]
    assert all(each.at < T0 for each in parameters.known)
    door.world.scenario = copy.replace(
        door.world.scenario, key="Disabled", stack="UPDATE_ROLLBACK_IN_PROGRESS"
    )
    assert both.key() == KeyState("Disabled", KEY)
    stack = both.stack()
    assert isinstance(stack, Deployments)
    assert [each.in_progress for each in stack.known] == [True]


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
def test_fault_is_unavailable(door: Door, both: PreflightReader, kind: FaultKind) -> None:
    """A read that fails or hangs raises Unavailable; it is not tried again."""
    door.trouble("preflight", kind)
    for read in (both.key, both.stack):
        with pytest.raises(DependencyUnavailable):
            read()


def test_read_is_one_request(aws_around: PreflightReader, requests: Requests) -> None:
    """Each method makes one request."""
    for read in READS.values():
        read(aws_around)
    assert requests.calls == list(READS)


def test_what_the_fleet_does_not_have_is_not_asked_for(profile: Profile) -> None:
    """A profile that names nothing costs nothing."""
    ends = Ends({})
    around = around_of(ends, profile.fleet)
    reads = [read for name, read in READS.items() if name != "kms.GetKeyPolicy"]
    assert [read(around) for read in reads] == [None] * 5
    assert ends.sends == 0


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        ("kms.DescribeKey", {"KeyMetadata": {"KeyId": "one"}}),
        ("cloudformation.DescribeStacks", {"Stacks": [{"StackName": "VettID-Nitro"}]}),
        ("ssm.DescribeParameters", {"Parameters": [{"Name": NAMES[0], "LastModifiedDate": T0}]}),
        ("ssm.DescribeParameters", {"Parameters": []}),
        ("ec2.DescribeInstances", {"Reservations": [{"Instances": [{}]}]}),
        ("ssm.GetParameter", {"Parameter": {"Name": NAMES[0]}}),
        ("ssm.GetParameter", {"Parameter": {"Name": NAMES[0], "Value": "0123"}}),
        ("kms.GetKeyPolicy", {"Policy": "[]"}),
        ("kms.GetKeyPolicy", {"Policy": "no JSON"}),
        ("kms.GetKeyPolicy", {}),
    ],
)
def test_an_answer_that_lacks_something_is_unavailable(
    fleet: Fleet, read: str, answer: dict[str, object]
) -> None:
    """A watched parameter that is gone is no reason to act."""
    with pytest.raises(DependencyUnavailable):
        READS[read](around_of(Ends(answer), fleet))


def test_the_latest_change_of_a_stack_counts(fleet: Fleet) -> None:
    """A stack that was never updated changed when it was made."""
    created = {"StackName": "VettID-Nitro", "CreationTime": T0, "StackStatus": "CREATE_COMPLETE"}
    later = created | {"LastUpdatedTime": T0.replace(year=2027)}
    for stack, year in ((created, T0.year), (later, 2027)):
        result = around_of(Ends({"Stacks": [stack]}), fleet).stack()
        assert result is not None
        assert result.known[0].at.year == year


def test_the_image_and_its_build_hosts(door: Door, both: PreflightReader) -> None:
    """The published image, the key policy's images, and the hosts that build another."""
    assert both.image_published() == PCR0
    assert both.images_allowed(KEY) == (PCR0,)
    assert both.builds() == Deployments(())
    other = "f" * 96
    door.world.scenario = copy.replace(
        door.world.scenario, published_pcr0=other, allowed_pcr0=other, building=True
    )
    assert both.image_published() == other
    assert both.images_allowed(KEY) == (other,)
    builds = both.builds()
    assert isinstance(builds, Deployments)
    assert [(each.what, each.in_progress) for each in builds.known] == [(BUILD_HOST, True)]


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({}, ()),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, ()),
        ({"StringEqualsIgnoreCase": {"kms:RecipientAttestation:PCR0": "AB"}}, ("ab",)),
        ({"StringEquals": {"kms:recipientAttestation:pcr0": ["cd", "ab"]}}, ("ab", "cd")),
    ],
)
def test_a_policy_pins_the_images_that_it_names(
    fleet: Fleet, condition: dict[str, object], allowed: tuple[str, ...]
) -> None:
    """In any statement, whatever the case; one that names none allows any."""
    statements = [{"Effect": "Allow"}, {"Effect": "Allow", "Condition": condition}]
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}
    assert around_of(Ends(policy), fleet).images_allowed(KEY) == allowed
