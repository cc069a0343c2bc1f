"""Situations that guards stop for what is read around the fleet before a fix."""

import copy

from firstline.diagnosis.preflight import Image, KeyState, PreflightFacts
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.situation import Situation
from tests.builders import (
    A,
)
from tests.remediation.guarding.cases import (
    CALM,
    NEW,
    OLD,
    THEIRS,
    UNREAD,
    deployed,
    published,
    running,
)
from tests.remediation.situations import (
    situation,
)

STOPPED: dict[str, tuple[tuple[Situation, Denial], ...]] = {
    "no_refresh_in_progress": (
        (
            situation(surroundings=PreflightFacts(refreshes=UNREAD)),
            Denial(
                Reason.REFRESHES_UNREADABLE,
                "instance refreshes cannot be read: throttled",
                unknown=True,
            ),
        ),
        (
            situation(surroundings=PreflightFacts(refreshes=THEIRS)),
            Denial(Reason.REFRESH_IN_PROGRESS, "the instance refresh refresh-9 is in progress"),
        ),
    ),
    "key_is_usable": (
        (
            situation(surroundings=copy.replace(CALM, key=UNREAD)),
            Denial(
                Reason.KEY_UNREADABLE,
                "the state of the KMS key cannot be read: throttled",
                unknown=True,
            ),
        ),
        (
            situation(surroundings=copy.replace(CALM, key=KeyState("PendingDeletion"))),
            Denial(Reason.KEY_UNUSABLE, "the KMS key is PendingDeletion", final=True),
        ),
    ),
    "no_deployment_in_progress": (
        (
            situation(surroundings=copy.replace(CALM, stack=UNREAD)),
            Denial(
                Reason.DEPLOYMENTS_UNREADABLE,
                "recent deployments cannot be read: throttled",
                unknown=True,
            ),
        ),
        (
            situation(surroundings=copy.replace(CALM, parameters=UNREAD)),
            Denial(
                Reason.DEPLOYMENTS_UNREADABLE,
                "recent deployments cannot be read: throttled",
                unknown=True,
            ),
        ),
        (
            situation(surroundings=copy.replace(CALM, stack=deployed(9000, busy=True))),
            Denial(Reason.DEPLOYMENT_IN_PROGRESS, "it is being deployed, or was deployed recently"),
        ),
        (
            situation(surroundings=copy.replace(CALM, parameters=deployed(3599))),
            Denial(Reason.DEPLOYMENT_IN_PROGRESS, "it is being deployed, or was deployed recently"),
        ),
    ),
    "no_image_is_built": (
        (
            situation(surroundings=copy.replace(CALM, builds=UNREAD)),
            Denial(
                Reason.BUILDS_UNREADABLE,
                "the image builds cannot be read: throttled",
                unknown=True,
            ),
        ),
        (
            situation(surroundings=copy.replace(CALM, builds=deployed(0, busy=True))),
            Denial(Reason.IMAGE_IN_BUILD, "it is building an image"),
        ),
    ),
    "image_agrees": (
        (
            situation(surroundings=copy.replace(CALM, image=UNREAD)),
            Denial(
                Reason.IMAGE_UNREADABLE,
                "the published image cannot be read: throttled",
                unknown=True,
            ),
        ),
        (
            situation(surroundings=copy.replace(CALM, image=Image(NEW, (OLD,)))),
            Denial(
                Reason.IMAGE_NOT_ALLOWED,
                "the key's policy does not allow the published PCR0",
                final=True,
            ),
        ),
        (
            published(running(OLD)),
            Denial(
                Reason.IMAGE_NOT_PUBLISHED,
                f"{A} does not run the published image: its parent would refuse it",
                final=True,
            ),
        ),
        (
            published(running(NEW, enclave_debug=True)),
            Denial(
                Reason.DEBUG_ENCLAVE,
                f"{A} runs a debug enclave, which does not attest its PCRs",
                final=True,
            ),
        ),
        *(
            (
                published(running(None, enclave_state=state)),
                Denial(
                    Reason.IMAGE_UNKNOWN,
                    f"the image that runs on {A} is unknown",
                    approvable=True,
                    unknown=True,
                ),
            )
            for state in ("RUNNING", "TERMINATING", "EMPTY", "unknown")
        ),
    ),
}
