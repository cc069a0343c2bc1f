"""Replace every instance of the group by an instance refresh (R18).

Only where each instance in service is proven dead. The first replacement is the canary: a
checkpoint holds the refresh until it was verified, and it is cancelled where it was not.

It comes after the gentler rungs. Its `MinHealthyPercentage: 0` requires `refresh_from_zero` in the
policy; otherwise the policy's floor applies.
"""

from firstline.actions.action import REPLACING_PROCESSES, Action, Parameter
from firstline.diagnosis.health_checks import NOT_REPAIRABLE_ON_HOST, FailureMode

PERCENT_PATTERN = r"^(?:100|[1-9]?[0-9])$"
SECONDS_PATTERN = r"^[0-9]{1,6}$"

REFRESH_FLEET = Action(
    name="refresh_fleet",
    kind="fix",
    executor="autoscaling",
    scope="fleet",
    repairs=frozenset(FailureMode) - NOT_REPAIRABLE_ON_HOST,
    replaces_instances=True,
    destroys_state=True,
    verifier="group",
    runbook_steps=("R18",),
    parameters=(
        Parameter("MinHealthyPercentage", PERCENT_PATTERN),
        Parameter("CanaryPercentage", PERCENT_PATTERN),
        Parameter("CheckpointDelay", SECONDS_PATTERN),
        Parameter("InstanceWarmup", SECONDS_PATTERN),
    ),
    processes=REPLACING_PROCESSES | {"HealthCheck", "InstanceRefresh"},
    permissions=("autoscaling:StartInstanceRefresh", "autoscaling:DescribeInstanceRefreshes"),
    blast_radius="the fleet: every instance is replaced, the first one alone",
    reversibility="it can be cancelled; what is replaced by then stays replaced",
    autonomy="approve",
    verification="no instance from before is in service, and looks find every new one serving",
)
