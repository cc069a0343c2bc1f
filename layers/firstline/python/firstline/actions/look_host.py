"""The look at a host: unit states, the enclave itself, the parent's health, NATS (R15, R16)."""

from datetime import timedelta

from firstline.actions.action import Action, Parameter

UNIT_PATTERN = r"^[a-z][a-z0-9@_.-]{0,62}$"
HOST_PATTERN = r"^([a-z0-9][a-z0-9.-]{0,252})?$"
FILE_PATTERN = r"^(/[A-Za-z0-9_/-][A-Za-z0-9._/-]{0,200})?$"
PORT_PATTERN = r"^[0-9]{1,5}$"

LOOK_TARGETS_MAX = 50
"""Instances that one SendCommand takes by id (SSM API reference)."""

LOOK_HOST = Action(
    name="look_host",
    kind="look",
    executor="ssm",
    reports_result=True,
    keeps_enclave=True,
    runbook_steps=("R15", "R16", "R24", "R25", "R28", "R35"),
    parameters=(
        Parameter("EnclaveUnit", UNIT_PATTERN),
        Parameter("ParentUnit", UNIT_PATTERN),
        Parameter("NatsHost", HOST_PATTERN),
        Parameter("NatsPort", PORT_PATTERN),
        Parameter("CredentialsFile", FILE_PATTERN),
    ),
    permissions=("ssm:SendCommand", "ssm:ListCommandInvocations", "ssm:ListCommands"),
    blast_radius="none: it reads, and notes how far it has read the journal",
    reversibility="nothing to reverse",
    autonomy="auto",
    execution_limit=timedelta(seconds=60),
    verification="none: it changes nothing but its own notes",
)
