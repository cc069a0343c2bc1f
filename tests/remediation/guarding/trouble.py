"""Situations that guards stop for what goes on elsewhere: the alarm, NATS, AWS and the group."""

import copy

from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    DeletedAlarm,
)
from firstline.redaction import redact
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.situation import Situation
from tests.builders import (
    ALARM,
    ALARM_ARN,
    ALARM_NAME,
    FLEET,
    OK,
    A,
    B,
    ago,
    evidence,
    group,
    incident,
)
from tests.remediation.guarding.cases import (
    CALM,
    DEPENDENT,
    THROTTLED,
    UNREAD,
    around,
    lost,
    only,
    silenced,
    uncounted,
)
from tests.remediation.situations import (
    situation,
)

STOPPED: dict[str, tuple[tuple[Situation, Denial], ...]] = {
    "alarm_still_fires": (
        (
            situation(evidence=evidence(alarm=DeletedAlarm())),
            Denial(Reason.ALARM_DELETED, "the alarm was deleted"),
        ),
        (
            only(alarm=OK),
            Denial(Reason.ALARM_OK, "the alarm is OK, and no fix of this incident caused it"),
        ),
        (
            only(alarm=UNREAD),
            Denial(Reason.ALARM_UNREADABLE, "the alarm's current state cannot be read: throttled"),
        ),
    ),
    "dependency_is_well": (
        (
            DEPENDENT,
            Denial(Reason.DEPENDENCY_DOWN, "no host reaches nats: hosts are not touched"),
        ),
    ),
    "no_storm": (
        (
            situation(incident=incident(storm=True)),
            Denial(Reason.STORM, "the incident is a storm of unrelated failures", final=True),
        ),
    ),
    "no_alarm_is_suppressed": (
        (
            situation(incident=incident(suppressed=True)),
            Denial(Reason.ALARM_SUPPRESSED, "CloudWatch suppresses every alarm of the incident"),
        ),
        (
            silenced(AlarmReading(AlarmState.ALARM, "its actions are disabled since then")),
            Denial(
                Reason.ALARM_MUTED,
                f"alarms are silenced: {ALARM_NAME}: its actions are disabled since then",
            ),
        ),
        (
            silenced(ALARM, muted=ALARM_ARN, until=ago(-60)),
            Denial(
                Reason.ALARM_MUTED,
                f"alarms are silenced: {ALARM_NAME} is muted until 2026-03-11T04:21:00+00:00",
            ),
        ),
        (
            silenced(ALARM, muted=ALARM_ARN),
            Denial(
                Reason.ALARM_MUTED,
                f"alarms are silenced: {ALARM_NAME} is muted until 2026-03-26T04:20:00+00:00",
            ),
        ),
        (
            copy.replace(
                silenced(ALARM), surroundings=copy.replace(CALM, muted=(redact(ALARM_ARN),))
            ),
            Denial(
                Reason.ALARM_MUTED, f"alarms are silenced: a mute rule is active on {ALARM_NAME}"
            ),
        ),
        (
            situation(surroundings=copy.replace(CALM, muted=UNREAD)),
            Denial(
                Reason.MUTE_RULES_UNREADABLE,
                f"mute rules cannot be read: {UNREAD.why}",
                unknown=True,
            ),
        ),
        (
            situation(limits=lost("mute")),
            Denial(
                Reason.EXTERNAL_EVENTS_OVERFLOW,
                "muted alarms exceed 100, and one that was not stored may block the fix,"
                " until 2026-03-26T04:20:00+00:00",
            ),
        ),
    ),
    "region_is_healthy": (
        (
            situation(limits=around(("health", "KMS", 21_599))),
            Denial(Reason.REGION_IMPAIRED, "AWS Health has an open issue for KMS in this Region"),
        ),
        (
            situation(limits=lost("health")),
            Denial(
                Reason.EXTERNAL_EVENTS_OVERFLOW,
                "open AWS Health issues exceed 100, and one that was not stored may block the fix,"
                " until 2026-03-11T10:20:00+00:00",
            ),
        ),
    ),
    "calendar_is_open": (
        (
            situation(limits=around(("calendar", "freeze", 0))),
            Denial(Reason.CALENDAR_CLOSED, "the change calendar freeze is closed"),
        ),
        (
            situation(limits=lost("calendar")),
            Denial(
                Reason.EXTERNAL_EVENTS_OVERFLOW,
                "change calendars exceed 100, and one that was not stored may block the fix,"
                " until 2026-04-10T04:20:00+00:00",
            ),
        ),
    ),
    "no_finding_on_target": (
        (
            situation(limits=around(("finding", A, 0))),
            Denial(Reason.SECURITY_FINDING, f"a security finding is open on {A}", final=True),
        ),
        (
            situation(limits=lost("finding")),
            Denial(
                Reason.EXTERNAL_EVENTS_OVERFLOW,
                "security findings exceed 100, and one that was not stored may block the fix,"
                " until 2026-04-10T04:20:00+00:00",
            ),
        ),
    ),
    "group_launches": (
        (
            situation(evidence=evidence(group=copy.replace(group(*FLEET), suspended=("Launch",)))),
            Denial(Reason.PROCESSES_SUSPENDED, "the group's processes are suspended: Launch"),
        ),
    ),
    "kms_is_calm": (
        (THROTTLED, Denial(Reason.KMS_THROTTLED, f"KMS throttles {B}")),
        (
            situation(incident=uncounted(A)),
            Denial(
                Reason.KMS_STATE_UNKNOWN,
                f"cannot check whether KMS throttles {A}: its log cannot be read",
                approvable=True,
                unknown=True,
            ),
        ),
    ),
}
