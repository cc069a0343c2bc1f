"""Recipients: who reads each topic. A fleet file names them, or states that it names none.

A deployment whose file forgot them sends a page that PagerDuty refused to an empty topic.
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
    """A line for each topic of which the fleet file at *path* does not say who reads it.

    Raises `InvalidInput` where it cannot be read.
    """
    document = toml_document.read(profile_file.read(path), str(path))
    section = document.table.get(SECTION, {})
    mend = 'write an address, or "" where the topic is subscribed to by other means'
    missing = [
        Fault((SECTION, key), f"is not given ({who}): {mend}")
        for key, who in KEYS.items()
        if key not in section
    ]
    return document.refusal(missing).lines
