"""Situations that guards stop for what goes on elsewhere: the alarm, NATS, AWS and the group."""

import copy

from firstline.diagnosis.evidence import (
    Gone,
)
from firstline.remediation.guards.guard import Denial
from firstline.remediation.situation import Situation
from tests.builders import (
    FLEET,
    OK,
    A,
    B,
    evidence,
    group,
    incident,
)
from tests.remediation.guarding.cases import (
    DEPENDENT,
    THROTTLED,
    UNREAD,
    around,
    only,
    uncounted,
)
from tests.remediation.situations import (
    situation,
)

STOPPED: dict[str, tuple[tuple[Situation, Denial], ...]] = {
    "alarm_still_fires": (
        (
            situation(evidence=evidence(alarm=Gone())),
            Denial("the alarm does not exist any more"),
        ),
        (only(alarm=OK), Denial("the alarm is OK now, and no fix of ours made it so")),
        (only(alarm=UNREAD), Denial("the alarm's present state cannot be read: throttled")),
    ),
    "dependency_is_well": ((DEPENDENT, Denial("no host reaches nats: the hosts are left alone")),),
    "no_storm": (
        (
            situation(incident=incident(storm=True)),
            Denial("it stands for a storm of unrelated troubles", final=True),
        ),
    ),
    "no_alarm_is_suppressed": (
        (
            situation(incident=incident(suppressed=True)),
            Denial("every alarm behind it is suppressed in CloudWatch"),
        ),
    ),
    "region_is_healthy": (
        (
            situation(limits=around(("health", "KMS", 21_599))),
            Denial("AWS Health has an open issue of KMS in this Region"),
        ),
    ),
    "calendar_is_open": (
        (
            situation(limits=around(("calendar", "freeze", 0))),
            Denial("the change calendar freeze is closed"),
        ),
    ),
    "no_finding_on_target": (
        (
            situation(limits=around(("finding", A, 0))),
            Denial(f"a security finding is open on {A}", final=True),
        ),
    ),
    "group_launches": (
        (
            situation(evidence=evidence(group=copy.replace(group(*FLEET), suspended=("Launch",)))),
            Denial("the group's processes are suspended: Launch"),
        ),
    ),
    "kms_is_calm": (
        (THROTTLED, Denial(f"KMS throttles {B}")),
        (
            situation(incident=uncounted(A)),
            Denial(
                f"it is not known whether KMS throttles {A}: its log cannot be read",
                ask=True,
                unknown=True,
            ),
        ),
    ),
}
