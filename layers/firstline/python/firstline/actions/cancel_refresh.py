"""Cancel a refresh of our own whose first instance does not serve."""

from datetime import timedelta

from firstline.actions.action import Action

CANCEL_REFRESH = Action(
    name="cancel_refresh",
    kind="fix",
    tool="autoscaling",
    reach="fleet",
    runbook_steps=("R18",),
    parameters=(),
    permissions=("autoscaling:CancelInstanceRefresh", "autoscaling:DescribeInstanceRefreshes"),
    blast_radius="none: instances that wait to be replaced stay",
    reversibility="a refresh can be started again",
    autonomy="auto",
    delivery_limit=timedelta(seconds=60),
    execution_limit=timedelta(0),
    verification="the refresh is listed as cancelled",
)
