"""Situations that guards stop for what is read around the fleet before a fix."""

import copy

from firstline.diagnosis.preflight import Image, KeyState, PreflightFacts
from firstline.remediation.guards.guard import Denial
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
            Denial("instance refreshes cannot be read: throttled", unknown=True),
        ),
        (
            situation(surroundings=PreflightFacts(refreshes=THEIRS)),
            Denial("the instance refresh refresh-9 goes on"),
        ),
    ),
    "key_is_usable": (
        (
            situation(surroundings=copy.replace(CALM, key=UNREAD)),
            Denial("the state of the KMS key cannot be read: throttled", unknown=True),
        ),
        (
            situation(surroundings=copy.replace(CALM, key=KeyState("PendingDeletion"))),
            Denial("the KMS key is PendingDeletion", final=True),
        ),
    ),
    "no_deployment_in_progress": (
        (
            situation(surroundings=copy.replace(CALM, stack=UNREAD)),
            Denial("recent deployments cannot be read: throttled", unknown=True),
        ),
        (
            situation(surroundings=copy.replace(CALM, parameters=UNREAD)),
            Denial("recent deployments cannot be read: throttled", unknown=True),
        ),
        (
            situation(surroundings=copy.replace(CALM, stack=deployed(9000, busy=True))),
            Denial("it is being deployed, or was just now"),
        ),
        (
            situation(surroundings=copy.replace(CALM, parameters=deployed(3599))),
            Denial("it is being deployed, or was just now"),
        ),
    ),
    "no_image_is_built": (
        (
            situation(surroundings=copy.replace(CALM, builds=UNREAD)),
            Denial("whether an image is built cannot be read: throttled", unknown=True),
        ),
        (
            situation(surroundings=copy.replace(CALM, builds=deployed(0, busy=True))),
            Denial("it builds an image"),
        ),
    ),
    "image_agrees": (
        (
            situation(surroundings=copy.replace(CALM, image=UNREAD)),
            Denial("the published image cannot be read: throttled", unknown=True),
        ),
        (
            situation(surroundings=copy.replace(CALM, image=Image(NEW, (OLD,)))),
            Denial("the published PCR0 is none that the key's policy allows", final=True),
        ),
        (
            published(running(OLD)),
            Denial(
                f"{A} runs an image that is not the published one: its parent would refuse it",
                final=True,
            ),
        ),
        (
            published(running(NEW, enclave_debug=True)),
            Denial(f"{A} runs a debug enclave, which attests no PCR", final=True),
        ),
        *(
            (
                published(running(None, enclave_state=state)),
                Denial(f"it is not known which image runs on {A}", ask=True, unknown=True),
            )
            for state in ("RUNNING", "TERMINATING", "EMPTY", "unknown")
        ),
    ),
}
