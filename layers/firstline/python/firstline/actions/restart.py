"""What both restarts of a unit share: their document's parameters and limits (R17)."""

from datetime import timedelta

from firstline.actions.action import Parameter
from firstline.actions.look_host import UNIT_PATTERN

HEX_PATTERN = r"^[0-9a-f]{32}$"
NOT_AFTER_PATTERN = r"^[0-9]{10}$"

PARAMETERS = (
    Parameter("Unit", UNIT_PATTERN),
    Parameter("Token", HEX_PATTERN),
    Parameter("NotAfter", NOT_AFTER_PATTERN),
)
PERMISSIONS = ("ssm:SendCommand", "ssm:ListCommandInvocations", "ssm:ListCommands")
LIMIT = timedelta(seconds=60)
"""As long as the host may take to carry the command out."""
