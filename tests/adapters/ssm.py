"""Hosts over an SSM whose calls all end as a test says."""

from datetime import timedelta

from firstline.adapters.aws import clients
from firstline.adapters.aws.hosts import SsmHosts
from firstline.config.profile import Profile
from firstline.ids import CommandId, IncidentId, InstanceId, Token
from firstline.remediation.execution import FixOrder, LookOrder
from tests.adapters.backends import T0, Ends, Http

TOKEN = Token("0123456789abcdef0123456789abcdef")
ONE = InstanceId("i-0a1b2c3d4e5f60711")
LOOK = LookOrder(token=TOKEN, targets=(ONE,))
INCIDENT = IncidentId("inc-0123456789abcdef0123")
FIX = FixOrder(
    token=TOKEN,
    incident=INCIDENT,
    action="restart_enclave",
    target=ONE,
    not_after=T0 + timedelta(minutes=1),
)
DOCUMENTS = {
    "look_host": "ours-look",
    "restart_enclave": "ours-restart",
    "restart_parent": "ours-parent",
}
COMMAND = CommandId("0a1b2c3d-0000-0000-0000-000000000000")


def hosts_of(ends: Ends, profile: Profile) -> SsmHosts:
    return SsmHosts(
        clients.sending(ends.session), clients.answers(ends.session), DOCUMENTS, profile
    )


def refusal(code: str) -> Http:
    """SSM's answer that names *code*."""
    return Http(400, f'{{"__type": "{code}", "Message": "no"}}')
