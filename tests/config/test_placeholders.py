"""An example's value in another fleet's file is refused, with its line."""

from pathlib import Path

import pytest

from firstline.config import placeholders
from tests.builders import PROFILE_FILE
from tests.config.test_fleet_file import USUAL

HEALTH = '[probe.health]\nhost = "{}"\npath = "/health"\n'


def of(folder: Path, text: str) -> Path:
    path = folder / "my-fleet.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (USUAL + HEALTH.format("api.example.com"), "probe.health.host: api.example.com"),
        (USUAL + HEALTH.format("api.vettid.dev"), "probe.health.host: api.vettid.dev"),
        (
            USUAL.replace('host = "nats.example.com"', 'host = "nats.internal.example.com"', 1),
            "fleet.nats.host: nats.internal.example.com",
        ),
        (
            USUAL.replace("app/vaults/0123456789abcdef", "app/vettid-vault/50dc6c495c0c9188"),
            "fleet.load_balancer: app/vettid-vault/50dc6c495c0c9188",
        ),
    ],
)
def test_what_is_left_of_the_example_is_named(text: str, key: str, tmp_path: Path) -> None:
    """Of the present one, and of those that were shipped before."""
    path = of(tmp_path, text)
    (line,) = [each for each in placeholders.faults(path) if key in each]
    assert line.startswith(f"{path}:")
    assert line.endswith(f"{key} is the shipped example's: write your own")
    assert not placeholders.is_example(path)


def test_each_placeholder_is_a_line(tmp_path: Path) -> None:
    """Also in a list: it is in this file three times, next to the fleet's own."""
    lines = placeholders.faults(of(tmp_path, USUAL))
    assert [each.split(": ")[1] for each in lines] == [
        "fleet.http_api",
        "probe.nats.network.vpc",
        "probe.nats.network.subnets",
        "probe.nats.network.security_groups",
    ]


def test_a_fleets_own_names_are_none(tmp_path: Path) -> None:
    own = USUAL.replace("0a1b2c3d4e5f607", "0f1e2d3c4b5a697").replace("a1b2c3d4e5", "f6g7h8i9j0")
    assert placeholders.faults(of(tmp_path, own)) == ()


def test_the_example_and_its_copy_are_for_a_laptop(tmp_path: Path) -> None:
    """With a number changed, or a host of its own, it is still the example's fleet."""
    text = PROFILE_FILE.read_text()
    for each in (text, text.replace("port = 4222", "port = 4223")):
        path = of(tmp_path, each)
        assert placeholders.faults(path) == ()
        assert placeholders.is_example(path)
    mixed = of(tmp_path, text.replace("nats.internal.example.com", "nats.example.org"))
    assert placeholders.faults(mixed) == ()
    assert not placeholders.is_example(mixed)
