"""The envelopes that a run delivers, each made for the instant of its delivery.

Their shapes are those of the samples in ``events``, whose sources are in ``events/SOURCES.md``.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from firstline import event_sources
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.diagnosis.evidence import AlarmState
from firstline.event_sources import Delivery
from firstline.ids import InstanceId, digest
from firstline.lab.twin import alarm_events

HOME = Home(account="111122223333", region="us-east-1")
FOREIGN = "999988887777"
CANARY_USER = "0f3c9a1e-5b7d-4c2a-9e10-aa00000c"
CANARY_DETAILS = "canary of the details"
CANARY_TEXT = "canary of a description"
"""Texts that must never be in an entry, a page or a notice (I27)."""

type EnvelopeMaker = Callable[[Profile, datetime], bytes]


def alarm(
    name: str, state: AlarmState = AlarmState.ALARM, *, age_seconds: int = 0, **fields: object
) -> EnvelopeMaker:
    """The alarm *name* turned to *state* so long ago; *fields* are added to its state."""

    def make(profile: Profile, at: datetime) -> bytes:
        then = at - timedelta(seconds=age_seconds)
        event = json.loads(alarm_events.alarm_event(name, state, then, profile, HOME))
        event["detail"]["configuration"]["description"] = CANARY_TEXT
        event["detail"]["state"] |= fields
        return json.dumps(event).encode()

    return make


def muted(make: EnvelopeMaker, minutes: int = 60) -> EnvelopeMaker:
    """The same transition inside a mute window of so many *minutes*."""

    def remade(profile: Profile, at: datetime) -> bytes:
        event = json.loads(make(profile, at))
        rule = f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm-mute-rule:work"
        ends = (at + timedelta(minutes=minutes)).isoformat()
        mute = {"mutedByArn": rule, "muteWindowStart": at.isoformat(), "muteWindowEnd": ends}
        event["detail"]["muteDetail"] = mute
        return json.dumps(event).encode()

    return remade


def with_fields(make: EnvelopeMaker, **fields: object) -> EnvelopeMaker:
    """The same envelope with other *fields*; underscores stand for hyphens."""
    named = {name.replace("_", "-"): each for name, each in fields.items()}
    return lambda profile, at: json.dumps(json.loads(make(profile, at)) | named).encode()


def with_timestamp_format(make: EnvelopeMaker, form: str) -> EnvelopeMaker:
    """The same transition under another event id, its instant in another format."""

    def remade(profile: Profile, at: datetime) -> bytes:
        event = json.loads(make(profile, at))
        event["id"] = digest(form.encode())[:32]
        state = event["detail"]["state"]
        state["timestamp"] = datetime.fromisoformat(state["timestamp"]).strftime(form)
        return json.dumps(event).encode()

    return remade


def redelivered(make: EnvelopeMaker, seconds: int) -> EnvelopeMaker:
    """The bytes that *make* gave so many seconds before, delivered once more."""
    return lambda profile, at: make(profile, at - timedelta(seconds=seconds))


def malformed(profile: Profile, at: datetime) -> bytes:
    """Text that is no JSON, different each time."""
    del profile
    return f"{{{CANARY_TEXT} {at.isoformat()}".encode()


def unknown_alarm(profile: Profile, at: datetime) -> bytes:
    """An alarm of our own account that no rule of the profile covers."""
    made = json.loads(alarm("healthy-hosts")(profile, at))
    name = "somebody-elses"
    made["detail"]["alarmName"] = name
    made["resources"] = [f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{name}"]
    return json.dumps(made).encode()


def finding(host: InstanceId, severity: int = 8) -> EnvelopeMaker:
    """A GuardDuty finding on *host*."""
    arn = f"arn:aws:guardduty:{HOME.region}:{HOME.account}:detector/12/finding/{host}"

    def detail(at: datetime) -> dict[str, Any]:
        about = {"instanceDetails": {"instanceId": host}}
        return {
            "arn": arn,
            "severity": severity,
            "updatedAt": at.isoformat(),
            "resource": about,
            "title": CANARY_TEXT,
            "description": CANARY_TEXT,
        }

    return _event(event_sources.GUARDDUTY, detail)


def health_issue(service: str) -> EnvelopeMaker:
    """An open AWS Health issue of *service* in our Region."""

    def detail(at: datetime) -> dict[str, Any]:
        return {
            "eventArn": f"arn:aws:health:{HOME.region}::event/{service}/ISSUE/{service}_1",
            "service": service,
            "eventTypeCode": f"AWS_{service}_OPERATIONAL_ISSUE",
            "eventTypeCategory": "issue",
            "statusCode": "open",
            "eventRegion": HOME.region,
            "communicationId": f"{service}-1",
            "lastUpdatedTime": at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "eventDescription": [{"language": "en_US", "latestDescription": CANARY_TEXT}],
            "affectedAccount": HOME.account,
        }

    return _event(event_sources.HEALTH, detail)


def calendar_closed(profile: Profile, at: datetime) -> bytes:
    """The change calendar closes."""
    made = _event(
        event_sources.CALENDARS, lambda now: {"state": "CLOSED", "atTime": now.isoformat()}
    )
    calendar = f"arn:aws:ssm:{HOME.region}:{HOME.account}:document/release-calendar"
    return with_fields(made, resources=[calendar])(profile, at)


def user_report(number: int = 0) -> EnvelopeMaker:
    """A report of an affected user; each *number* is another user."""

    def detail(now: datetime) -> dict[str, Any]:
        return {
            "id": f"report-{int(now.timestamp())}",
            "user": f"{CANARY_USER}{number:04x}",
            "details": CANARY_DETAILS,
            "reporter": "support@example.test",
        }

    return _event(event_sources.REPORTS, detail)


def group_activity(what: str, id_: str, host: InstanceId | None = None) -> EnvelopeMaker:
    """An activity of the Auto Scaling group."""
    if what not in event_sources.GROUP.detail_types:
        raise ValueError(what)

    def make(profile: Profile, at: datetime) -> bytes:
        detail = {"AutoScalingGroupName": profile.fleet.group, "ActivityId": id_}
        detail |= {"Cause": CANARY_TEXT} | ({"EC2InstanceId": host} if host else {})
        return _event(event_sources.GROUP, lambda _: detail, what)(profile, at)

    return make


def _event(
    of: Delivery, detail: Callable[[datetime], dict[str, Any]], detail_type: str = ""
) -> EnvelopeMaker:
    source, kind = of.source, detail_type or of.detail_types[0]

    def make(profile: Profile, at: datetime) -> bytes:
        del profile
        event = {
            "version": "0",
            "id": digest(f"{source}{kind}{at}".encode())[:32],
            "detail-type": kind,
            "source": source,
            "account": HOME.account,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": HOME.region,
            "resources": [],
            "detail": detail(at),
        }
        return json.dumps(event).encode()

    return make


def dead_letter(make: EnvelopeMaker) -> EnvelopeMaker:
    """The envelope from the dead-letter queue of its rule."""
    arn = f"arn:aws:sqs:{HOME.region}:{HOME.account}:undelivered"

    def remade(profile: Profile, at: datetime) -> bytes:
        body = make(profile, at).decode()
        record = {"eventSource": "aws:sqs", "eventSourceARN": arn, "body": body}
        return json.dumps({"Records": [record]}).encode()

    return remade


def failure_record(make: EnvelopeMaker) -> EnvelopeMaker:
    """The envelope in Lambda's on-failure record of one of our functions."""
    arn = f"arn:aws:lambda:{HOME.region}:{HOME.account}:function:ingest"

    def remade(profile: Profile, at: datetime) -> bytes:
        detail = {
            "requestContext": {"functionArn": arn},
            "requestPayload": json.loads(make(profile, at)),
        }
        return json.dumps(detail).encode()

    return remade
