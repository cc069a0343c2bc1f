"""Orders: the ports through which looks and fixes are sent."""

from datetime import datetime
from typing import Protocol

from firstline.diagnosis.evidence import Connections, Refreshes
from firstline.ids import CommandId, InstanceId
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Answer, FixOrder, LookOrder, OtherRefresh, Sending


class Executor(Protocol):
    """What carries out the actions that name it."""

    def fix(self, order: FixOrder) -> Sending:
        """Send a fix to its one target, once."""

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """What shows that *order* was sent since *since* or a little before, if anything does."""


class Hosts(Protocol):
    """Commands on hosts, over SSM and our own documents only."""

    def look(self, order: LookOrder) -> Sending:
        """Send a look to all its targets at once."""

    def fix(self, order: FixOrder) -> Sending:
        """Send a fix to its one host, once."""

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """What each host has answered to *command* so far."""

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """The command that has the order's token, sent since *since* or a little before."""

    def connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        """What SSM says of its agent on each of *hosts*; one that it does not know is not in it."""


class Scaling(Protocol):
    """Fixes through the Auto Scaling group. None has a client token, so each is sent once."""

    def fix(self, order: FixOrder) -> Sending:
        """Ask the group for what *order* says, once; `Sent` names the activity or the refresh.

        A cancel is refused unless the refresh that it means is the one that goes on.
        """

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """What shows that the group was asked for it since then, if anything does.

        `OtherRefresh` where a refresh began in that time, and does not bear what *order* asks for.
        """

    def departure(self, host: InstanceId, since: datetime) -> Departure | None:
        """How *host* left the group since then or a little before; None if nothing shows it."""

    def refreshes(self) -> Refreshes:
        """The group's instance refreshes, the latest first."""
