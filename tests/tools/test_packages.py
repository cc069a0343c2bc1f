"""The packages: each folder of the package has its place in the contract, and none is too full."""

from pathlib import Path

from firstline.cli.develop import checkout
from tools.docs import packages


def test_every_package_has_its_place_and_none_is_too_full() -> None:
    assert tuple(packages.faults(checkout())) == ()


def test_a_package_without_a_place_is_a_fault(tmp_path: Path) -> None:
    """A package outside the contract could import anything."""
    contract = '[[tool.importlinter.contracts]]\ntype = "layers"\nlayers = ["firstline.ids"]\n'
    (tmp_path / "pyproject.toml").write_text(contract)
    assert "the contract names no ledger" in tuple(packages.faults(tmp_path))


def test_a_folder_that_is_too_full_is_a_fault() -> None:
    found = tuple(packages.faults(checkout(), files_max=1))
    assert any(each.startswith("ledger holds ") for each in found)


def test_the_order_is_that_of_an_incidents_life() -> None:
    """From what is known, over what is done, to what talks to the world."""
    order = packages.layers(checkout())
    life = ("diagnosis", "signals", "remediation", "controller", "adapters", "cli")
    assert [order.index(each) for each in life] == sorted(order.index(each) for each in life)
