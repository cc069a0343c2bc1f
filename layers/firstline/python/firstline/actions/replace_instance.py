"""Replace one instance through its group, which launches another in its place (R18).

TerminateInstanceInAutoScalingGroup, since a launch template may forbid TerminateInstances, and
without a smaller desired capacity. Two instances overlap only if the group's own maintenance
policy says so.
"""

from firstline.actions.action import REPLACING_PROCESSES, Action, Parameter
from firstline.diagnosis.health_checks import NOT_REPAIRABLE_ON_HOST, FailureMode
from firstline.ids import INSTANCE_ID

REPLACE_INSTANCE = Action(
    name="replace_instance",
    kind="fix",
    executor="autoscaling",
    repairs=frozenset(FailureMode) - NOT_REPAIRABLE_ON_HOST,
    replaces_instances=True,
    destroys_state=True,
    verifier="group",
    runbook_steps=("R18",),
    parameters=(Parameter("InstanceId", f"^{INSTANCE_ID}$"),),
    processes=REPLACING_PROCESSES,
    permissions=(
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "autoscaling:DescribeScalingActivities",
    ),
    blast_radius="one host: it is terminated, and another is launched",
    reversibility="none: what was only in its memory is lost",
    autonomy="auto",
    verification="the group is whole again, and looks find the new host serving",
)
