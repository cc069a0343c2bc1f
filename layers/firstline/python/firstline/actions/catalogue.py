"""Every action that a profile may name."""

from firstline.actions.action import Action
from firstline.actions.cancel_refresh import CANCEL_REFRESH
from firstline.actions.look_host import LOOK_HOST
from firstline.actions.prepare_support_case import PREPARE_SUPPORT_CASE
from firstline.actions.refresh_fleet import REFRESH_FLEET
from firstline.actions.replace_instance import REPLACE_INSTANCE
from firstline.actions.restart_enclave import RESTART_ENCLAVE
from firstline.actions.restart_parent import RESTART_PARENT
from firstline.actions.scale_out import SCALE_OUT

ACTIONS: dict[str, Action] = {
    each.name: each
    for each in (
        LOOK_HOST,
        RESTART_PARENT,
        RESTART_ENCLAVE,
        REPLACE_INSTANCE,
        REFRESH_FLEET,
        CANCEL_REFRESH,
        SCALE_OUT,
        PREPARE_SUPPORT_CASE,
    )
}
FIXES: dict[str, Action] = {name: each for name, each in ACTIONS.items() if each.kind == "fix"}
UNDO_RESULTS: dict[str, str] = {
    name: each.undoes_own_fix for name, each in ACTIONS.items() if each.undoes_own_fix
}
"""The actions that take back a fix of firstline, each with its result."""
DOCUMENTS: dict[str, Action] = {
    name: each for name, each in ACTIONS.items() if each.executor == "ssm"
}
"""The actions that one of firstline's SSM documents carries out."""
UNKNOWN = Action(
    name="",
    kind="fix",
    executor="none",
    runbook_steps=(),
    permissions=(),
    blast_radius="unknown",
    reversibility="unknown",
    autonomy="approve",
    verification="none: a person has it",
)
"""The traits of an action of another version: it is never sent, searched for or judged."""


def traits(fix: str) -> Action:
    """The traits of the fix of that name; `UNKNOWN` for one of another version."""
    return FIXES.get(fix, UNKNOWN)
