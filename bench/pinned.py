"""What it costs that boto3, botocore and urllib3 come with the layer instead of the runtime.

    python bench/pinned.py [PAIRS] [--quick] [--json]

Ingest is started and takes its page as in `bench/cold_start.py`, twice: with the layer as it is
deployed, and with a layer without these packages beside the runtime's own copy of them. The CPU
time of the whole process counts. The aim is 1.1 or less. What Lambda needs to unpack the larger
layer cannot be seen here; `bench/sizes.py` has its size.
"""

import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.cold_start import Case, Packages, Side, cases, seconds
from tools.bench.figure import Figure, paired, run

PINNED = ("boto3", "botocore", "s3transfer", "urllib3")
"""What the layer brings that the runtime has too; their small ones cost nothing."""
RATIO_MAX = 1.1


def bench(pairs: int) -> Iterator[Figure]:
    """Ingest alone: a page waits for it."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        for case in cases(where, Packages(where)):
            if case.name == "ingest":
                yield beside(case, where / "layers-without", pairs)
                return


def beside(case: Case, without: Path, pairs: int) -> Figure:
    """The deployed layer, and at *without* one that leaves these packages to the runtime."""
    ours, _ = case.sides
    shutil.copytree(ours.place.opt, without)
    for name in PINNED:
        shutil.rmtree(without / "python" / name)
    theirs = Side(ours.place._replace(opt=without), ours.handler)
    taken = [(_cpu(ours, case), _cpu(theirs, case)) for _ in range(pairs + (pairs > 1))]
    name, against = "cold ingest, boto3 of the layer, CPU", "boto3 and urllib3 of the runtime"
    return paired(name, "s", against, taken[-pairs:]).at_most(RATIO_MAX)


def _cpu(side: Side, case: Case) -> float:
    """The CPU time of the process that is started, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds(side, case)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


if __name__ == "__main__":
    run(bench, usual=9, quick=1)
