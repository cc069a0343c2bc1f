"""One more instance under memory pressure (R22).

Where several instances must not serve at once, the profile says ``recommend`` and no more.
"""

from firstline.actions.action import Action, Parameter

CAPACITY_PATTERN = r"^[1-9][0-9]{0,3}$"

SCALE_OUT = Action(
    name="scale_out",
    kind="fix",
    executor="autoscaling",
    scope="fleet",
    adds_capacity=True,
    reversible=True,
    keeps_enclave=True,
    verifier="group",
    runbook_steps=("R22",),
    parameters=(Parameter("DesiredCapacity", CAPACITY_PATTERN),),
    processes=frozenset({"Launch", "AddToLoadBalancer"}),
    permissions=("autoscaling:SetDesiredCapacity", "autoscaling:DescribeScalingActivities"),
    blast_radius="none: one instance is added",
    reversibility="the desired capacity can be set back",
    autonomy="recommend",
    verification="the group is whole at its new size, and looks find every host serving",
)
