"""Situation: the complete input of `decide` and its guards."""

from datetime import datetime

import msgspec

from firstline.actions.action import Autonomy
from firstline.config.profile import Profile, seconds
from firstline.config.settings import Mode
from firstline.diagnosis.diagnose import Diagnosis
from firstline.diagnosis.evidence import Evidence, Need, Unknown, needs
from firstline.diagnosis.preflight import PreflightFacts
from firstline.incidents import demotion, quiet_window
from firstline.incidents.demotion import Demotion
from firstline.incidents.incident import Incident, Target
from firstline.remediation import recovery
from firstline.remediation.limits import Limits


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One incident at one instant, with the evidence, the limits and the policy.

    ``surroundings`` are None until a fix is decided on: only then are they read and checked.
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
        """The targets that are not verified."""
        return tuple(each for each in self.incident.targets if not each.verified)

    @property
    def progressed_at(self) -> datetime:
        """The latest progress, or else the opening.

        Progress is a host verified or in service, an answer to a fix, or a return of the
        trouble.
        """
        verified = (each.verified_at for each in self.incident.targets)
        entered = (each.history.in_service_at for each in self.incident.targets)
        answered = (each.answered_at for each in self.incident.attempts)
        returned = self.incident.returned_at
        known = (at for at in (*verified, *entered, *answered, returned) if at is not None)
        return max(known, default=self.incident.opened_at)

    @property
    def recovered(self) -> bool:
        """True if the evidence proves its recovery (I4)."""
        return recovery.is_proven(self.incident, self.evidence, self.profile.policy)

    @property
    def quiet_until(self) -> datetime | None:
        """The end of its quiet window; None while it has not recovered by itself."""
        return quiet_window.ends_at(self.incident, self.profile.policy)

    @property
    def short_until(self) -> datetime | None:
        """The instant at which a short group becomes a P2; None if it never does."""
        since = self.incident.short_since
        if since is None or self.incident.severity.pages:
            return None
        return since + seconds(self.profile.policy.short_group_seconds)

    @property
    def stalled(self) -> bool:
        """True after `blocked_max_seconds` without progress."""
        patience = seconds(self.profile.policy.blocked_max_seconds)
        return self.now - self.progressed_at >= patience

    def demotion(self, action: str) -> Demotion | None:
        """The demotion of *action* that applies here; None where the limits are unknown."""
        if isinstance(self.limits, Unknown):
            return None
        incident = self.incident
        return demotion.active_demotion(
            self.limits.lease.trusts, action, incident.id, incident.opened_at
        )

    def autonomy(self, action: str) -> Autonomy:
        """The profile's autonomy of *action*; a demoted ``auto`` needs an approval."""
        level = self.profile.autonomy(action, self.incident.condition)
        return "approve" if level == "auto" and self.demotion(action) is not None else level

    @property
    def needs_hosts(self) -> bool:
        """True if the condition concerns hosts."""
        return Need.HOSTS in needs(self.incident.condition)
