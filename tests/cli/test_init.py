"""``firstline init`` on moto's account: the file that it writes passes check and doctor."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aws_cdk import App
from boto3.session import Session
from moto import mock_aws

from app import compose
from firstline.cli.main import dispatch
from firstline.config import fleet_choice, fleet_file
from firstline.doctor.facts import ReadFailure
from firstline.doctor.readers.survey import UNITS, read_survey
from tests.adapters.account import Answering, Refusal
from tests.builders import PROFILE, PROFILE_FILE
from tests.config.test_profile import TEXT as SMALL
from tests.dev.documented import DOCUMENTS, commands
from tests.dev.lines import kind
from tests.infra import made as stacks
from tests.infra.conftest import WITHOUT_BUNDLING

REGION = "us-east-1"
GROUP = "Vaults-EnclaveASG-1A2B3C"
READERS = ("on-call@acme.org", "security@acme.org", "team@acme.org")


class Made(NamedTuple):
    """The resources of the account."""

    hosts: tuple[str, ...]
    target_group: str
    load_balancer: str
    http_api: str
    vpc: str
    subnet: str
    security_group: str


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, credentials that open nothing, and nothing on standard input."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", fleet_choice.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def made(folder: Path) -> Iterator[Made]:
    """A group of two hosts behind a load balancer, and what stands around it."""
    del folder
    with mock_aws():
        yield _account(Session(region_name=REGION))


def _account(session: Session) -> Made:
    ec2, elb = session.client("ec2"), session.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"{REGION}{z}")
        for n, z in enumerate("ab")
    ]
    ids = [each["Subnet"]["SubnetId"] for each in subnets]
    hosts_group = ec2.create_security_group(GroupName="hosts", Description="x", VpcId=vpc)[
        "GroupId"
    ]
    balancer = elb.create_load_balancer(Name="vaults", Subnets=ids)["LoadBalancers"][0]
    target = elb.create_target_group(Name="vaults", Protocol="HTTP", Port=80, VpcId=vpc)
    arn = target["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    image = ec2.register_image(Name="vaults", RootDeviceName="/dev/xvda")["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="vaults",
        LaunchTemplateData={
            "ImageId": image,
            "InstanceType": "m5.xlarge",
            "SecurityGroupIds": [hosts_group],
        },
    )
    tags = {"Name": "vaults", "Application": "vaults", "Team": "platform"}
    groups = session.client("autoscaling")
    groups.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        LaunchTemplate={"LaunchTemplateName": "vaults", "Version": "$Latest"},
        MinSize=2,
        MaxSize=4,
        DesiredCapacity=2,
        VPCZoneIdentifier=ids[0],
        TargetGroupARNs=[arn],
        Tags=[
            {
                "ResourceId": GROUP,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": value,
                "PropagateAtLaunch": True,
            }
            for key, value in tags.items()
        ],
    )
    # another team's instance carries one of the tags, too
    other = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[other], Tags=[{"Key": "Team", "Value": "platform"}])
    api = session.client("apigatewayv2").create_api(Name="vaults", ProtocolType="HTTP")["ApiId"]
    for name in ("/vaults/parent", "/aws/lambda/x"):
        session.client("logs").create_log_group(logGroupName=name)
    _alarm(session, "targets-unhealthy", "UnHealthyHostCount", arn.rpartition(":")[2])
    _alarm(session, "targets-slow", "TargetResponseTime", arn.rpartition(":")[2])
    _alarm(session, "of-another", "HealthyHostCount", "targetgroup/other/0123456789abcdef")
    shown = groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    return Made(
        hosts=tuple(each["InstanceId"] for each in shown["Instances"]),
        target_group=arn.rpartition(":")[2],
        load_balancer=balancer["LoadBalancerArn"].partition(":loadbalancer/")[2],
        http_api=api,
        vpc=vpc,
        subnet=ids[0],
        security_group=hosts_group,
    )


def _alarm(session: Session, name: str, metric: str, target_group: str) -> None:
    session.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName=metric,
        Dimensions=[{"Name": "TargetGroup", "Value": target_group}],
        Statistic="Maximum",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0,
        Period=60,
        EvaluationPeriods=1,
    )


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{each}\n" for each in lines)))


def test_a_group_becomes_a_file(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the answers that only a person knows it holds together, and doctor reads it."""
    answer(monkeypatch, "vaults-enclave", "vaults-parent", "nats.internal.acme.org", *READERS)
    assert dispatch(["init", "--group", GROUP]) == 0
    out = capsys.readouterr().out
    path = Path(fleet_choice.FILE)
    lines = path.read_text().splitlines()
    assert len(lines) <= 40
    profile, settings = fleet_file.load(path), fleet_file.deployment(path)
    fleet = profile.fleet
    assert (profile.name, fleet.name, fleet.group, fleet.hosts_max) == (
        "runbook",
        "vaults-enclaveasg-1a2b3c",
        GROUP,
        4,
    )
    assert fleet.tags == {"Application": "vaults"}
    assert (fleet.target_group, fleet.load_balancer) == (made.target_group, made.load_balancer)
    assert (fleet.http_api, fleet.rest_api) == (made.http_api, "")
    assert fleet.parent_log_group == "/vaults/parent"
    assert (fleet.units.enclave, fleet.units.parent) == ("vaults-enclave", "vaults-parent")
    assert profile.probe.nats is not None
    network = profile.probe.nats.network
    assert (network.vpc, network.subnets) == (made.vpc, (made.subnet,))
    assert network.security_groups == (made.security_group,)
    assert [(each.name, each.known_as) for each in profile.alarms.external] == [
        ("targets-unhealthy", "unhealthy-hosts")
    ]
    assert (settings.account, settings.region, settings.mode) == ("123456789012", REGION, "dry-run")
    text = path.read_text()
    assert 'no rule matches them: "targets-slow"' in text
    assert "of-another" not in text
    assert f"{path}: is consistent: " in out
    assert " warning, " in out.splitlines()[-1]


def test_the_stacks_of_its_file_are_made(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that passes the check can be synthesised, with its account and recipients."""
    del made
    answer(monkeypatch, "vaults-enclave", "vaults-parent", "nats.internal.acme.org", *READERS)
    assert dispatch(["init", "--group", GROUP]) == 0
    folder = Path.cwd() / "assembly"  # the CDK runs elsewhere
    app = App(outdir=str(folder), context={**WITHOUT_BUNDLING, "fleet": fleet_choice.FILE})
    compose(app)
    app.synth()
    subscribed = stacks.Made(folder).of("AWS::SNS::Subscription")
    ends = {each.properties["Endpoint"] for each in subscribed}
    assert ends == set(READERS)


LINES = sorted(
    {
        tuple(line[1:])
        for document in DOCUMENTS
        for line in commands(document)
        if line[0] == "./dev" and kind(line[1:]) == "surveyed"
    }
)


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_documents_line_is_run(
    line: tuple[str, ...], made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the group that there is; what it writes holds together."""
    del made
    answer(monkeypatch, "vaults-enclave", "vaults-parent", "", *READERS)
    assert dispatch([GROUP if each == "NAME" else each for each in line]) == 0
    assert dispatch(["policy", "check", "my-fleet.toml"]) == 0


def test_what_is_not_answered_stays_a_question(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its reason, in a file that the check refuses with the lines that are missing."""
    del made
    assert dispatch(["init", "--group", GROUP, "-o", "mine.toml"]) == 1
    text = Path("mine.toml").read_text()
    assert '# units = { enclave = "", parent = "" }  # ? enclave: the systemd unit' in text
    assert "# [probe.nats]" in text
    err = capsys.readouterr().err
    assert "mine.toml:5: fleet.units: is missing: add it" in err


def test_a_file_without_recipients_is_compared_with_the_account(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check names what is missing, and doctor still says what it found."""
    del made
    answer(monkeypatch, "vaults-enclave", "vaults-parent", "")
    assert dispatch(["init", "--group", GROUP, "-o", "mine.toml"]) == 1
    out, err = capsys.readouterr()
    assert "deployment.emergency_email: is not given" in err
    assert " warning, " in out.splitlines()[-1]


def test_a_group_that_is_not_there_names_those_that_are(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    del made
    assert dispatch(["init", "--group", "nope"]) == 2
    assert (
        f"--group nope: no such group in this Region; existing: {GROUP}" in capsys.readouterr().err
    )
    assert not Path(fleet_choice.FILE).exists()


def test_a_file_is_never_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / fleet_choice.FILE
    path.write_text("mine")
    assert dispatch(["init", "--group", GROUP]) == 2
    assert "firstline.toml: exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"


@pytest.mark.usefixtures("folder")
def test_without_an_account_it_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every key; a tag that is none is one line."""
    answers = ["vaults", "vaults-group", "Application=vaults", "", "", "a1b2", "", "", "e", "p", ""]
    answers += READERS
    answer(monkeypatch, *answers)
    assert dispatch(["init"]) == 0
    fleet = fleet_file.load(Path(fleet_choice.FILE)).fleet
    assert (fleet.name, fleet.group, fleet.http_api) == ("vaults", "vaults-group", "a1b2")
    assert fleet.tags == {"Application": "vaults"}
    answer(monkeypatch, "vaults", "vaults-group", "vaults")
    assert dispatch(["init", "-o", "other.toml"]) == 2
    assert "vaults: write a tag as KEY=VALUE" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_credentials_that_open_nothing_are_no_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert dispatch(["init", "--group", GROUP]) == 1
    assert (
        "the account cannot be read (AWS did not return your identity"
    ) in capsys.readouterr().out


def test_a_whole_profile_becomes_short(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It decides the same, or each difference is a line and the status is 1."""
    (folder / "old.toml").write_bytes(fleet_file.read(PROFILE_FILE))
    assert dispatch(["init", "--from", "old.toml"]) == 0
    out = capsys.readouterr().out
    assert "makes the same decisions as old.toml" in out
    assert ": deployment.team_email: is not given" in out
    assert fleet_file.load(folder / fleet_choice.FILE).rules == PROFILE.rules
    (folder / "small.toml").write_text(SMALL)
    assert dispatch(["init", "--from", "small.toml", "-o", "less.toml"]) == 1
    assert "otherwise than small.toml: alarms.made: " in capsys.readouterr().out


def test_a_look_asks_one_host_for_its_units() -> None:
    """By a fixed command, whose answer has the names alone."""
    host = "i-0a1b2c3d4e5f60711"
    group = {
        "AutoScalingGroupName": GROUP,
        "MaxSize": 1,
        "DesiredCapacity": 1,
        "Instances": [{"InstanceId": host, "LifecycleState": "InService"}],
        "SuspendedProcesses": [],
        "EnabledMetrics": [],
        "MixedInstancesPolicy": {
            "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": "t"}}
        },
    }
    answers: dict[str, Any] = {
        "sts.GetCallerIdentity": {"Account": "111122223333", "Arn": "arn:me"},
        "auto-scaling.DescribeAutoScalingGroups": {"AutoScalingGroups": [group]},
        "ec2.DescribeInstances": Refusal("UnauthorizedOperation"),
        "ssm.SendCommand": {"Command": {"CommandId": "c" * 36}},
        "ssm.ListCommandInvocations": {
            "CommandInvocations": [
                {
                    "InstanceId": host,
                    "Status": "Success",
                    "CommandPlugins": [{"Output": "vaults.service\nx.socket\nparent.service\n"}],
                }
            ]
        },
    }
    for call in (
        "elastic-load-balancing-v2.DescribeTargetGroups",
        "apigatewayv2.GetApis",
        "api-gateway.GetRestApis",
        "cloudwatch-logs.DescribeLogGroups",
        "cloudwatch.DescribeAlarms",
        "ssm.DescribeInstanceInformation",
    ):
        answers[call] = Refusal("AccessDenied")
    account = Answering(answers)
    found = read_survey(account.session, GROUP, look=True)
    assert found.units == ("vaults", "parent")
    assert found.group.launch_template == "t"
    assert isinstance(found.network, ReadFailure)
    sent = account.parameters("ssm.SendCommand")
    assert (sent["InstanceIds"], sent["Parameters"]) == ([host], {"commands": [UNITS]})
