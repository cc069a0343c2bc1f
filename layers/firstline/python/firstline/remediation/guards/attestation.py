"""Attestation: whether an enclave that starts now would be admitted, and could unlock its vaults.

Preflight facts are read once every other guard lets the fix pass; until then these guards pass.

The key's policy pins PCR0 at each unlock. A host with another image would not come back from a
restart, and a host whose image the key refuses could unlock nothing. The look reports the running
PCR0; the published one and the key's policy are preflight facts. No fix runs while a host builds an
image.
"""

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.diagnosis.preflight import Image, KeyState
from firstline.ids import InstanceId
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


def key_is_usable(plan: Plan, situation: Situation) -> Denial | None:
    """A restarted enclave cannot unlock a vault with a key that is disabled or to be deleted."""
    key = situation.surroundings.key if situation.surroundings else None
    if key is None or plan.traits.undoes_own_fix:
        return None
    if not isinstance(key, KeyState):
        return Denial(
            Reason.KEY_UNREADABLE,
            f"the state of the KMS key cannot be read: {key.why}",
            unknown=True,
        )
    return (
        None
        if key.usable
        else Denial(Reason.KEY_UNUSABLE, f"the KMS key is {key.state}", final=True)
    )


def no_image_is_built(plan: Plan, situation: Situation) -> Denial | None:
    """While an image is built its measurement may be published before any host has it."""
    builds = situation.surroundings.builds if situation.surroundings else None
    if builds is None or plan.traits.undoes_own_fix:
        return None
    if isinstance(builds, Unknown):
        return Denial(
            Reason.BUILDS_UNREADABLE,
            f"the image builds cannot be read: {builds.why}",
            unknown=True,
        )
    if not builds.known:
        return None
    return Denial(
        Reason.IMAGE_IN_BUILD,
        f"{', '.join(each.what for each in builds.known)} is building an image",
    )


def image_agrees(plan: Plan, situation: Situation) -> Denial | None:
    """A host whose image is not the published one, or whose key refuses it, would not come back.

    The parent holds the running enclave's PCR0 against the published one at each start. A debug
    enclave attests zeros, whatever nitro-cli prints of its image.
    """
    image = situation.surroundings.image if situation.surroundings else None
    if image is None or plan.traits.undoes_own_fix:
        return None
    if not isinstance(image, Image):
        return Denial(
            Reason.IMAGE_UNREADABLE,
            f"the published image cannot be read: {image.why}",
            unknown=True,
        )
    if image.allowed and image.published not in image.allowed:
        return Denial(
            Reason.IMAGE_NOT_ALLOWED,
            "the key's policy does not allow the published PCR0",
            final=True,
        )
    if plan.traits.launches_instances:
        return None  # a new instance has the published image, or fails its own verification
    return _same_image(_running(plan, situation), image)


def _same_image(running: dict[InstanceId, HostReport], image: Image) -> Denial | None:
    """Deny unless each running enclave has the published image, as far as its host reports it."""
    if debug := [each for each, report in running.items() if report.enclave_debug]:
        return Denial(
            Reason.DEBUG_ENCLAVE,
            f"{', '.join(debug)} runs a debug enclave, which does not attest its PCRs",
            final=True,
        )
    measured = {each: report.enclave_pcr0 for each, report in running.items()}
    if others := [each for each, pcr0 in measured.items() if pcr0 not in {None, image.published}]:
        why = f"{', '.join(others)} does not run the published image"
        return Denial(Reason.IMAGE_NOT_PUBLISHED, f"{why}: its parent would refuse it", final=True)
    dark = [each for each, pcr0 in measured.items() if pcr0 is None]
    if not dark:
        return None
    return Denial(
        Reason.IMAGE_UNKNOWN,
        f"the image that runs on {', '.join(dark)} is unknown",
        approvable=True,
        unknown=True,
    )


def kms_is_calm(plan: Plan, situation: Situation) -> Denial | None:
    """Every enclave that starts unlocks its vaults: while KMS throttles, that makes it worse."""
    if plan.traits.keeps_enclave:
        return None
    counts = {id_: report.log_counts for id_, report in _reports(situation).items()}
    throttled = [id_ for id_, known in counts.items() if known and known.kms_throttled]
    if throttled:
        return Denial(Reason.KMS_THROTTLED, f"KMS throttles {', '.join(throttled)}")
    dark = [id_ for id_, known in counts.items() if known is None and id_ in plan.hosts]
    if not dark:
        return None
    why = f"cannot check whether KMS throttles {', '.join(dark)}: its log cannot be read"
    return Denial(Reason.KMS_STATE_UNKNOWN, why, approvable=True, unknown=True)


def _reports(situation: Situation) -> dict[InstanceId, HostReport]:
    """The last report of each host that gave one."""
    known = ((id_, each.report) for id_, each in situation.incident.hosts.items())
    return {id_: report for id_, report in known if isinstance(report, HostReport)}


def _running(plan: Plan, situation: Situation) -> dict[InstanceId, HostReport]:
    """The reports of the plan's hosts with a running enclave, as far as they report it."""
    reports = _reports(situation)
    return {
        each: reports[each]
        for each in plan.hosts
        if each in reports and reports[each].enclave_state != "none"
    }
