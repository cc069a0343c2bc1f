"""Before an incident is handed over, what a person would look up first is looked up."""

import copy

from firstline.config.profile import Nats
from firstline.controller.investigate import INVESTIGATION_DURATION_MAX
from firstline.lab.twin.scenario import HostPlan, Scenario
from firstline.ledger.chain import Kind
from tests.builders import PROFILE
from tests.controller.rig import Rig

UNMENDED = copy.replace(PROFILE, ladders=())
READS = {"issues", "metrics", "stack", "parameters", "launch_template", "releases", "refreshes"}
WAY = {"placement", "lets_out", "routes", "peerings"}


def handed_over(rig: Rig) -> str:
    """The investigation's lines in the escalation."""
    rig.hear()
    rig.at_the_end()
    (result,) = rig.entries_of(Kind.ESCALATION)
    (page,) = [each for each in rig.incident().pages if each.key.endswith(":escalated")]
    assert page.details["investigation"] == result["investigation"]
    return str(result["investigation"])


def test_the_investigation_runs_once_and_is_on_the_page() -> None:
    """R13, R20, R21; of the network only where NATS is the trouble."""
    rig = Rig(profile=UNMENDED)
    text = handed_over(rig)
    assert "R13 AWS Health has no open issue" in text
    assert "R20 nothing unusual" in text
    assert "R21 no known deployment" in text
    assert "R37" not in text
    assert all(rig.script.calls[each] == 1 for each in READS)
    assert not any(rig.script.calls[each] for each in WAY)


def test_nothing_of_it_is_read_where_a_fix_helps() -> None:
    """It costs a dozen requests."""
    rig = Rig()
    rig.hear()
    rig.at_the_end()
    assert not any(rig.script.calls[each] for each in (READS | WAY) - _fixing())


def _fixing() -> set[str]:
    """The reads of every fix."""
    return {"stack", "parameters", "refreshes"}


def no_nats(*, peering: str = "active") -> Rig:
    hosts = tuple(HostPlan(id=each.id, enclave="up", nats="unreachable") for each in _HOSTS)
    return Rig(scenario=Scenario(name="no NATS", hosts=hosts, peering=peering))


_HOSTS = Scenario(name="x").hosts


def test_the_way_to_nats_is_looked_at_where_no_host_reaches_it() -> None:
    """R37, R38."""
    text = handed_over(no_nats(peering="deleted"))
    assert "R37 the hosts' security groups let port 4222 out" in text
    assert "R38 the peering connection pcx-0a1b2c3d4e5f60711 is deleted" in text


def test_a_fleet_without_nats_has_no_way_to_it() -> None:
    """Nothing is asked about what the profile does not name."""
    rig = no_nats()
    bare = copy.replace(PROFILE.fleet, nats=Nats())
    rig.system = copy.replace(rig.system, profile=copy.replace(PROFILE, fleet=bare))
    assert "R37" not in handed_over(rig)


def test_a_failed_read_is_unknown_and_delays_nothing() -> None:
    """Each part by itself."""
    rig = no_nats()
    rig.script.failing |= READS | WAY
    text = handed_over(rig)
    for each in ("R13 AWS Health", "R20 the metrics", "R21 recent deployments", "R37 the security"):
        assert each in text
    assert text.count("cannot be read") >= 6


def test_routes_that_cannot_be_read_leave_the_peerings_unknown() -> None:
    """And no peering connection to be asked about."""
    rig = no_nats()
    rig.script.failing.add("routes")
    assert "R38 the routes cannot be read" in handed_over(rig)
    assert rig.script.calls["peerings"] == 0


def test_a_network_without_peering() -> None:
    """No connection is asked about."""
    rig = no_nats(peering="none")
    assert "R38 no route of the hosts' network goes over a peering" in handed_over(rig)
    assert rig.script.calls["peerings"] == 0


def test_it_ends_in_bounded_time() -> None:
    """Slow reads are unknown: an escalation must end in the function's time."""
    rig = Rig(profile=UNMENDED)
    rig.script.before(
        "issues", lambda: rig.world.advance(rig.world.now + INVESTIGATION_DURATION_MAX)
    )
    text = handed_over(rig)
    assert "R13 AWS Health has" in text
    assert "R20 the metrics cannot be read: the time limit was reached" in text
    assert rig.script.calls["metrics"] == 0


def test_a_refresh_of_ours_is_no_deployment_of_somebody_elses() -> None:
    """It is listed as an attempt."""
    rig = Rig(HostPlan(id=_HOSTS[0].id, restart_helps=False, replacement_helps=False))
    text = handed_over(rig)
    assert any(each.action == "refresh_fleet" for each in rig.incident().attempts)
    assert "by the refresh" not in text
    theirs = Rig(profile=UNMENDED, scenario=Scenario(name="x", refreshing=True))
    assert "R21 the group, by the refresh" in handed_over(theirs)
