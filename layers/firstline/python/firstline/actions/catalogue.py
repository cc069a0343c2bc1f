"""Every action that a profile may name."""

from firstline.actions.action import Action
from firstline.actions.look_host import LOOK_HOST
from firstline.actions.restart_enclave import RESTART_ENCLAVE

ACTIONS: dict[str, Action] = {each.name: each for each in (LOOK_HOST, RESTART_ENCLAVE)}
FIXES: dict[str, Action] = {name: each for name, each in ACTIONS.items() if each.kind == "fix"}
