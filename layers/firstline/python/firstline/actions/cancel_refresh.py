"""Cancel a refresh of our own whose first instance does not serve."""

from firstline.actions.action import Action

CANCEL_REFRESH = Action(
    name="cancel_refresh",
    kind="fix",
    tool="autoscaling",
    reach="fleet",
    runbook_steps=("R18",),
    permissions=("autoscaling:CancelInstanceRefresh", "autoscaling:DescribeInstanceRefreshes"),
    blast_radius="none: instances that wait to be replaced stay",
    reversibility="a refresh can be started again",
    autonomy="auto",
    verification="the refresh is listed as cancelled",
)
