"""Inspects the group's hosts with the deployed inspection document, for `doctor --look`."""

from datetime import timedelta

from boto3.session import Session

from firstline.actions.look_host import LOOK_HOST, LOOK_TARGETS_MAX
from firstline.adapters.aws import clients
from firstline.adapters.aws.hosts import SsmHosts
from firstline.config.profile import Profile
from firstline.controller.ports.messaging import Clock
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.doctor.facts import Fact, ReadFailure, StackState, or_empty
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, InstanceId, Token, digest
from firstline.remediation.execution import Answered, LookOrder, Sent

SEND_COMMAND = "ssm:SendCommand"
ANSWER_TIMEOUT = timedelta(seconds=90)
POLL_INTERVAL = timedelta(seconds=3)
NO_ANSWER = Unknown("it did not answer within 90 seconds")

type Reports = dict[InstanceId, HostReport | Unknown]


def inspect_hosts(
    session: Session,
    profile: Profile,
    deployed: Fact[StackState | None],
    hosts: tuple[InstanceId, ...],
    clock: Clock,
) -> Fact[Reports]:
    """Return the hosts' reports, of fifty hosts at most; nothing on them changes."""
    resources = or_empty(deployed.resources) if isinstance(deployed, StackState) else ()
    document = next((it.name for it in resources if it.logical_id.startswith("LookHost")), None)
    if document is None:
        return ReadFailure(SEND_COMMAND, "no document look_host is deployed")
    if not hosts:
        return {}
    asked = hosts[:LOOK_TARGETS_MAX]
    documents = {LOOK_HOST.name: document}
    inspector = SsmHosts(clients.sending(session), clients.answers(session), documents, profile)
    token = Token(digest(f"doctor {clock.now().isoformat()}".encode())[:32])
    sent = inspector.look(LookOrder(token=token, targets=asked))
    if not isinstance(sent, Sent):
        return ReadFailure(SEND_COMMAND, sent.why)
    return _wait_for_reports(inspector, sent.command, asked, clock)


def _wait_for_reports(
    inspector: SsmHosts, command: CommandId, hosts: tuple[InstanceId, ...], clock: Clock
) -> Fact[Reports]:
    reports: Reports = {}
    until = clock.now() + ANSWER_TIMEOUT
    while len(reports) < len(hosts) and clock.now() < until:
        clock.sleep(POLL_INTERVAL)
        try:
            answers = inspector.answers(command)
        except DependencyUnavailable as error:
            return ReadFailure("ssm:ListCommandInvocations", str(error).rpartition(": ")[2])
        reports = {host: it.report for host, it in answers.items() if isinstance(it, Answered)}
    return {host: reports.get(host, NO_ANSWER) for host in hosts}
