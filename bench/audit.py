"""How much memory and time a ledger's list and review take, by the number of its entries.

    python bench/audit.py [ENTRIES ...]

Each is run in a process of its own on an export of so many entries (by default 10,000 and
1,000,000), made of a replayed incident again and again under other ids: the peak of its resident
memory must not grow with them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

FIRSTLINE = str(Path(sys.executable).parent / "firstline")
SCENARIO = Path(__file__).parents[1] / "events" / "scenarios" / "one-dead-host.toml"
COMMANDS = (["audit", "list"], ["report", "--since", "2026-01-01"])


def entries(export: Path, most: int) -> Iterator[bytes]:
    """The incident of *export* under one id after another, until there are *most* entries."""
    bodies = [msgspec.json.decode(each) for each in export.read_bytes().splitlines()]
    bodies = [each for each in bodies if "kind" in each]
    for number in range(most):
        turn, place = divmod(number, len(bodies))
        yield msgspec.json.encode(bodies[place] | {"incident": f"inc-{turn:020x}"}) + b"\n"


def measure(command: list[str], file: Path) -> tuple[float, int]:
    """Seconds, and the peak of the resident memory in MiB."""
    began = time.monotonic()
    process = subprocess.Popen([FIRSTLINE, *command, str(file)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        sys.exit(f"{' '.join(command)}: failed")
    return time.monotonic() - began, used.ru_maxrss // 1024


def main(counts: list[int]) -> None:
    """Print a line for each command and count."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder, "one.jsonl")
        # in a process of its own: what this one held would be counted to those that it begins
        replay = [FIRSTLINE, "replay", str(SCENARIO), "--export", str(one)]
        subprocess.run(replay, check=True, stdout=subprocess.DEVNULL)
        for most in counts:
            file = Path(folder, "many.jsonl")
            with file.open("wb") as out:
                out.writelines(entries(one, most))
            for command in COMMANDS:
                seconds, peak = measure(command, file)
                print(
                    f"{' '.join(command):<28} {most:>9,} entries  {seconds:6.1f} s  {peak:>4} MiB"
                )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [10_000, 1_000_000])
