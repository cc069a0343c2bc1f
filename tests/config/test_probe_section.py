from firstline.config.probe_section import Probe
from firstline.config.probe_settings import Consumer, ProbeSettings
from tests.builders import PROFILE


def test_the_profiles_probe_becomes_its_functions_settings() -> None:
    """Without the network, which only the stack must know."""
    told = PROFILE.probe.settings("vettid")
    assert told.fleet == "vettid"
    assert told.nats is not None
    assert (told.nats.host, told.nats.tls) == ("nats.internal.example.com", "none")
    assert told.nats.consumers == (Consumer("ENROLLMENT", "worker"),)
    assert told.health is not None
    assert told.health.path == "/vault/health"
    assert ProbeSettings.read({"FIRSTLINE_PROBE": told.write()}) == told


def test_a_fleet_may_have_no_probe() -> None:
    """Then there is nothing to ask."""
    assert Probe().settings("vettid") == ProbeSettings(fleet="vettid")
