"""The probe's functions: where they stand, what they may do, and what ships with them."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from firstline.config import fleet_file
from firstline.config import fleet_file as profiles
from firstline.config.probe_section import Probe
from firstline.config.probe_settings import ProbeSettings
from firstline.errors import InvalidInput
from infra import packaging, probe
from tests.builders import PROFILE_FILE, deployable
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import ACCOUNT, REGION, Made, Resource
from tests.infra.permissions import may

NETWORK = ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface")
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/firstline/probe-nats-creds"
PROBE = profiles.load(PROFILE_FILE).probe


def function(made: Made, name: str) -> Resource:
    (found,) = [
        each
        for each in made.of("AWS::Lambda::Function")
        if each.properties["Handler"] == f"functions.{name}.handler"
    ]
    return found


def role(made: Made, name: str) -> Resource:
    return made.one("AWS::IAM::Role", f"Probe{name}Role")


def test_the_nats_probe_stands_in_the_fleets_network(made: Made) -> None:
    """By the profile's ids: nothing is looked up. The other one stands outside it."""
    assert PROBE.nats is not None
    assert function(made, "probe_nats").properties["VpcConfig"] == {
        "SubnetIds": list(PROBE.nats.network.subnets),
        "SecurityGroupIds": list(PROBE.nats.network.security_groups),
    }
    assert "VpcConfig" not in function(made, "probe_health").properties


def test_each_reads_the_profiles_probe(made: Made) -> None:
    """And knows nothing of the controller's tables."""
    for name in ("probe_nats", "probe_health"):
        environment = function(made, name).properties["Environment"]["Variables"]
        assert environment.keys() == {ProbeSettings.variable}
        assert ProbeSettings.read(environment) == PROBE.settings("vettid")


def test_no_two_overlap_and_none_is_cut_off(made: Made) -> None:
    """A function lives longer than its probe, and shorter than the minute to the next one."""
    assert PROBE.nats is not None
    assert PROBE.health is not None
    for name, limit in (
        ("probe_nats", PROBE.nats.limit_seconds),
        ("probe_health", PROBE.health.limit_seconds),
    ):
        assert limit + 5 <= function(made, name).properties["Timeout"] < 60


def test_the_nats_probe_has_a_layer_of_its_own(made: Made) -> None:
    """No other function ships what it needs."""
    layers = {
        each.properties["Handler"]: len(each.properties["Layers"])
        for each in made.of("AWS::Lambda::Function")
    }
    assert layers.pop("functions.probe_nats.handler") == 4
    assert set(layers.values()) == {3}


def test_the_roles_reach_one_parameter_and_no_more(made: Made) -> None:
    """Lambda joins the network with the role; the code that has the role cannot."""
    assert may(role(made, "Nats"), "ssm:GetParameter", PARAMETER)
    assert not may(role(made, "Nats"), "ssm:GetParameter", f"{PARAMETER}-other")
    assert not may(role(made, "Health"), "ssm:GetParameter", PARAMETER)
    statements = [
        statement
        for policy in role(made, "Nats").properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if set(NETWORK) <= set(statement["Action"])
    ]
    allow, deny = statements
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert deny["Action"] == allow["Action"]
    own = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:firstline-vettid-app-*"
    assert deny["Condition"] == {"ArnLike": {"lambda:SourceFunctionArn": own}}


def test_a_deployer_is_told_of_network_and_price() -> None:
    """R07, R08, R10: also the gaps without a probe."""
    (line,) = probe.deployment_notes(PROBE)
    assert "a VPC endpoint for ssm in 2 subnets, about $14.60 a month" in line
    assert PROBE.nats is not None
    bare = Probe(nats=copy.replace(PROBE.nats, credentials_parameter=None))
    assert list(probe.deployment_notes(bare)) == [
        "the NATS probe needs no VPC endpoint: it has no credentials to read",
        "no [probe.health] in the fleet file: the health address is not probed (R10)",
    ]
    assert ("NATS and the enclaves are not probed (R07, R08)") in next(
        probe.deployment_notes(Probe())
    )


def test_a_profile_without_a_probe_makes_none(tmp_path: Path) -> None:
    """And the notes say so."""
    text = fleet_file.read(PROFILE_FILE).decode()
    start, end = text.index("[probe.nats]"), text.index("[[rules]]")
    path = tmp_path / "fleet.toml"
    path.write_text(deployable(text[:start] + text[end:]))
    app = App(outdir=str(tmp_path / "out"), context={**WITHOUT_BUNDLING, "fleet": str(path)})
    notes = compose(app)
    app.synth()
    made = Made(tmp_path / "out")
    handlers = {each.properties["Handler"] for each in made.of("AWS::Lambda::Function")}
    assert not {each for each in handlers if "probe" in each}
    assert sum(note.startswith("probe: no [probe.") for note in notes) == 2
    assert [note for note in notes if "no probe.nats: " in note and "enclave-memory" in note]


PLACES = """
import sys
import functions.probe_nats, functions.probe_health
import nats, nacl, msgspec
for each in (nats, nacl, msgspec, functions.probe_nats):
    assert each.__file__.startswith(sys.argv[1]), each.__file__
print(functions.probe_nats.handler.__name__)
"""


def test_the_handlers_import_from_what_ships(tmp_path: Path) -> None:
    """Layers and functions alone."""
    packaging.install_dependencies(tmp_path / "dependencies", "x86_64")
    packaging.install_dependencies(
        tmp_path / "probe", "x86_64", packaging.ROOT / "layers" / "probe"
    )
    packaging.copy_firstline(tmp_path / "firstline")
    packaging.copy_functions(tmp_path / "functions")
    runtime = next(each for each in sys.path if each.endswith("site-packages"))
    shipped = [tmp_path / each / "python" for each in ("dependencies", "probe", "firstline")]
    path = os.pathsep.join([str(tmp_path / "functions"), *map(str, shipped), runtime])
    ran = subprocess.run(
        [sys.executable, "-S", "-c", PLACES, str(tmp_path)],
        cwd=tmp_path / "firstline",
        env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "handler\n"


def test_a_probe_without_its_network_is_refused(tmp_path: Path) -> None:
    """One line says what is missing."""
    text = fleet_file.read(PROFILE_FILE).decode()
    (network,) = [each for each in text.split("\n\n") if each.startswith("[probe.nats.network]")]
    path = tmp_path / "fleet.toml"
    path.write_text(text.replace(network, ""))
    with pytest.raises(InvalidInput, match=r"probe\.nats\.network: is missing: add it"):
        profiles.load(path)
