"""The value of each key of a fleet file by a survey, or a question.

A value is set only if the account shows exactly one candidate; several are a question.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from firstline.config.deployment_section import SECTION
from firstline.config.recipients import KEYS
from firstline.config.toml_document import Key
from firstline.doctor.facts import Api, Fact, Metric, ReadFailure, or_empty
from firstline.doctor.survey.facts import Network, Survey

type Value = str | int | list[str] | dict[str, str]

OWN_TAGS = ("aws:", "Name")
"""The prefixes of tags that do not identify a fleet."""
NAMES_MAX = 5
"""The limit of candidates in a question."""


class Answer(NamedTuple):
    """A key of the fleet file and its value; None is a question. *why* is its comment.

    Without a value for a *needed* key the file is invalid.
    """

    key: Key
    value: Value | None
    why: str
    needed: bool = False


def answers(survey: Survey) -> tuple[Answer, ...]:
    """Return an answer for each key, in the file's order."""
    group = survey.group
    return (
        Answer(("fleet", "name"), fleet_name(group.stack or group.name), "names the stacks"),
        Answer(("fleet", "group"), group.name, f"{len(group.hosts)} hosts in service"),
        Answer(("fleet", "hosts_max"), group.max_size, "its MaxSize"),
        _tags(survey),
        *_load_balancing(survey),
        _api(("fleet", "http_api"), survey.http_apis, "HTTP API", lambda it: it.id),
        _api(("fleet", "rest_api"), survey.rest_apis, "REST API", lambda it: it.name),
        _log_group(survey),
        *_units(survey),
        Answer(("fleet", "nats", "host"), None, "the host that parents connect to"),
        *_probe(survey),
        *_recipients(),
    )


def questions() -> tuple[Answer, ...]:
    """Return the same keys as questions, for use without an account."""
    return (
        _question(("fleet", "name"), "a short name: it names the stacks"),
        _question(("fleet", "group"), "the Auto Scaling group's exact name"),
        _question(("fleet", "tags"), "KEY=VALUE, a tag of its hosts only"),
        Answer(("fleet", "target_group"), None, "targetgroup/NAME/ID, if it has one"),
        Answer(("fleet", "load_balancer"), None, "app/NAME/ID, if it has one"),
        Answer(("fleet", "http_api"), None, "an HTTP API's id"),
        Answer(("fleet", "rest_api"), None, "a REST API's name"),
        Answer(("fleet", "parent_log_group"), None, "the log group of the parents"),
        *(_unit(kind) for kind in ("enclave", "parent")),
        Answer(("fleet", "nats", "host"), None, "the host that parents connect to"),
        *_recipients(),
    )


def _recipients() -> Iterator[Answer]:
    """Yield a question for each topic's recipient, which no account shows."""
    yield from (_question((SECTION, key), f"e-mail of {who}") for key, who in KEYS.items())


def fleet_name(text: str) -> str:
    """Return a fleet name: lower case, at most 31 characters."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    named = plain if plain[:1].isalpha() else f"fleet-{plain}"
    return named[:31].rstrip("-")


def _tags(survey: Survey) -> Answer:
    """Return a tag that all of the group's hosts carry and no other instance does."""
    key = ("fleet", "tags")
    tags = {k: v for k, v in survey.group.tags.items() if not k.startswith(OWN_TAGS)}
    if isinstance(survey.hosts_by_tag, ReadFailure):
        return _question(key, f"a tag of its hosts only ({_failure(survey.hosts_by_tag)})")
    hosts = set(survey.group.hosts)
    for name, value in tags.items():
        if hosts and set(survey.hosts_by_tag.get(name, ())) == hosts:
            return Answer(key, {name: value}, "on its hosts, and on no other running instance")
    shown = ", ".join(f"{name}={value}" for name, value in list(tags.items())[:NAMES_MAX])
    return _question(key, f"KEY=VALUE, a tag of its hosts only; they have {shown or 'none'}")


def _question(key: Key, why: str) -> Answer:
    """Return a question that must be answered."""
    return Answer(key, None, why, needed=True)


def _load_balancing(survey: Survey) -> Iterator[Answer]:
    """Yield the target group and its load balancer."""
    key, balancer = ("fleet", "target_group"), ("fleet", "load_balancer")
    groups = survey.group.target_groups
    if len(groups) != 1:
        several = f"one of {_some(groups)}" if groups else "the group has none"
        yield Answer(key, None, several)
        return
    yield Answer(key, groups[0], "the group's")
    found = next((it for it in or_empty(survey.target_groups) if it.name == groups[0]), None)
    balancers = found.balancers if found else ()
    if len(balancers) == 1:
        yield Answer(balancer, balancers[0], "before that target group")
    else:
        yield Answer(
            balancer, None, f"one of {_some(balancers)}" if balancers else "none was found"
        )


def _api(key: Key, apis: Fact[tuple[Api, ...]], kind: str, name: Callable[[Api], str]) -> Answer:
    if isinstance(apis, ReadFailure):
        return Answer(key, None, f"{kind}s of the fleet ({_failure(apis)})")
    names = tuple(name(each) for each in apis if each.protocol in ("HTTP", "REST"))
    if len(names) == 1:
        return Answer(key, names[0], f"the only {kind} here")
    return Answer(key, None, f"those of {_some(names)}" if names else f"there is no {kind} here")


def _log_group(survey: Survey) -> Answer:
    key = ("fleet", "parent_log_group")
    if isinstance(survey.log_groups, ReadFailure):
        return Answer(key, None, f"the parents' log ({_failure(survey.log_groups)})")
    like = tuple(each for each in survey.log_groups if "parent" in each.lower())
    if len(like) == 1:
        return Answer(key, like[0], 'the only log group with "parent" in its name')
    several = f"one of {_some(like)}" if like else "the parents' log, if it is shipped"
    return Answer(key, None, several)


def _units(survey: Survey) -> Iterator[Answer]:
    for kind in ("enclave", "parent"):
        if survey.units is None or isinstance(survey.units, ReadFailure):
            yield _unit(kind)
            continue
        like = tuple(each for each in survey.units if kind in each and "allocator" not in each)
        if len(like) == 1:
            yield Answer(("fleet", "units", kind), like[0], "the only such unit on a host")
        else:
            yield _unit(kind, f"one of {_some(like)}" if like else "")


def _unit(kind: str, which: str = "") -> Answer:
    why = f"the systemd unit of the {kind}: {which or 'systemctl list-units on a host'}"
    return _question(("fleet", "units", kind), why)


def _probe(survey: Survey) -> Iterator[Answer]:
    """Yield the probe's network, which is the hosts' own, since they reach NATS."""
    at = ("probe", "nats", "network")
    network = survey.network
    if not isinstance(network, Network) or not survey.group.subnets:
        return
    yield Answer((*at, "vpc"), network.vpc, "the hosts'")
    yield Answer((*at, "subnets"), list(survey.group.subnets), "the group's; are they private?")
    groups = list(network.security_groups)
    yield Answer((*at, "security_groups"), groups, "the hosts', which reach NATS")


def group_alarms(survey: Survey) -> tuple[tuple[str, str], ...]:
    """Return the alarms that watch the group, each with its name in the rules or empty."""
    group = survey.group
    names = {group.name, *group.target_groups, *group.hosts}
    found = []
    for each in or_empty(survey.alarms):
        about = [it for it in each.metrics if any(value in names for _, value in it.dimensions)]
        if about:
            found.append((each.name, _known_as(about[0])))
    return tuple(found)


def _known_as(metric: Metric) -> str:
    known_as = {"HealthyHostCount": "healthy-hosts", "UnHealthyHostCount": "unhealthy-hosts"}
    return known_as.get(metric.name, "")


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def _failure(fact: ReadFailure) -> str:
    return f"not read: {fact.action} {fact.code}"
