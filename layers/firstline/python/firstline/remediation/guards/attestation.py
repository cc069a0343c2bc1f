"""Attestation: would an enclave that starts now be let in, and unlock its vaults?

What must be read is read once every other guard lets the fix pass; until then those guards have
nothing to say.
"""

from firstline.actions.catalogue import FIXES
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.diagnosis.preflight import Image, KeyState
from firstline.ids import InstanceId
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.surroundings import UNDOES
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


def key_is_usable(plan: Plan, situation: Situation) -> Denial | None:
    """A restarted enclave cannot unlock a vault with a key that is disabled or to be deleted."""
    key = situation.surroundings.key if situation.surroundings else None
    if key is None or plan.action == UNDOES:
        return None
    if not isinstance(key, KeyState):
        return Denial(f"the state of the KMS key cannot be read: {key.why}")
    return None if key.usable else Denial(f"the KMS key is {key.state}", final=True)


def no_image_is_built(plan: Plan, situation: Situation) -> Denial | None:
    """While an image is built its measurement may be published before any host has it."""
    builds = situation.surroundings.builds if situation.surroundings else None
    if builds is None or plan.action == UNDOES:
        return None
    if isinstance(builds, Unknown):
        return Denial(f"whether an image is built cannot be read: {builds.why}")
    if not builds.known:
        return None
    return Denial(f"{', '.join(each.what for each in builds.known)} builds an image")


def image_agrees(plan: Plan, situation: Situation) -> Denial | None:
    """A host whose image is not the published one, or whose key refuses it, would not come back.

    The parent holds the running enclave's PCR0 against the published one at each start.
    """
    image = situation.surroundings.image if situation.surroundings else None
    if image is None or plan.action == UNDOES:
        return None
    if not isinstance(image, Image):
        return Denial(f"the published image cannot be read: {image.why}")
    if image.allowed and image.published not in image.allowed:
        return Denial("the published PCR0 is none that the key's policy allows", final=True)
    if FIXES[plan.action].tool != "ssm":
        return None  # a new instance has the published image, or fails its own verification
    others = [each for each in plan.hosts if _pcr0(situation, each) not in {None, image.published}]
    if not others:
        return None
    why = f"{', '.join(others)} runs an image that is not the published one"
    return Denial(f"{why}: its parent would refuse it", final=True)


def kms_is_calm(plan: Plan, situation: Situation) -> Denial | None:
    """Every enclave that starts unlocks its vaults: while KMS throttles, that makes it worse."""
    if plan.action in {UNDOES, "restart_parent", "scale_out"}:
        return None
    throttled = [
        id_
        for id_, found in situation.incident.hosts.items()
        if isinstance(found.report, HostReport)
        and found.report.log_counts is not None
        and found.report.log_counts.kms_throttled
    ]
    if not throttled:
        return None
    return Denial(f"KMS throttles {', '.join(throttled)}")


def _pcr0(situation: Situation, host: InstanceId) -> str | None:
    """What runs there, as far as its last report says."""
    found = situation.incident.hosts.get(host)
    report = found.report if found is not None else None
    return report.enclave_pcr0 if isinstance(report, HostReport) else None
