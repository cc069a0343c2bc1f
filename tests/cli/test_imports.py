"""Commands that only read import nothing that talks to AWS or simulates it.

`bench/classify.py` measures their CPU time; a test of time would depend on the machine.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import firstline

PROFILES = Path(firstline.__file__).parent / "profiles"
EVENT = Path(__file__).parents[2] / "events" / "cloudwatch.unhealthy-hosts.json"
DEAR = {
    *("aws_lambda_powertools", "boto3", "botocore", "jinja2", "jsonschema", "moto", "nats"),
    *("pydantic", "requests", "rich", "urllib3", "yaml"),
}
"""What takes longer to import than all else of the command takes."""
RUN = """
import json, sys
from firstline.cli.main import dispatch
status = dispatch(sys.argv[1:])
print(json.dumps([status, *{each.partition(".")[0] for each in sys.modules}]))
"""


@pytest.mark.parametrize(
    "words",
    [
        ("classify", str(EVENT)),
        ("policy", "check", str(PROFILES / "runbook.toml")),
        ("policy", "explain", str(EVENT)),
        ("policy", "show", str(PROFILES / "runbook.toml")),
        ("generate", "unhealthy-hosts"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_command_that_reads_imports_nothing_dear(words: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RUN, *words], capture_output=True, text=True, check=True
    )
    status, *imported = json.loads(ran.stdout.splitlines()[-1])
    assert status == 0
    assert DEAR.intersection(imported) == set()
