"""Restart the parent's unit on one host: the least disruptive fix, because vaults stay unlocked."""

from firstline.actions import restart
from firstline.actions.action import Action
from firstline.diagnosis.health_checks import FailureMode

RESTART_PARENT = Action(
    name="restart_parent",
    kind="fix",
    executor="ssm",
    reports_result=True,
    repairs=frozenset({FailureMode.PARENT_DOWN, FailureMode.ENCLAVE_SILENT, FailureMode.NATS_LOST}),
    keeps_enclave=True,
    verifier="host",
    unit="parent",
    runbook_steps=("R17",),
    parameters=restart.PARAMETERS,
    permissions=restart.PERMISSIONS,
    blast_radius="one host: requests under way there are lost",
    reversibility="none needed: the enclave and its unlocked vaults stay",
    autonomy="auto",
    execution_limit=restart.EXECUTION_LIMIT,
    verification="a later look finds the parent healthy, and the load balancer agrees",
)
