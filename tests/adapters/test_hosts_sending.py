"""SendCommand: what is asked of it, what never is, and what its failures prove."""

import copy
from datetime import timedelta
from typing import Any, Literal

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from firstline.adapters.aws import clients
from firstline.adapters.aws.hosts import SsmHosts
from firstline.config.probe_section import NatsProbe, Network, Probe
from firstline.config.profile import Nats, Profile, Units
from firstline.controller.ports.executors import Hosts
from firstline.errors import InvariantViolation
from firstline.ids import IncidentId, InstanceId, Token
from firstline.lab.twin.aws import session
from firstline.remediation.execution import FixOrder, LookOrder, Refused, Sent, Unsettled
from tests.adapters.backends import T0, Ends, Http
from tests.adapters.ssm import (
    COMMAND,
    DOCUMENTS,
    FIX,
    INCIDENT,
    LOOK,
    ONE,
    TOKEN,
    hosts_of,
    refusal,
)

ACCEPTED = {"Command": {"CommandId": COMMAND}}


def send(hosts: Hosts, order: LookOrder | FixOrder) -> object:
    return hosts.look(order) if isinstance(order, LookOrder) else hosts.fix(order)


def asked(profile: Profile, order: LookOrder | FixOrder) -> dict[str, Any]:
    """The parameters of SendCommand for *order*."""
    ends = Ends(ACCEPTED)
    found: dict[str, Any] = {}

    def keep(params: dict[str, Any], **_: object) -> None:
        found.update(params)

    ends.session.events.register("before-parameter-build.ssm", keep)
    assert send(hosts_of(ends, profile), order) == Sent(COMMAND)
    return found


def test_look_goes_to_all_its_targets_at_once(profile: Profile) -> None:
    """The look's request: explicit ids, the profile's names, and no host stops another's look."""
    targets = tuple(InstanceId(f"i-0a1b2c3d4e5f607{n}") for n in range(10, 60))
    assert asked(profile, copy.replace(LOOK, targets=targets)) == {
        "InstanceIds": list(targets),
        "DocumentName": "ours-look",
        "Parameters": {
            "EnclaveUnit": [profile.fleet.units.enclave],
            "ParentUnit": [profile.fleet.units.parent],
            "NatsHost": [profile.fleet.nats.host],
            "NatsPort": ["4222"],
            "CredentialsFile": [""],
        },
        "Comment": f"firstline {TOKEN}",
        "TimeoutSeconds": 60,
        "MaxConcurrency": "50",
        "MaxErrors": "100%",
    }


def test_fix_goes_to_one_host(profile: Profile) -> None:
    """The fix's request: one id, the enclave's unit, the token and the last whole second."""
    assert asked(profile, copy.replace(FIX, not_after=T0 + timedelta(seconds=60.9))) == {
        "InstanceIds": [ONE],
        "DocumentName": "ours-restart",
        "Parameters": {
            "Unit": [profile.fleet.units.enclave],
            "ParentUnit": [profile.fleet.units.parent],
            "Token": [TOKEN],
            "NotAfter": [str(int(T0.timestamp()) + 60)],
            "Incident": [INCIDENT],
            "Action": ["restart_enclave"],
            "AllowanceSeconds": ["600"],
        },
        "Comment": f"firstline {TOKEN}",
        "TimeoutSeconds": 60,
        "MaxConcurrency": "1",
        "MaxErrors": "0",
    }


def test_no_nats_host_is_sent_as_nothing(profile: Profile) -> None:
    """A profile without a NATS host asks the look not to try one."""
    bare = copy.replace(profile, fleet=copy.replace(profile.fleet, nats=Nats()))
    assert asked(bare, LOOK)["Parameters"]["NatsHost"] == [""]


@pytest.mark.parametrize(
    ("tls", "port", "looked_at"),
    [("first", 4222, False), ("first", 443, True), ("upgrade", 4222, True)],
)
def test_nats_behind_tls_is_not_looked_at(
    profile: Profile, tls: Literal["first", "upgrade"], port: int, *, looked_at: bool
) -> None:
    """A look waits for the server's first line, which does not come before TLS."""
    network = Network(
        vpc="vpc-01234567", subnets=("subnet-01234567",), security_groups=("sg-01234567",)
    )
    host = profile.fleet.nats.host
    probe = Probe(nats=NatsProbe(host=host, port=port, tls=tls, network=network))
    behind = copy.replace(profile, probe=probe)
    assert asked(behind, LOOK)["Parameters"]["NatsHost"] == [host if looked_at else ""]


NO_IDS = ["", "*", "i-0a1b2c3d4e5f6071", "i-ABCDEFGH", "i-0a1b2c3d\n", "mi-0a1b2c3d"]
BUGS: list[tuple[LookOrder | FixOrder, str]] = [
    *((copy.replace(FIX, target=InstanceId(each)), "not an instance id") for each in NO_IDS),
    (copy.replace(LOOK, targets=(ONE, InstanceId("*"))), "not an instance id"),
    (copy.replace(LOOK, targets=()), "it takes 1 to 50"),
    (copy.replace(LOOK, targets=(ONE,) * 51), "it takes 1 to 50"),
    (copy.replace(LOOK, token=Token(f"{TOKEN}\n")), "32 hexadecimal digits"),
    (copy.replace(FIX, token=Token("x")), "Token of restart_enclave"),
    (copy.replace(FIX, incident=IncidentId("$(id)")), "Incident of restart_enclave"),
    (copy.replace(FIX, action="reboot"), "'reboot' is not a fix"),
    (copy.replace(FIX, action="look_host"), "'look_host' is not a fix"),
    (copy.replace(FIX, not_after=T0.replace(year=1999)), "NotAfter of restart_enclave"),
]


@pytest.mark.parametrize(("order", "message"), BUGS)
def test_bad_order_is_a_bug(profile: Profile, order: LookOrder | FixOrder, message: str) -> None:
    """An invalid command raises, and nothing is sent."""
    ends = Ends({})
    with pytest.raises(InvariantViolation, match=message):
        send(hosts_of(ends, profile), order)
    assert ends.sends == 0


@pytest.mark.parametrize("unit", ["a b", "$(reboot)", "enclave\n"])
def test_parameters_match_in_full(profile: Profile, unit: str) -> None:
    """A unit's name that its pattern does not match as a whole raises, and nothing is sent."""
    ends = Ends({})
    units = Units(enclave=unit, parent="parent")
    hosts = hosts_of(ends, copy.replace(profile, fleet=copy.replace(profile.fleet, units=units)))
    for order, name in ((FIX, "Unit of restart_enclave"), (LOOK, "EnclaveUnit of look_host")):
        with pytest.raises(InvariantViolation, match=f"{name} does not match"):
            send(hosts, order)
    assert ends.sends == 0


def test_document_must_be_named_and_sent_once(profile: Profile) -> None:
    """Nothing is run in place of a document of ours, nor by a client that could send it twice."""
    one = session("us-east-1")
    with pytest.raises(InvariantViolation, match="no document for restart_enclave"):
        SsmHosts(clients.sending(one), clients.answers(one), {}, profile).fix(FIX)
    twice = SsmHosts(clients.answers(one), clients.answers(one), DOCUMENTS, profile)
    for order in (FIX, LOOK):
        with pytest.raises(InvariantViolation, match="once only"):
            send(twice, order)


URL = "https://ssm.invalid"
REFUSED: dict[str, Http | Exception] = {
    "AccessDeniedException": refusal("AccessDeniedException"),
    "InvalidInstanceId": refusal("InvalidInstanceId"),
    "ThrottlingException": refusal("ThrottlingException"),
    "EndpointConnectionError": EndpointConnectionError(endpoint_url=URL),
    "ConnectTimeoutError": ConnectTimeoutError(endpoint_url=URL),
}
UNSETTLED: dict[str, Http | Exception] = {
    "ReadTimeoutError": ReadTimeoutError(endpoint_url=URL),
    "ConnectionClosedError": ConnectionClosedError(endpoint_url=URL),
    "SSLError": SSLError(endpoint_url=URL, error=OSError("bad record")),
    "503": Http(503),
    "InvalidInstanceId": Http(500, '{"__type": "InvalidInstanceId"}'),
    "InternalServerError": refusal("InternalServerError"),
    "SomethingNew": refusal("SomethingNew"),
    "the answer names no command": Http(200, "<html>"),
}


@pytest.mark.parametrize(
    ("end", "outcome"),
    [(end, Refused(why)) for why, end in REFUSED.items()]
    + [(end, Unsettled(why)) for why, end in UNSETTLED.items()],
    ids=[*REFUSED, *(f"unsettled {why}" for why in UNSETTLED)],
)
def test_only_a_refusal_proves_that_nothing_runs(
    profile: Profile, end: Http | Exception, outcome: Refused | Unsettled
) -> None:
    """A named refusal, or no connection at all; all else is unsettled; each was tried once."""
    ends = Ends(end)
    hosts = hosts_of(ends, profile)
    assert (hosts.fix(FIX), hosts.look(LOOK)) == (outcome, outcome)
    assert ends.sends == 2
