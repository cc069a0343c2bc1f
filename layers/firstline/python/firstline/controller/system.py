"""System: ports, policy and settings as one value, which every controller takes."""

import msgspec

from firstline.config.profile import Profile
from firstline.config.settings import Settings
from firstline.controller.ports import Ports
from firstline.ledger.chain import Provenance
from firstline.notifications.origin import Origin


class System(msgspec.Struct, frozen=True):
    """Everything that a step needs from outside."""

    ports: Ports
    profile: Profile
    settings: Settings

    def provenance(self) -> Provenance:
        """The policy and the code that ledger entries name."""
        return Provenance(policy=self.profile.digest, code=self.settings.code)

    @property
    def origin(self) -> Origin:
        """The deployment as pages name it."""
        return Origin(
            fleet=self.profile.fleet.name,
            region=self.settings.home.region,
            mode=self.settings.mode,
            runbook=self.profile.links.runbook,
        )
