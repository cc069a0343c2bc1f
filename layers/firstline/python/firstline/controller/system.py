"""System: ports, policy and settings as the one value that every controller is given."""

import msgspec

from firstline.ledger import Provenance
from firstline.ports import Ports
from firstline.profile import Profile
from firstline.settings import Settings


class System(msgspec.Struct, frozen=True):
    """Everything that a step needs from outside itself."""

    ports: Ports
    profile: Profile
    settings: Settings

    def provenance(self) -> Provenance:
        """Which policy and which code the ledger's entries name."""
        return Provenance(policy=self.profile.digest, code=self.settings.code)
