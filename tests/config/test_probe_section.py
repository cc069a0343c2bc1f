from firstline.config.probe_section import Probe
from firstline.config.probe_settings import Consumer, ProbeSettings
from tests.builders import PROFILE


def test_the_profiles_probe_becomes_its_functions_settings() -> None:
    """Without the network, which only the stack must know."""
    expected = PROFILE.probe.settings("vettid")
    assert expected.fleet == "vettid"
    assert expected.nats is not None
    assert (expected.nats.host, expected.nats.tls) == ("nats.internal.example.com", "none")
    assert expected.nats.consumers == (Consumer("ENROLLMENT", "worker"),)
    assert expected.health is not None
    assert expected.health.path == "/vault/health"
    assert ProbeSettings.read({"FIRSTLINE_PROBE": expected.write()}) == expected


def test_a_fleet_may_have_no_probe() -> None:
    """Then there is nothing to ask."""
    assert Probe().settings("vettid") == ProbeSettings(fleet="vettid")
