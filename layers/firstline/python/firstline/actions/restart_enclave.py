"""Restart the enclave's unit on one host (R17). systemd restarts the parent with it."""

from firstline.actions import restart
from firstline.actions.action import Action, Parameter
from firstline.actions.look_host import UNIT_PATTERN
from firstline.diagnosis.health_checks import FailureMode

RESTART_ENCLAVE = Action(
    name="restart_enclave",
    kind="fix",
    executor="ssm",
    reports_result=True,
    repairs=frozenset(
        {FailureMode.ENCLAVE_GONE, FailureMode.ENCLAVE_SILENT, FailureMode.PARENT_DOWN}
    ),
    destroys_state=True,
    verifier="host",
    unit="enclave",
    runbook_steps=("R17",),
    parameters=(*restart.PARAMETERS, Parameter("ParentUnit", UNIT_PATTERN)),
    permissions=restart.PERMISSIONS,
    blast_radius="one host: every vault that is unlocked there is locked again",
    reversibility="none: users enter their PIN again, and may lose their last unsaved changes",
    autonomy="auto",
    execution_limit=restart.EXECUTION_LIMIT,
    verification="a later look finds the enclave running, and the load balancer agrees",
)
