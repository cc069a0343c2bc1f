"""Checks that a fleet file names each topic's recipient, or states that there is none.

Without them a page that PagerDuty refused would go to an empty topic.
"""

from pathlib import Path

from firstline.config import profile_file, toml_document
from firstline.config.deployment_section import SECTION
from firstline.config.toml_document import Fault

KEYS = {
    "emergency_email": "who reads what firstline itself cannot page",
    "security_email": "who reads severe security findings",
    "team_email": "who reads the digest and notices",
}


def faults(path: Path) -> tuple[str, ...]:
    """Return a line for each topic without a stated recipient in the file at *path*.

    Raises `InvalidInput` if the file cannot be read.
    """
    document = toml_document.parse_toml(profile_file.read(path), str(path))
    section = document.table.get(SECTION, {})
    mend = 'write an address, or "" where the topic is subscribed to by other means'
    missing = [
        Fault((SECTION, key), f"is not given ({who}): {mend}")
        for key, who in KEYS.items()
        if key not in section
    ]
    return document.to_error(missing).lines
