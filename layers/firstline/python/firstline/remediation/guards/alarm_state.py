"""Freshness: whether the trouble still exists."""

from firstline.diagnosis.evidence import AlarmState, DeletedAlarm, Unknown
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


# The rule protects against acting on a claim that the fleet no longer supports. Without the
# exception it would stop the repair of a complete outage half-way: the alarm on HealthyHostCount
# turns OK with the first repaired host, and two dead hosts would stay dead. Each target must still
# be proven dead now. An alarm that turns OK before the first verified fix stops every fix.
def alarm_still_fires(plan: Plan, situation: Situation) -> Denial | None:
    """I14: no fix when the alarm is OK now, nor when its state cannot be read.

    One exception: after a verified fix of this incident, an alarm that turns OK is that fix's
    effect (I31), and the hosts of the scope that are still proven dead are repaired too. One host
    back does not close a complete outage.
    """
    del plan
    alarm = situation.evidence.alarm
    if isinstance(alarm, DeletedAlarm):
        return Denial(Reason.ALARM_DELETED, "the alarm was deleted")
    if isinstance(alarm, Unknown):
        return Denial(
            Reason.ALARM_UNREADABLE, f"the alarm's current state cannot be read: {alarm.why}"
        )
    if alarm.state is not AlarmState.OK:
        return None
    if any(attempt.repaired for attempt in situation.incident.attempts):
        return None
    return Denial(Reason.ALARM_OK, "the alarm is OK, and no fix of this incident caused it")
