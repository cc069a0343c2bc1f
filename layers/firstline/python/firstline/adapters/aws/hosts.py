"""Hosts: commands over SSM, of firstline's own documents, on explicit instances.

SendCommand takes no client token. So a command is sent once, with its token in the comment, and an
unknown outcome is searched for (`SsmHosts.find`), never sent again.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from firstline.actions.action import Action
from firstline.actions.catalogue import FIXES
from firstline.actions.look_host import LOOK_HOST
from firstline.adapters.aws import mutation_outcome, ssm_results
from firstline.adapters.aws.errors import code, unavailable
from firstline.config.profile import Profile
from firstline.diagnosis.evidence import Connections
from firstline.errors import InvariantViolation
from firstline.ids import INSTANCE_ID, CommandId, InstanceId, Token
from firstline.remediation.execution import (
    COMMAND_SEARCH_MARGIN,
    Answer,
    FixOrder,
    LookOrder,
    Sending,
)

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import CommandTypeDef

EXECUTOR = "ssm"
TARGETS_MAX = 50
"""The most instances that SendCommand takes by id."""
NOT_LISTED_YET = frozenset({"InvalidCommandId", "InvocationDoesNotExist"})
"""SSM's errors for a command that it has only just accepted."""


class SsmHosts:
    """Commands on the hosts of *profile*; *documents* maps an action's name to its document's.

    *sending* must be a client without retries (`clients.sending`); with another one, each send
    raises `InvariantViolation`.
    """

    def __init__(
        self,
        sending: "SSMClient",
        reading: "SSMClient",
        documents: Mapping[str, str],
        profile: Profile,
    ) -> None:
        self._sending = sending
        self._reading = reading
        self._documents = documents
        self._profile = profile

    def look(self, order: LookOrder) -> Sending:
        """Send a look to all its targets at once; a failed target stops no other."""
        fleet = self._profile.fleet
        parameters = {
            "EnclaveUnit": fleet.units.enclave,
            "ParentUnit": fleet.units.parent,
            "NatsHost": "" if self._tls_first() else fleet.nats.host,
            "NatsPort": str(fleet.nats.port),
            "CredentialsFile": fleet.nats.credentials_file,
        }
        return self._send(LOOK_HOST, order.targets, parameters, order.token)

    def fix(self, order: FixOrder) -> Sending:
        """Send a fix to its one host, once."""
        action = FIXES.get(order.action)
        if action is None or action.executor != EXECUTOR:
            raise InvariantViolation(f"{order.action!r} is not a fix that runs on a host")
        parameters = self._units(action) | {
            "Token": order.token,
            "NotAfter": str(int(order.not_after.timestamp())),
            "Incident": order.incident,
            "Action": order.action,
            "AllowanceSeconds": str(self._profile.policy.boot_allowance_seconds),
        }
        return self._send(action, (InstanceId(order.target),), parameters, order.token)

    def connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        """The state of SSM's agent on each of *hosts*; raises `DependencyUnavailable`."""
        with unavailable("hosts"):
            pages = self._reading.get_paginator("describe_instance_information").paginate(
                Filters=[{"Key": "InstanceIds", "Values": list(hosts)}],
                PaginationConfig={"PageSize": 50},
            )
            return Connections(
                {
                    InstanceId(each["InstanceId"]): each["PingStatus"]
                    for page in pages
                    for each in page["InstanceInformationList"]
                }
            )

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """Each host's answer to *command* so far; raises `DependencyUnavailable`.

        A host that SSM does not list yet is left out.
        """
        look = self._document(LOOK_HOST)
        with unavailable("hosts"):
            try:
                pages = self._reading.get_paginator("list_command_invocations").paginate(
                    CommandId=command, Details=True
                )
                return {
                    InstanceId(each["InstanceId"]): ssm_results.parse_answer(
                        each, look=each["DocumentName"] == look
                    )
                    for page in pages
                    for each in page["CommandInvocations"]
                }
            except ClientError as error:
                if code(error) not in NOT_LISTED_YET:
                    raise
                return {}

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """The command with the order's token, sent at or after *since*.

        Raises `DependencyUnavailable`.
        """
        comment = _comment(order.token)
        after = (since - COMMAND_SEARCH_MARGIN).strftime("%Y-%m-%dT%H:%M:%SZ")
        with unavailable("hosts"):
            pages = self._reading.get_paginator("list_commands").paginate(
                Filters=[{"key": "InvokedAfter", "value": after}]
            )
            commands = [
                each["CommandId"]
                for page in pages
                for each in page["Commands"]
                if self._comment_of(each) == comment
            ]
        return CommandId(commands[0]) if commands else None

    def _comment_of(self, command: "CommandTypeDef") -> str:
        """The comment of *command*. Each command of firstline's documents has one."""
        ours = command["DocumentName"] in self._documents.values()
        return command["Comment"] if ours else command.get("Comment", "")

    def _tls_first(self) -> bool:
        """True if NATS sends nothing before TLS, since a look waits for its INFO.

        The probe's section has the mode, if it probes the hosts' address.
        """
        probed, nats = self._profile.probe.nats, self._profile.fleet.nats
        return (
            probed is not None
            and probed.tls == "first"
            and (probed.host, probed.port) == (nats.host, nats.port)
        )

    def _units(self, action: Action) -> dict[str, str]:
        """The units of *action*."""
        if not action.unit:
            raise InvariantViolation(f"{action.name} names no unit")
        units = self._profile.fleet.units
        names = {"Unit": getattr(units, action.unit), "ParentUnit": units.parent}
        return {each.name: names[each.name] for each in action.parameters if each.name in names}

    def _send(
        self,
        action: Action,
        targets: tuple[InstanceId, ...],
        parameters: Mapping[str, str],
        token: Token,
    ) -> Sending:
        _check_targets(targets)
        look = action.kind == "look"
        document = self._document(action)

        def send() -> str:
            answer = self._sending.send_command(
                InstanceIds=list(targets),
                DocumentName=document,
                Parameters={name: [value] for name, value in parameters.items()},
                Comment=_comment(token),
                TimeoutSeconds=int(action.delivery_limit.total_seconds()),
                MaxConcurrency=str(TARGETS_MAX) if look else "1",
                MaxErrors="100%" if look else "0",
            )
            return answer["Command"]["CommandId"]

        return mutation_outcome.send_once(self._sending, action, parameters, send)

    def _document(self, action: Action) -> str:
        try:
            return self._documents[action.name]
        except KeyError:
            raise InvariantViolation(f"the settings name no document for {action.name}") from None


def _comment(token: Token) -> str:
    """The comment with the token in SSM's records (at most 100 characters)."""
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        raise InvariantViolation("a token is 32 hexadecimal digits")
    return f"firstline {token}"


def _check_targets(targets: tuple[InstanceId, ...]) -> None:
    """Check that targets are instance ids: a looser pattern could match other target types."""
    if not 1 <= len(targets) <= TARGETS_MAX:
        raise InvariantViolation(f"a command for {len(targets)} hosts; it takes 1 to {TARGETS_MAX}")
    for each in targets:
        if not re.fullmatch(INSTANCE_ID, each):
            raise InvariantViolation(f"{each!r} is not an instance id")
