"""How long one replay takes beside importing moto alone: pairs of runs, alternating.

    python bench/replay.py [PAIRS] [--quick] [--json]

"Importing moto" is what any program pays that uses it: the import, and the three backends that
a replay needs, which moto imports at their first call. The aim is a ratio of 2.5 or less.
Machines differ and are noisy, so only the ratio tells.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools.bench.figure import Figure, paired, run

ROOT = Path(__file__).parents[1]
EVENT = ROOT / "events" / "cloudwatch.healthy-hosts-zero.json"
REPLAY = [str(Path(sys.executable).parent / "firstline"), "replay", str(EVENT)]
LOAD = """
import boto3, moto
moto.mock_aws().start()
aws = boto3.Session("x", "x", region_name="us-east-1")
aws.client("dynamodb").list_tables()
aws.client("sqs").list_queues()
aws.client("secretsmanager").list_secrets()
"""
MOTO = [sys.executable, "-c", LOAD]


def bench(pairs: int) -> Iterator[Figure]:
    """The one ratio."""
    timed = ((_seconds(REPLAY), _seconds(MOTO)) for _ in range(pairs))
    yield paired("a replay, wall", "s", "importing moto", timed).at_most(2.5)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    run(bench, usual=5, quick=1)
