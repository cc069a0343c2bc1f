"""The first fix: restart the enclave's unit on one host (R17)."""

from datetime import timedelta

from firstline.actions.action import Action, Parameter
from firstline.actions.look_host import UNIT_PATTERN

HEX_PATTERN = r"^[0-9a-f]{32}$"
NOT_AFTER_PATTERN = r"^[0-9]{10}$"

RESTART_ENCLAVE = Action(
    name="restart_enclave",
    kind="fix",
    runbook_steps=("R17",),
    parameters=(
        Parameter("Unit", UNIT_PATTERN),
        Parameter("Token", HEX_PATTERN),
        Parameter("NotAfter", NOT_AFTER_PATTERN),
    ),
    permissions=("ssm:SendCommand", "ssm:ListCommandInvocations", "ssm:ListCommands"),
    blast_radius="one host: every vault that is unlocked there is locked again",
    reversibility="none: users enter their PIN again",
    autonomy="auto",
    delivery_limit=timedelta(seconds=60),
    execution_limit=timedelta(seconds=60),
    verification="a later look finds the enclave running, and the load balancer agrees",
)
