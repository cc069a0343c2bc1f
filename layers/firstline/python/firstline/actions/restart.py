"""Parameters and limits that both restarts of a unit share (R17)."""

from datetime import timedelta

from firstline.actions.action import Parameter
from firstline.actions.look_host import UNIT_PATTERN

HEX_PATTERN = r"^[0-9a-f]{32}$"
NOT_AFTER_PATTERN = r"^[0-9]{10}$"
INCIDENT_PATTERN = r"^inc-[0-9a-f]{20}$"
ACTION_PATTERN = r"^[a-z][a-z_]{0,40}$"
SECONDS_PATTERN = r"^[0-9]{1,5}$"

# a unit's job younger than AllowanceSeconds is left alone: it may be an operator's restart
PARAMETERS = (
    Parameter("Unit", UNIT_PATTERN),
    Parameter("Token", HEX_PATTERN),
    Parameter("NotAfter", NOT_AFTER_PATTERN),
    Parameter("Incident", INCIDENT_PATTERN),
    Parameter("Action", ACTION_PATTERN),
    Parameter("AllowanceSeconds", SECONDS_PATTERN),
)
PERMISSIONS = ("ssm:SendCommand", "ssm:ListCommandInvocations", "ssm:ListCommands")
EXECUTION_LIMIT = timedelta(seconds=60)
"""Time limit of the command on the host."""
