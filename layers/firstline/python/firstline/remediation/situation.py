"""Situation: all that `decide` and its guards see. There is nothing else that they could read."""

from datetime import datetime

import msgspec

from firstline.actions.action import Autonomy
from firstline.config.profile import Profile, seconds
from firstline.config.settings import Mode
from firstline.diagnosis.diagnose import Diagnosis
from firstline.diagnosis.evidence import Evidence, Need, Unknown, needs
from firstline.diagnosis.preflight import PreflightFacts
from firstline.incidents import demotion as trust
from firstline.incidents import quiet_window
from firstline.incidents.demotion import Demotion
from firstline.incidents.incident import Incident, Target
from firstline.remediation import recovery
from firstline.remediation.limits import Limits


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One incident at one instant, with the world, the limits and the policy.

    ``surroundings`` are None until a fix is decided on: only then are they read, and asked about.
    """

    now: datetime
    incident: Incident
    evidence: Evidence
    diagnosis: Diagnosis
    limits: Limits | Unknown
    surroundings: PreflightFacts | None = None
    profile: Profile
    mode: Mode

    @property
    def unverified(self) -> tuple[Target, ...]:
        """The targets of which nobody has proven yet that they work."""
        return tuple(each for each in self.incident.targets if not each.verified)

    @property
    def progressed_at(self) -> datetime:
        """When it last changed for us; at first its opening.

        A host was verified or came into service, a fix answered, or the trouble came back.
        """
        verified = (each.verified_at for each in self.incident.targets)
        entered = (each.history.in_service_at for each in self.incident.targets)
        answered = (each.answered_at for each in self.incident.attempts)
        returned = self.incident.returned_at
        known = (at for at in (*verified, *entered, *answered, returned) if at is not None)
        return max(known, default=self.incident.opened_at)

    @property
    def recovered(self) -> bool:
        """Whether what was read proves its recovery (I4)."""
        return recovery.proven(self.incident, self.evidence, self.profile.policy)

    @property
    def quiet_until(self) -> datetime | None:
        """When its quiet window is over; None while it has not recovered by itself."""
        return quiet_window.ends_at(self.incident, self.profile.policy)

    @property
    def short_until(self) -> datetime | None:
        """When a group that stays short is a P2; None while it is not short, or pages already."""
        since = self.incident.short_since
        if since is None or self.incident.severity.pages:
            return None
        return since + seconds(self.profile.policy.short_group_seconds)

    @property
    def stalled(self) -> bool:
        """Whether nothing went forward for `blocked_max_seconds`: waiting longer helps no one."""
        patience = seconds(self.profile.policy.blocked_max_seconds)
        return self.now - self.progressed_at >= patience

    def demotion(self, action: str) -> Demotion | None:
        """What keeps *action* from going by itself here; none is known where limits are not."""
        if isinstance(self.limits, Unknown):
            return None
        held = self.incident
        return trust.demotion(self.limits.lease.trusts, action, held.id, held.opened_at)

    def autonomy(self, action: str) -> Autonomy:
        """As the profile says; what was demoted asks a person where it went by itself."""
        said = self.profile.autonomy(action, self.incident.condition)
        return "approve" if said == "auto" and self.demotion(action) is not None else said

    @property
    def needs_hosts(self) -> bool:
        """Whether the condition is about hosts at all."""
        return Need.HOSTS in needs(self.incident.condition)
