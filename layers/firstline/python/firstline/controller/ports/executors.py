"""Executors: the ports that send looks and fixes."""

from datetime import datetime
from typing import Protocol

from firstline.diagnosis.evidence import Connections, Refreshes
from firstline.ids import CommandId, InstanceId
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Answer, FixOrder, LookOrder, OtherRefresh, Sending


class Executor(Protocol):
    """The port of the actions that name it."""

    def fix(self, order: FixOrder) -> Sending:
        """Send a fix to its one target, once."""

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """The evidence that *order* was sent since *since* or a little before, if any."""


class Hosts(Protocol):
    """Commands on hosts, by SSM and firstline's own documents only."""

    def look(self, order: LookOrder) -> Sending:
        """Send a look to all its targets at once."""

    def fix(self, order: FixOrder) -> Sending:
        """Send a fix to its one host, once."""

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """Each host's answer to *command* so far."""

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """The command with the order's token, sent since *since* or a little before."""

    def connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        """The state of SSM's agent on each of *hosts*; an unknown host is left out."""


class Scaling(Protocol):
    """Fixes by the Auto Scaling group. None has a client token, so each is sent once."""

    def fix(self, order: FixOrder) -> Sending:
        """Send *order* to the group once; `Sent` names the activity or the refresh.

        A cancel is refused unless its refresh is the active one.
        """

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """The evidence that the group received the order since then, if any.

        `OtherRefresh` if another refresh began in that time.
        """

    def departure(self, host: InstanceId, since: datetime) -> Departure | None:
        """The way in which *host* left the group since then or a little before; None if unknown."""

    def refreshes(self) -> Refreshes:
        """The group's instance refreshes, the latest first."""
