"""A scenario: a world, a timeline of events and faults, and the ending that is expected.

Scenarios are TOML files in ``events/scenarios``: data, without conditions.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Literal

import msgspec

from firstline.errors import Malformed
from firstline.ids import InstanceId
from firstline.settings import Mode

type Dependency = Literal["store", "pagerduty", "hosts", "fleet", "wakes"]
type FaultKind = Literal["error", "hang", "timeout-after"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class HostPlan(Part, frozen=True, kw_only=True):
    """One host at the start: whether its enclave runs, and what a restart will do.

    One that is not ``reachable`` leaves commands undelivered; one that is not ``registered`` is
    unknown to SSM, which then refuses a command to it and to all that are named beside it.
    """

    id: InstanceId
    enclave: Literal["up", "down"] = "down"
    restart_helps: bool = True
    reachable: bool = True
    registered: bool = True


class EventPlan(Part, frozen=True, kw_only=True):
    """An envelope (its file, as seen from the scenario's) and when it is delivered."""

    file: str
    at_seconds: int = 0


class FaultPlan(Part, frozen=True, kw_only=True):
    """A dependency in trouble for a while: it fails, hangs, or acts and then times out."""

    dependency: Dependency
    kind: FaultKind = "error"
    from_seconds: int = 0
    until_seconds: int


class Expected(Part, frozen=True, kw_only=True):
    """How it must end: the outcome, the targets fixed in order, the pages by their key's ending.

    Pages or fixes that are not told may be any.
    """

    outcome: Literal["resolved", "handed-over", "observed", "ignored", "rejected"]
    fixes: tuple[InstanceId, ...] | None = None
    pages: tuple[str, ...] | None = None


DEFAULT_HOSTS = (
    HostPlan(id=InstanceId("i-0a1b2c3d4e5f60711")),
    HostPlan(id=InstanceId("i-0a1b2c3d4e5f60712")),
    HostPlan(id=InstanceId("i-0a1b2c3d4e5f60713")),
)
"""Three hosts whose enclaves are down and that a restart mends: what fits a complete outage."""


class Scenario(Part, frozen=True, kw_only=True):
    """The whole file."""

    name: str
    story: str = ""
    mode: Mode = "enforce"
    paused: bool = False
    hosts: tuple[HostPlan, ...] = DEFAULT_HOSTS
    events: tuple[EventPlan, ...] = ()
    faults: tuple[FaultPlan, ...] = ()
    expect: Expected | None = None

    def fault(self, dependency: Dependency, elapsed: timedelta) -> FaultKind | None:
        """What is wrong with *dependency* when *elapsed* has passed since the start."""
        at = elapsed.total_seconds()
        for each in self.faults:
            if each.dependency == dependency and each.from_seconds <= at < each.until_seconds:
                return each.kind
        return None


def load(path: Path) -> Scenario:
    """The scenario in *path*; raises `Malformed` with one line that says what is wrong."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), type=Scenario)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: is not TOML: {error}"
    except msgspec.ValidationError as error:
        message = f"{path}: is no scenario: {error}"
    raise Malformed(message)
