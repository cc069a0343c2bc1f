"""The profile that is deployed: the runbook's, with short times and this machine's addresses."""

import re
import tomllib
from pathlib import Path

from infra.context import DEFAULT_PROFILE

GROUP = "VettID-Nitro-EnclaveASG"
PARENT_LOG_GROUP = "/vettid/enclave/parent"
SECONDS = {
    "cooldown": 1,
    "poll": 1,
    "watch": 1,
    "settle": 1,
    "verify_interval": 1,
    "verify_timeout": 30,
    "look_timeout": 10,
    "alarm_lag": 60,
    "incident_age_max": 400,
}


def write(path: Path, nats_port: int) -> Path:
    """Write the profile to *path*; its fleet is called ``e2e``."""
    text = DEFAULT_PROFILE.read_text()
    head, mark, policy = text.partition("[policy]\n")
    for name, value in SECONDS.items():
        policy, found = re.subn(rf"(?m)^{name}_seconds = \d+$", f"{name}_seconds = {value}", policy)
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
