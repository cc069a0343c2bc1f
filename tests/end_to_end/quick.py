"""The profile that is deployed: the runbook's, with short times and this machine's addresses."""

import json
import re
import tomllib
from pathlib import Path

from firstline.config import fleet_file, recipients
from tests.builders import PROFILE_FILE

GROUP = "VettID-Nitro-EnclaveASG"
PARENT_LOG_GROUP = "/vettid/enclave/parent"
LIMITS = {
    "verify_timeout_seconds": 600,
    "look_timeout_seconds": 100,
    "alarm_lag_seconds": 600,
    "incident_age_max_seconds": 2000,
    "wakes_max": 2000,
}
"""What nothing here waits for: a machine with other work takes its time, and hands nothing over."""
POLICY = {
    "cooldown_seconds": 1,
    "poll_seconds": 1,
    "watch_seconds": 1,
    "settle_seconds": 1,
    "verify_readings": 2,
    "verify_interval_seconds": 1,
    "quiet_seconds": 2,
    "short_group_seconds": 5,
    **LIMITS,
}


def write(path: Path, nats_port: int, **deployment: str) -> Path:
    """Write the fleet file to *path*; its fleet is called ``e2e``, and deployed with these."""
    text = fleet_file.read(PROFILE_FILE).decode()
    head, mark, policy = text.partition("[policy]\n")
    for name, value in POLICY.items():
        policy, found = re.subn(rf"(?m)^{name} = \d+$", f"{name} = {value}", policy)
        assert found == 1, name
    head = head.replace('\nname = "vettid"\n', '\nname = "e2e"\n')
    head, found = re.subn(
        r'host = "nats\.internal\.example\.com"\ncredentials_parameter = .*\ninbox_prefix = .*\n',
        f'host = "127.0.0.1"\nport = {nats_port}\nstep_seconds = 2\ngather_seconds = 0.15\n'
        "limit_seconds = 10\n",
        head,
    )
    assert found == 1
    given = dict.fromkeys(recipients.KEYS, "") | deployment
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in given.items())
    path.write_text("".join((head, mark, policy, "\n[deployment]\n", *lines)))
    tomllib.loads(path.read_text())
    return path
