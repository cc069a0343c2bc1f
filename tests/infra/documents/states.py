"""The states of a unit, how a real systemd gets into each, and what both scripts make of it.

One table for the stand-in of systemctl and for the real one, so that they answer alike.
"""

from dataclasses import dataclass, field
from typing import Any

UNIT_LOADED = {
    "load": "loaded",
    "sub": "dead",
    "result": "success",
    "job": False,
    "stopped": False,
}


@dataclass(frozen=True)
class State:
    """One state.

    ``service`` is the unit's file, or none; ``begin`` are commands that lead into it, until
    ``shown`` holds. ``properties`` are what systemctl then shows of the rest. ``restart`` is bash
    for what the stand-in makes of a restart. ``unit_state`` is the reported state, ``detail`` its
    detail without the time, and ``starting`` whether there is one; ``answer`` is a restart's.
    """

    name: str
    service: str | None
    begin: tuple[str, ...]
    shown: dict[str, str]
    unit_state: str
    answer: tuple[int, str]
    detail: dict[str, object] = field(default_factory=dict)
    starting: bool = False
    properties: dict[str, str] = field(default_factory=dict)
    restart: str = "exit 0"

    @property
    def unit(self) -> str:
        """The name of its unit on the real systemd."""
        return f"state-{self.name}"


ONESHOT = "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
START = ("start --no-block {unit}",)
NEVER = {"InactiveExitTimestampMonotonic": "0", "ActiveEnterTimestampMonotonic": "0"}
"""Of a unit that has not run since the boot."""
RAN = {
    "InactiveExitTimestampMonotonic": "50000000",
    "ActiveEnterTimestampMonotonic": "60000000",
}
"""Of a unit whose last start went well."""
RUNS_AGAIN = "printf 'LoadState=loaded\\nActiveState=active\\n' >\"$HOST/units/$unit\""
STATES = (
    State(
        name="active",
        service=f"{ONESHOT}ExecStart=true\n",
        begin=START,
        shown={"ActiveState": "active", "SubState": "exited"},
        unit_state="active",
        detail={"sub": "exited"},
        answer=(0, "restarted"),
    ),
    State(
        name="activating",
        service=f"{ONESHOT}ExecStart=sleep 600\n",
        begin=START,
        shown={"ActiveState": "activating", "SubState": "start"},
        properties={"Job": "4711", "InactiveExitTimestampMonotonic": "3590000000"},
        unit_state="activating",
        detail={"sub": "start", "job": True},
        starting=True,
        answer=(3, "refused-job"),
    ),
    State(
        name="auto-restart",
        service="[Service]\nExecStart=false\nRestart=always\nRestartSec=300\n",
        begin=START,
        shown={"ActiveState": "activating", "SubState": "auto-restart", "Result": "exit-code"},
        properties={"InactiveExitTimestampMonotonic": "3590000000"},
        unit_state="activating",
        detail={"sub": "auto-restart", "result": "exit-code"},
        starting=True,
        answer=(0, "restarted"),
    ),
    State(
        name="failed",
        service=f"{ONESHOT}ExecStart=false\n",
        begin=START,
        shown={"ActiveState": "failed", "SubState": "failed", "Result": "exit-code"},
        unit_state="failed",
        detail={"sub": "failed", "result": "exit-code"},
        restart="exit 1",
        answer=(1, "failed"),
    ),
    State(
        # The cause of its failures is mended; its starts are used up. systemd keeps the result of
        # the last one that it made: start-limit-hit follows a success alone.
        name="start-limit",
        service="[Unit]\nStartLimitIntervalSec=300\nStartLimitBurst=1\n"
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=test -e /share/mended\n",
        begin=("start {unit}", "start {unit}"),
        shown={"ActiveState": "failed", "SubState": "failed", "Result": "exit-code"},
        unit_state="failed",
        detail={"sub": "failed", "result": "exit-code"},
        restart=f'grep -q reset-failed "$HOST/asked" || exit 1\n{RUNS_AGAIN}',
        answer=(0, "restarted"),
    ),
    State(
        name="masked",
        service=None,
        begin=("mask {unit}",),
        shown={"LoadState": "masked", "ActiveState": "inactive", "SubState": "dead"},
        unit_state="inactive",
        detail={"load": "masked"},
        answer=(3, "masked"),
    ),
    State(
        name="bad-setting",
        service="[Service]\nType=oneshot\n",
        begin=(),
        shown={"LoadState": "bad-setting", "ActiveState": "inactive", "SubState": "dead"},
        unit_state="inactive",
        detail={"load": "bad-setting"},
        answer=(3, "bad-setting"),
    ),
    State(
        name="not-found",
        service=None,
        begin=(),
        shown={"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead"},
        unit_state="not-found",
        detail={"load": "not-found"},
        answer=(3, "not-found"),
    ),
    State(
        name="deactivating",
        service="[Service]\nExecStart=sleep 600\nExecStop=sleep 600\nTimeoutStopSec=600\n",
        begin=("start {unit}", "stop --no-block {unit}"),
        shown={"ActiveState": "deactivating", "SubState": "stop"},
        properties={"Job": "4711", "StateChangeTimestampMonotonic": "3590000000"},
        unit_state="deactivating",
        detail={"sub": "stop", "job": True},
        answer=(3, "refused-job"),
    ),
    State(
        name="never",
        service=f"{ONESHOT}ExecStart=true\n",
        begin=(),
        shown={"ActiveState": "inactive", "SubState": "dead"},
        properties={"RemainAfterExit": "yes", **NEVER},
        unit_state="inactive",
        restart=RUNS_AGAIN,
        answer=(0, "restarted"),
    ),
    State(
        # systemd keeps what became of it, for the target that wants it
        name="stopped",
        service=f"{ONESHOT}ExecStart=true\n[Install]\nWantedBy=basic.target\n",
        begin=("enable {unit}", "start {unit}", "stop {unit}"),
        shown={"ActiveState": "inactive", "SubState": "dead", "Result": "success"},
        properties={"RemainAfterExit": "yes", **RAN},
        unit_state="inactive",
        detail={"stopped": True},
        restart=RUNS_AGAIN,
        answer=(0, "restarted"),
    ),
    State(
        # systemd forgets a unit that does nothing and that nothing wants
        name="forgotten",
        service=f"{ONESHOT}ExecStart=true\n",
        begin=("start {unit}", "stop {unit}"),
        shown={"ActiveState": "inactive", "SubState": "dead", "Result": "success"},
        properties={"RemainAfterExit": "yes", **NEVER},
        unit_state="inactive",
        restart=RUNS_AGAIN,
        answer=(0, "restarted"),
    ),
    State(
        # a unit of this kind is inactive once its process has ended by itself
        name="ended",
        service="[Service]\nExecStart=true\n[Install]\nWantedBy=basic.target\n",
        begin=("enable {unit}", "start {unit}"),
        shown={"ActiveState": "inactive", "SubState": "dead", "Result": "success"},
        properties={"RemainAfterExit": "no", **RAN},
        unit_state="inactive",
        restart="exit 0",
        answer=(1, "failed"),
    ),
    State(
        name="stop-fails",
        service=f"{ONESHOT}ExecStart=true\nExecStop=false\n",
        begin=("start {unit}", "stop {unit}"),
        shown={"ActiveState": "failed", "SubState": "failed", "Result": "exit-code"},
        unit_state="failed",
        detail={"sub": "failed", "result": "exit-code"},
        restart=RUNS_AGAIN,
        answer=(0, "restarted"),
    ),
    State(
        name="start-times-out",
        service=f"{ONESHOT}ExecStart=sleep 600\nTimeoutStartSec=100ms\n",
        begin=START,
        shown={"ActiveState": "failed", "SubState": "failed", "Result": "timeout"},
        unit_state="failed",
        detail={"sub": "failed", "result": "timeout"},
        restart="exit 1",
        answer=(1, "failed"),
    ),
    State(
        # it ran, its restart failed, and somebody has reset that failure
        name="reset",
        service=f"{ONESHOT}ExecStart=mkdir /run/state-reset\n[Install]\nWantedBy=basic.target\n",
        begin=("enable {unit}", "start {unit}", "restart {unit}", "reset-failed {unit}"),
        shown={"ActiveState": "inactive", "SubState": "dead", "Result": "success"},
        properties={
            "RemainAfterExit": "yes",
            "InactiveExitTimestampMonotonic": "90000000",
            "ActiveEnterTimestampMonotonic": "60000000",
        },
        unit_state="inactive",
        restart="exit 1",
        answer=(1, "failed"),
    ),
    State(
        # its job waits for that of another unit
        name="waiting",
        service=f"[Unit]\nAfter=state-activating.service\n{ONESHOT}ExecStart=true\n",
        begin=START,
        shown={"ActiveState": "inactive", "SubState": "dead"},
        properties={"Job": "4712"},
        unit_state="inactive",
        detail={"job": True},
        answer=(3, "refused-job"),
    ),
)


def expected(state: State) -> tuple[str, dict[str, object], bool]:
    """Give what a report tells of a unit in this state."""
    return state.unit_state, UNIT_LOADED | state.detail, state.starting


def reported(report: dict[str, Any]) -> tuple[str, dict[str, object], bool]:
    """Give what *report* tells of the parent's unit."""
    detail = dict(report["parent_unit_detail"])
    starting = detail.pop("starting_seconds") is not None
    return report["parent_unit"], detail, starting
