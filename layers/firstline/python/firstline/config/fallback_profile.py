"""The substitute for a profile that cannot be loaded, so that alarms still page."""

from firstline.config.profile import Alarms, Fleet, Policy, Profile, Units
from firstline.ids import digest


def fallback_profile(why: str) -> Profile:
    """Return a profile without rules, ladders and actions; *why* is the load error.

    Every alarm is ``unclassified``, pages P2 and is watched; nothing is fixed.
    """
    hour = 3600
    return Profile(
        name=f"fallback: {why}",
        fleet=Fleet(
            name="unknown-fleet",
            group="unknown",
            tags={},
            units=Units(enclave="unknown", parent="unknown"),
        ),
        alarms=Alarms(),
        rules=(),
        policy=Policy(
            attempts_per_target_max=1,
            attempts_window_seconds=hour,
            cooldown_seconds=hour,
            evidence_age_max_seconds=60,
            look_timeout_seconds=60,
            poll_seconds=10,
            watch_seconds=60,
            settle_seconds=60,
            verify_readings=3,
            verify_interval_seconds=30,
            verify_timeout_seconds=hour,
            silent_looks_max=3,
            alarm_lag_seconds=hour,
            incident_age_max_seconds=2 * hour,
            wakes_max=400,
            signal_age_max_seconds=900,
            storm_scopes_max=3,
            storm_window_seconds=600,
        ),
        digest=digest(why.encode()),
    )
