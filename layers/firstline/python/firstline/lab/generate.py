"""Generate the envelope of an alarm, or of a rule's event, as EventBridge would deliver it.

It is checked against the profile first: an event that does not match its own rule is rejected.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from email.utils import format_datetime
from typing import NamedTuple

from firstline import event_sources as sources
from firstline.config.profile import Matcher, Prefix, Profile, Rule
from firstline.config.settings import Home
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.event_sources import Delivery
from firstline.ids import digest
from firstline.lab.twin import alarm_events, undeployed
from firstline.monitoring import alarms as detection
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.ssm import CALENDAR
from firstline.signals.sources.user import with_pseudonym

HOST = "i-0123456789abcdef0"
USER = "00000000-0000-4000-8000-000000000000"

type Detail = Mapping[str, object]


class Place(NamedTuple):
    """The account, Region and instant of an event."""

    home: Home
    at: datetime

    def id(self, of: str) -> str:
        """Return an id, unique for each text and instant."""
        return digest(f"{of}{self.at.isoformat()}".encode())[:32]

    def envelope(
        self, of: Delivery, detail: Detail, *, detail_type: str = "", arn: str = ""
    ) -> bytes:
        """Return the envelope of *detail*; by default of the first detail type."""
        kind = detail_type or of.detail_types[0]
        event = {
            "version": "0",
            "id": self.id(f"{kind}{detail}"),
            "detail-type": kind,
            "source": of.source,
            "account": self.home.account,
            "time": _stamp(self.at),
            "region": self.home.region,
            "resources": [arn] if arn else [],
            "detail": detail,
        }
        return json.dumps(event).encode()


class Asked(NamedTuple):
    """The rule whose event is made; ``when`` has a value for each field that it requires."""

    rule: Rule
    when: Mapping[str, str]
    profile: Profile
    place: Place

    @property
    def subject(self) -> str:
        """Return the event's subject."""
        return self.rule.subject

    @property
    def id(self) -> str:
        """Return the event's id."""
        return self.place.id(self.rule.name)


def generate(name: str, profile: Profile, home: Home, at: datetime) -> bytes:
    """Return the envelope of the alarm or the rule *name*; raises `InvalidInput`.

    An external alarm goes by either of its names.
    """
    if detection.find_alarm(name, profile) is not None:
        return alarm_events.alarm_event(name, AlarmState.ALARM, at, profile, home)
    external = [it.name for it in profile.alarms.external if name in (it.name, it.known_as)]
    if external:
        return _alarm(external[0], {}, Place(home, at))
    rule = next((each for each in profile.rules if each.name == name), None)
    if rule is None:
        raise InvalidInput(f"no alarm and no rule is called {name!r}: {_near(name, profile)}")
    return _of_rule(rule, profile, home, at)


def _near(name: str, profile: Profile) -> str:
    made = [each.name for each in detection.deployable_alarms(profile)]
    known = [*alarms_of(profile), *(each.name for each in profile.rules)]
    like = get_close_matches(name, known, n=3)
    return f"did you mean {', '.join(like)}?" if like else f"alarms are {', '.join(made)}"


def alarms_of(profile: Profile) -> list[str]:
    """Return the alarms of *profile* by its own names: its own, then external ones."""
    made = [each.name for each in detection.deployable_alarms(profile)]
    return list(dict.fromkeys([*made, *(it.known_as for it in profile.alarms.external)]))


def _of_rule(rule: Rule, profile: Profile, home: Home, at: datetime) -> bytes:
    when = {key: _one(value) for key, value in rule.when.items()}
    if rule.source == sources.ALARM and not when:
        return generate(rule.subject, profile, home, at)
    body = _BY_SOURCE[rule.source](Asked(rule, when, profile, Place(home, at)))
    own = undeployed.alarms_by_arn(profile, home)
    signal = with_profile_name(with_pseudonym(parse(body, home, at), "local"), profile, own)
    found = classify(signal, profile, home)
    if found.rule != rule.name:
        raise InvalidInput(f"no event can be made of the rule {rule.name!r}: {found.why}")
    return body


def _one(wanted: Matcher) -> str:
    """Return a value that matches *wanted*."""
    if isinstance(wanted, Prefix):
        return f"{wanted.prefix}x"
    return wanted if isinstance(wanted, str) else wanted[0]


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _alarm(name: str, when: Mapping[str, str], place: Place) -> bytes:
    """Return an external alarm's event, with the metric and dimensions that a rule requires."""
    dimensions = {key: it for key, it in when.items() if key not in ("metric", "state")}
    metric = {"namespace": "x", "name": when.get("metric", "x"), "dimensions": dimensions}
    stat = {"metric": metric, "period": 60, "stat": "Average"}
    detail = {
        "alarmName": name,
        "state": {
            "value": when.get("state", "ALARM"),
            "reason": alarm_events.REASON,
            "timestamp": place.at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        },
        "configuration": {"metrics": [{"id": "m1", "metricStat": stat, "returnData": True}]},
    }
    return place.envelope(sources.ALARM_STATES, detail, arn=undeployed.alarm_arn(name, place.home))


def _of_alarm(asked: Asked) -> bytes:
    external = {it.known_as: it.name for it in asked.profile.alarms.external}
    name = external.get(asked.subject, asked.subject)
    return _alarm(name, asked.when, asked.place)


def _of_group(asked: Asked) -> bytes:
    detail = {
        "AutoScalingGroupName": asked.when.get("AutoScalingGroupName", asked.profile.fleet.group),
        "ActivityId": asked.id,
        "EC2InstanceId": asked.when.get("InstanceId", HOST),
    }
    return asked.place.envelope(sources.GROUP, detail, detail_type=asked.subject)


def _of_ssm(asked: Asked) -> bytes:
    if asked.subject == CALENDAR:
        place = (
            f"arn:aws:ssm:{asked.place.home.region}:{asked.place.home.account}:document/calendar"
        )
        closed = {"state": asked.when.get("state", "CLOSED"), "atTime": _stamp(asked.place.at)}
        return asked.place.envelope(sources.CALENDARS, closed, arn=asked.when.get("Name", place))
    detail = {
        "command-id": asked.id,
        "document-name": asked.subject,
        "status": asked.when.get("state", "Failed"),
        "instance-id": asked.when.get("InstanceId", HOST),
    }
    return asked.place.envelope(
        sources.COMMANDS, detail, detail_type=sources.COMMANDS.detail_types[1]
    )


def _of_instance(asked: Asked) -> bytes:
    state = asked.when.get("state", "terminated")
    return asked.place.envelope(sources.INSTANCES, {"instance-id": asked.subject, "state": state})


def _of_health(asked: Asked) -> bytes:
    service = asked.when.get("Service", "EC2")
    place = f"arn:aws:health:{asked.place.home.region}::event/{service}/{asked.subject}/{asked.id}"
    detail = {
        "eventArn": asked.when.get("Name", place),
        "service": service,
        "eventTypeCode": asked.subject,
        "eventTypeCategory": asked.when.get("EventTypeCategory", "issue"),
        "statusCode": asked.when.get("state", "open"),
        "eventRegion": asked.place.home.region,
        "communicationId": asked.id,
        "lastUpdatedTime": format_datetime(asked.place.at),
    }
    return asked.place.envelope(sources.HEALTH, detail)


def _of_call(asked: Asked) -> bytes:
    detail = {
        "eventID": asked.id,
        "eventName": asked.subject,
        "eventTime": _stamp(asked.place.at),
        "errorCode": asked.when.get("state", "ThrottlingException"),
    }
    return asked.place.envelope(sources.THROTTLES, detail)


def _of_report(asked: Asked) -> bytes:
    detail = {"id": asked.id, "user": USER, "details": "a trial", "reporter": "generate"}
    return asked.place.envelope(sources.REPORTS, detail)


_BY_SOURCE: dict[str, Callable[[Asked], bytes]] = {
    sources.ALARM: _of_alarm,
    sources.GROUP.name: _of_group,
    sources.COMMANDS.name: _of_ssm,
    sources.INSTANCES.name: _of_instance,
    sources.HEALTH.name: _of_health,
    sources.THROTTLES.name: _of_call,
    sources.REPORTS.name: _of_report,
}
"""The maker of each source's event; a test checks that none is missing."""
