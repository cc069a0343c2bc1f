"""Deploying: the line that deploys again what stands, with every context key that it was made with.

A deployment keeps no key that its line leaves out: mode, readers of topics and the rest go back to
their defaults. So each remedy that deploys has its line from here.
"""

import shlex
from collections.abc import Mapping

import msgspec

from firstline.doctor.facts import Account, Deployed

OUTPUT = "Context"
"""The app stack's output with the context keys of its deployment, as JSON; all but the profile."""
PROFILE = "my-fleet.toml"
"""What the documents call the operator's own profile."""
FIRST = {
    "mode": "observe",
    "emergency_email": "you@example.com",
    "security_email": "security@example.com",
    "team_email": "team@example.com",
}
"""The keys of a first deployment, as the documents have them."""
UNKNOWN = {**FIRST, "mode": "MODE"}
"""Where nobody knows what stands: ``MODE`` is refused until a person puts theirs."""


def line(given: Mapping[str, str]) -> str:
    """The command that deploys with the context keys *given*, quoted for a shell."""
    words = (word for key, value in given.items() for word in ("-c", f"{key}={value}"))
    return shlex.join(("firstline", "deploy", *words))


def lines(profile: str, account: Account) -> dict[str, str]:
    """By its place in a remedy: ``deploy`` as it stands, ``enforce`` so that it fixes.

    *profile* is the path of the operator's file.
    """
    known = {"profile": profile, **_deployed_with(account)}
    return {"deploy": line(known), "enforce": line({**known, "mode": "enforce"})}


def _deployed_with(account: Account) -> Mapping[str, str]:
    if account.deployed is None:
        return FIRST
    return keys(account.deployed) if isinstance(account.deployed, Deployed) else UNKNOWN


def keys(deployed: Deployed) -> Mapping[str, str]:
    """The context keys of the deployment; `UNKNOWN` where its output does not show them whole."""
    try:
        found = msgspec.json.decode(deployed.outputs.get(OUTPUT, ""), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeError):
        return UNKNOWN
    whole = "mode" in found and all(map(str.isprintable, (*found, *found.values())))
    return found if whole else UNKNOWN
