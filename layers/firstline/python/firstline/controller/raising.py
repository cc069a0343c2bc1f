"""Raising: an incident turns out to be graver than its signals, and people are paged."""

from firstline.config.profile import seconds
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.signal import Severity
from firstline.signals import episodes


def raise_severity(draft: IncidentUnitOfWork, severity: Severity, why: str) -> None:
    """Owe the page of the rise; the next wake, which comes at once, sends it first of all."""
    profile = draft.system.profile
    draft.incident = episodes.with_severity(draft.incident, severity, why, profile, draft.now)
    draft.rest(draft.now + seconds(profile.policy.watch_seconds))
