"""Raise the severity of an incident by an observation, and page."""

from firstline.config.profile import seconds
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.signal import Severity
from firstline.signals import episodes


def raise_severity(work: IncidentUnitOfWork, severity: Severity, why: str) -> None:
    """Queue the page of the rise; the next wake, which comes at once, sends it first."""
    profile = work.system.profile
    work.incident = episodes.with_severity(work.incident, severity, why, profile, work.now)
    work.commit_and_requeue(work.now + seconds(profile.policy.watch_seconds))
