"""Cancel a refresh of our own whose first instance does not serve.

CancelInstanceRefresh takes no id, and cancels whichever refresh goes on. The plan names the one
that it means: it is sent only while that one goes on, and found by its end alone.
"""

from firstline.actions.action import Action, Parameter

REFRESH_ID = "InstanceRefreshId"
"""The parameter that names the refresh that is meant, and the answer's key for the one that was
cancelled."""
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
