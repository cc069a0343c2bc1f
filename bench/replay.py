"""How long one replay takes beside importing moto alone: pairs of runs, alternating.

    python bench/replay.py [PAIRS]

"Importing moto" is what any program pays that uses it: the import, and the three backends that
a replay needs, which moto imports at their first call. The aim is a ratio of 2.5 or less.
Machines differ and are noisy, so only the ratio tells.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

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


def main(pairs: int) -> None:
    """Print each side's minimum, median and maximum, and the median of the pairs' ratios."""
    timed = [(_seconds(MOTO), _seconds(REPLAY)) for _ in range(pairs)]
    for name, times in zip(("import moto", "replay"), zip(*timed, strict=True), strict=True):
        low, middle, high = min(times), statistics.median(times), max(times)
        print(f"{name:<12} {low:.2f} {middle:.2f} {high:.2f} s (minimum, median, maximum)")
    ratio = statistics.median(replay / moto for moto, replay in timed)
    print(f"ratio        {ratio:.2f} (aim: 2.5 or less), {pairs} pairs")


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
