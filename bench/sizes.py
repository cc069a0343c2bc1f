"""How large is what Lambda unpacks: each layer and the functions, beside the dependencies alone.

    python bench/sizes.py [--quick] [--json]

The packages are built as the stacks build them, for the stacks' own processor, and deflated as the
CDK deflates them. The baseline is the layer of dependencies, which holds nothing of ours. The aim
for the whole, unzipped, is a ratio of 1.1 or less; Lambda takes 250 MiB (Lambda quotas, "Deployment
package"), which each function with its layers is held against too.
"""

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from firstline.cli.event_files import RUNBOOK
from firstline.config.deployment_section import Architecture
from infra import packaging
from tools.bench.figure import Figure, run

ARM: Architecture = "arm64"
PROBE = packaging.ROOT / "layers" / "probe"
BASE = "layer of dependencies"
OURS: dict[str, Callable[[Path], None]] = {
    "layer of firstline": packaging.copy_firstline,
    "layer of the profile": lambda out: packaging.copy_profile(RUNBOOK, out),
    "functions": packaging.copy_functions,
}
MIB = 2**20
LAMBDA_MIB_MAX = 250


class Size(NamedTuple):
    """In MiB."""

    unzipped: float
    zipped: float


def bench(_: int) -> Iterator[Figure]:
    """Each package, then all that a function has."""
    base = built(lambda out: packaging.install_dependencies(out, ARM))
    ours = {name: built(build) for name, build in OURS.items()}
    for name, size in ours.items():
        yield from beside(name, size, base)
    probe = built(lambda out: packaging.install_dependencies(out, ARM, PROBE))
    yield from beside("layer of the probe", probe, base)
    together = (base, *ours.values())
    whole = Size(sum(each.unzipped for each in together), sum(each.zipped for each in together))
    unzipped, zipped = beside("a function with its layers", whole, base)
    yield unzipped.at_most(1.1)
    yield zipped
    most = Figure(
        name="the probe with its layers",
        figure=whole.unzipped + probe.unzipped,
        unit="MiB unzipped",
        exact=True,
    )
    yield most.at_most(LAMBDA_MIB_MAX)


def beside(name: str, size: Size, base: Size) -> tuple[Figure, Figure]:
    """Both sizes, beside those of the dependencies."""
    unzipped, zipped = (
        Figure(
            name=name,
            figure=ours,
            unit=f"MiB {unit}",
            against=BASE,
            baseline=theirs,
            ratio=ours / theirs,
        )
        for unit, ours, theirs in zip(("unzipped", "zipped"), size, base, strict=True)
    )
    return unzipped, zipped


def built(build: Callable[[Path], None]) -> Size:
    """The sizes of what *build* makes."""
    with tempfile.TemporaryDirectory() as folder:
        out, packed = Path(folder, "out"), Path(folder, "out.zip")
        out.mkdir()
        build(out)
        files = sorted(each for each in out.rglob("*") if each.is_file())
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in files:
                archive.write(each, each.relative_to(out))
        unzipped = sum(each.stat().st_size for each in files)
        return Size(unzipped / MIB, packed.stat().st_size / MIB)


if __name__ == "__main__":
    run(bench, usual=1, quick=1)
