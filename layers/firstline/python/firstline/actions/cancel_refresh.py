"""Cancel firstline's own refresh if its first instance does not serve.

CancelInstanceRefresh takes no id, and cancels whichever refresh is active. The plan names the
intended one: it is sent only while that one is active, and verified by its end alone.
"""

from firstline.actions.action import Action, Parameter

REFRESH_ID = "InstanceRefreshId"
"""The parameter with the intended refresh's id, and the response's key for the cancelled one."""
REFRESH_ID_PATTERN = r"^[0-9A-Za-z-]{1,255}$"

CANCEL_REFRESH = Action(
    name="cancel_refresh",
    kind="fix",
    executor="autoscaling",
    scope="fleet",
    keeps_enclave=True,
    reversible=True,
    verifier="refresh",
    runbook_steps=("R18",),
    undoes_own_fix="refresh cancelled",
    parameters=(Parameter(REFRESH_ID, REFRESH_ID_PATTERN),),
    permissions=("autoscaling:CancelInstanceRefresh", "autoscaling:DescribeInstanceRefreshes"),
    blast_radius="none: instances that wait to be replaced stay",
    reversibility="a refresh can be started again",
    autonomy="auto",
    verification="the refresh is listed as cancelled",
)
