"""Look: our own look document on the group's hosts, for `doctor --look`."""

from datetime import timedelta

from boto3.session import Session

from firstline.actions.look_host import LOOK_HOST, LOOK_TARGETS_MAX
from firstline.adapters.aws import clients
from firstline.adapters.aws.hosts import SsmHosts
from firstline.config.profile import Profile
from firstline.controller.ports.messaging import Clock
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.doctor.facts import Deployed, Read, Unread, known
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, InstanceId, Token, digest
from firstline.remediation.execution import Answered, LookOrder, Sent

ACTION = "ssm:SendCommand"
PATIENCE = timedelta(seconds=90)
POLL = timedelta(seconds=3)
NO_ANSWER = Unknown("it did not answer within 90 seconds")

type Reports = dict[InstanceId, HostReport | Unknown]


def look(
    session: Session,
    profile: Profile,
    deployed: Read[Deployed | None],
    hosts: tuple[InstanceId, ...],
    clock: Clock,
) -> Read[Reports]:
    """What the hosts report, at most fifty of them; it changes nothing on them."""
    resources = known(deployed.resources) if isinstance(deployed, Deployed) else ()
    document = next((it.name for it in resources if it.logical_id.startswith("LookHost")), None)
    if document is None:
        return Unread(ACTION, "no look document is deployed")
    if not hosts:
        return {}
    asked = hosts[:LOOK_TARGETS_MAX]
    documents = {LOOK_HOST.name: document}
    ours = SsmHosts(clients.sending(session), clients.answers(session), documents, profile)
    token = Token(digest(f"doctor {clock.now().isoformat()}".encode())[:32])
    sent = ours.look(LookOrder(token=token, targets=asked))
    if not isinstance(sent, Sent):
        return Unread(ACTION, sent.why)
    return _awaited(ours, sent.command, asked, clock)


def _awaited(
    ours: SsmHosts, command: CommandId, hosts: tuple[InstanceId, ...], clock: Clock
) -> Read[Reports]:
    reports: Reports = {}
    until = clock.now() + PATIENCE
    while len(reports) < len(hosts) and clock.now() < until:
        clock.sleep(POLL)
        try:
            answers = ours.answers(command)
        except DependencyUnavailable as error:
            return Unread("ssm:ListCommandInvocations", str(error).rpartition(": ")[2])
        reports = {host: it.report for host, it in answers.items() if isinstance(it, Answered)}
    return {host: reports.get(host, NO_ANSWER) for host in hosts}
