"""A survey's answers: a value only where the account shows one, else a question with its reason."""

import copy
import tomllib
from datetime import UTC, date, datetime
from typing import Any

from firstline.config.settings import Home
from firstline.doctor.facts import Alarm, Api, Metric, ReadFailure, TargetGroup
from firstline.doctor.survey.answers import Answer, answers, fleet_name, group_alarms, questions
from firstline.doctor.survey.facts import Group, Network, Survey
from firstline.doctor.survey.text import Header, text
from firstline.ids import InstanceId

HOSTS = (InstanceId("i-0a1b2c3d4e5f60711"), InstanceId("i-0a1b2c3d4e5f60712"))
TARGETS = "targetgroup/vaults/0123456789abcdef"
DENIED = ReadFailure("x:Describe", "AccessDenied")
HEADER = Header("an account", date(2026, 3, 11))
SURVEY = Survey(
    home=Home("111122223333", "us-east-1"),
    group=Group(
        name="Vaults-ASG",
        max_size=4,
        hosts=HOSTS,
        tags={"Name": "vaults", "aws:x": "y", "Team": "platform", "Application": "vaults"},
        subnets=("subnet-1",),
        target_groups=(TARGETS,),
    ),
    hosts_by_tag={"Team": (*HOSTS, InstanceId("i-0a1b2c3d4e5f60713")), "Application": HOSTS},
    target_groups=(TargetGroup(TARGETS, ("app/vaults/0123456789abcdef",)),),
    http_apis=(Api("a1b2", "vaults", "HTTP"), Api("c3d4", "chat", "WEBSOCKET")),
    rest_apis=(),
    log_groups=("/vaults/parent", "/aws/lambda/x"),
    alarms=(),
    agents=(),
    network=Network("vpc-1", ("sg-1",)),
    units=("vaults-enclave", "vaults-parent", "nitro-enclaves-allocator"),
)


def of(survey: Survey, *key: str) -> Answer:
    (found,) = [each for each in answers(survey) if each.key == key]
    return found


def group(**changes: Any) -> Survey:  # noqa: ANN401 - of any field
    return copy.replace(SURVEY, group=copy.replace(SURVEY.group, **changes))


def test_what_the_account_shows_once_is_chosen() -> None:
    held = {each.key: each.value for each in answers(SURVEY)}
    assert held == {
        ("fleet", "name"): "vaults-asg",
        ("fleet", "group"): "Vaults-ASG",
        ("fleet", "hosts_max"): 4,
        ("fleet", "tags"): {"Application": "vaults"},
        ("fleet", "target_group"): TARGETS,
        ("fleet", "load_balancer"): "app/vaults/0123456789abcdef",
        ("fleet", "http_api"): "a1b2",
        ("fleet", "rest_api"): None,
        ("fleet", "parent_log_group"): "/vaults/parent",
        ("fleet", "units", "enclave"): "vaults-enclave",
        ("fleet", "units", "parent"): "vaults-parent",
        ("fleet", "nats", "host"): None,
        ("probe", "nats", "network", "vpc"): "vpc-1",
        ("probe", "nats", "network", "subnets"): ["subnet-1"],
        ("probe", "nats", "network", "security_groups"): ["sg-1"],
        ("deployment", "emergency_email"): None,
        ("deployment", "security_email"): None,
        ("deployment", "team_email"): None,
    }


def test_a_tag_is_the_hosts_alone_or_a_question() -> None:
    """Another team's instance carries the one, nothing the other; or none could be asked for."""
    shared = of(copy.replace(SURVEY, hosts_by_tag={"Team": (HOSTS[0],)}), "fleet", "tags")
    assert (shared.value, shared.needed) == (None, True)
    assert shared.why.endswith("they have Team=platform, Application=vaults")
    assert of(group(tags={"Name": "x"}), "fleet", "tags").why.endswith("they have none")
    assert of(group(hosts=()), "fleet", "tags").value is None
    unread = of(copy.replace(SURVEY, hosts_by_tag=DENIED), "fleet", "tags")
    assert unread.why == "a tag of its hosts only (not read: x:Describe AccessDenied)"


def test_of_several_none_is_chosen() -> None:
    """Each question names them, a few at most."""
    many = tuple(f"targetgroup/t{number}/0" for number in range(7))
    assert of(group(target_groups=many), "fleet", "target_group").why == (
        f"one of {', '.join(many[:5])} and 2 more"
    )
    assert of(group(target_groups=()), "fleet", "target_group").why == "the group has none"
    two = copy.replace(SURVEY, target_groups=(TargetGroup(TARGETS, ("app/a/0", "app/b/0")),))
    assert of(two, "fleet", "load_balancer").why == "one of app/a/0, app/b/0"
    lost = copy.replace(SURVEY, target_groups=DENIED)
    assert of(lost, "fleet", "load_balancer").why == "none was found"
    apis = copy.replace(SURVEY, rest_apis=(Api("1", "a", "REST"), Api("2", "b", "REST")))
    assert of(apis, "fleet", "rest_api").why == "those of a, b"
    closed = copy.replace(SURVEY, rest_apis=DENIED)
    assert of(closed, "fleet", "rest_api").why.startswith("REST APIs of the fleet (not read")
    logs = copy.replace(SURVEY, log_groups=("/a/parent", "/b/parent"))
    assert of(logs, "fleet", "parent_log_group").why == "one of /a/parent, /b/parent"
    for log_groups, why in (
        ((), "the parents' log, if it is shipped"),
        (DENIED, "the parents' log ("),
    ):
        found = of(copy.replace(SURVEY, log_groups=log_groups), "fleet", "parent_log_group")
        assert found.why.startswith(why)


def test_units_are_asked_for_where_no_host_told_them() -> None:
    for units in (None, DENIED, ()):
        found = of(copy.replace(SURVEY, units=units), "fleet", "units", "enclave")
        assert (found.value, found.needed) == (None, True)
        assert found.why.endswith("systemctl list-units on a host")
    two = of(copy.replace(SURVEY, units=("a-parent", "b-parent")), "fleet", "units", "parent")
    assert two.why.endswith("one of a-parent, b-parent")


def test_without_a_network_there_is_no_probe() -> None:
    """No host to take it from, or it could not be read."""
    for survey in (copy.replace(SURVEY, network=None), group(subnets=())):
        assert not [each for each in answers(survey) if each.key[0] == "probe"]
        assert "probe" not in tomllib.loads(text(answers(survey), HEADER))


def test_a_name_is_one_of_a_stack() -> None:
    """The stack that made the group has the better name."""
    assert of(group(stack="Vaults"), "fleet", "name").value == "vaults"
    assert fleet_name("VettID-Nitro-EnclaveASG0FEBFB59-A1B2C3") == "vettid-nitro-enclaveasg0febfb59"
    assert fleet_name("7 vaults") == "fleet-7-vaults"


def test_alarms_of_others_are_those_about_the_group() -> None:
    """One of its targets has the policy's name."""

    def alarm(name: str, metric: str, value: str) -> Alarm:
        watched = (Metric("AWS/x", metric, (("D", value),)),)
        return Alarm(name=name, state="OK", since=datetime(2026, 3, 1, tzinfo=UTC), metrics=watched)

    alarms = (
        alarm("down", "HealthyHostCount", TARGETS),
        alarm("busy", "CPUUtilization", HOSTS[0]),
        alarm("else", "HealthyHostCount", "targetgroup/other/0"),
        *(alarm(f"more-{number}", "x", "Vaults-ASG") for number in range(5)),
    )
    found = group_alarms(copy.replace(SURVEY, alarms=alarms))
    assert found[:2] == (("down", "healthy-hosts"), ("busy", ""))
    assert "else" not in dict(found)
    written = text(answers(SURVEY), HEADER, found)
    assert tomllib.loads(written)["alarms"]["external"] == [
        {"name": "down", "known_as": "healthy-hosts"}
    ]
    assert 'no rule matches them: "busy", "more-0"' in written
    assert written.count(" and 1 more") == 1
    assert group_alarms(copy.replace(SURVEY, alarms=DENIED)) == ()


def test_a_file_without_an_account_is_questions() -> None:
    """Nothing in a comment begins a line of its own."""
    written = text(questions(), HEADER)
    assert tomllib.loads(written) == {
        "extends": "probed",
        "fleet": {},
        "deployment": {"mode": "dry-run"},
    }
    named = Answer(("fleet", "group"), "x", "they have a=b\nname = 7")
    assert tomllib.loads(text((named,), HEADER))["fleet"] == {"group": "x"}


def test_what_is_known_of_the_deployment_is_stated() -> None:
    known = {"account": "111122223333"}
    read = Answer(("deployment", "team_email"), "a@example.com", "as entered")
    written = tomllib.loads(text((*answers(SURVEY)[:-1], read), HEADER, (), known))
    assert written["deployment"] == known | {"mode": "dry-run", "team_email": "a@example.com"}
    assert "nats" not in written["fleet"]
