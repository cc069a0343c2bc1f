"""The profile that is deployed: the runbook's, with short times and this machine's addresses."""

import re
import tomllib
from pathlib import Path

from infra.context import DEFAULT_PROFILE

GROUP = "VettID-Nitro-EnclaveASG"
PARENT_LOG_GROUP = "/vettid/enclave/parent"
POLICY = {
    "cooldown_seconds": 1,
    "poll_seconds": 1,
    "watch_seconds": 1,
    "settle_seconds": 1,
    "verify_readings": 2,
    "verify_interval_seconds": 1,
    "verify_timeout_seconds": 30,
    "look_timeout_seconds": 10,
    "alarm_lag_seconds": 60,
    "incident_age_max_seconds": 400,
    "quiet_seconds": 2,
    "short_group_seconds": 5,
}


def write(path: Path, nats_port: int) -> Path:
    """Write the profile to *path*; its fleet is called ``e2e``."""
    text = DEFAULT_PROFILE.read_text()
    head, mark, policy = text.partition("[policy]\n")
    for name, value in POLICY.items():
        policy, found = re.subn(rf"(?m)^{name} = \d+$", f"{name} = {value}", policy)
        assert found == 1, name
    head = head.replace('\nname = "vettid"\n', '\nname = "e2e"\n')
    head, found = re.subn(
        r'host = "nats\.internal\.vettid\.dev"\ncredentials_parameter = .*\ninbox_prefix = .*\n',
        f'host = "127.0.0.1"\nport = {nats_port}\nstep_seconds = 0.5\ngather_seconds = 0.15\n'
        "limit_seconds = 3\n",
        head,
    )
    assert found == 1
    path.write_text(head + mark + policy)
    tomllib.loads(path.read_text())
    return path
