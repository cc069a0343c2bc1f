"""The host's own report as a health check: nitro-cli is the ground truth, systemd adds context.

`describe-enclaves` prints an empty list until an enclave has booted, so that a missing enclave is a
failure only once its unit has settled. A parent restarts in every normal boot until its supervisor
listens, so that looping is a failure only beyond the boot allowance.
"""

import copy
from datetime import timedelta

from firstline.diagnosis import failure_domains
from firstline.diagnosis.evidence import Answering, Evidence, HostReport, UnitDetail, UnitState
from firstline.diagnosis.failure_domains import Domain
from firstline.diagnosis.health_checks import (
    NO_OBSERVATION,
    Criteria,
    FailureMode,
    HostHealth,
    Observation,
)
from firstline.ids import InstanceId

SOURCE = "host report"
ERRORS_MIN = 3
"""Log lines of the last two minutes, on messages not taken by the enclave, that are a failure."""
UNLOADABLE: dict[str | None, tuple[str, FailureMode]] = {
    "masked": ("the unit is masked", FailureMode.UNIT_MASKED),
    "bad-setting": ("systemd refuses the unit", FailureMode.UNIT_INVALID),
    "error": ("systemd cannot load the unit", FailureMode.UNIT_INVALID),
    "not-found": ("systemd has no unit", FailureMode.UNIT_INVALID),
}
"""Load states in which a unit cannot start."""
OBSTACLES = {
    "allocator-failed": "the enclave allocator has failed",
    "no-hugepages": "no hugepages are free",
    "no-cpus": "no CPUs are reserved for enclaves",
    "no-device": "the host has no enclave device",
}


def by_report(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Observation:
    """The host's report about itself, if it is not older than *age_max*."""
    known = evidence.hosts.get(host)
    if known is None or not known.fresh(evidence.at, age_max):
        return NO_OBSERVATION
    if not isinstance(known.report, HostReport):
        return NO_OBSERVATION
    observation = _by_state(known.report, criteria, silent=_probe_unanswered(evidence, age_max))
    if observation.health is HostHealth.DEAD and _is_booting(
        host, known.report, evidence, criteria
    ):
        return Observation(
            health=HostHealth.STARTING, fact="the host has just started", source=SOURCE
        )
    return _with_external_failure(observation, known.report)


def _by_state(report: HostReport, criteria: Criteria, *, silent: bool) -> Observation:
    match report:
        case HostReport(enclave_state="TERMINATING"):
            return _stopping("its enclave")
        case HostReport(enclave_state="none"):
            return _no_enclave(report, criteria)
        case HostReport(enclave_state="RUNNING", parent_unit="active"):
            return _by_parent(report, silent=silent)
        case HostReport(enclave_state="RUNNING"):
            detail = report.parent_unit_detail or UnitDetail()
            return _unit(
                "the parent", report.parent_unit, detail, criteria, FailureMode.PARENT_DOWN
            )
        case _:
            return NO_OBSERVATION


# `none` with a unit that activates or has a job is *starting* until `boot_allowance_seconds`,
# counted from the first attempt of the present series. A host that has just booted or come into
# service is starting too, and a new instance that is Pending is awaited.
#
# The enclave's unit has RemainAfterExit, so only a stop job makes it `inactive` after a run
# (`stopped` in a look). A crash leaves it `active`, and a failed start or stop leaves it `failed`.
# A unit that has not run since the boot, or that systemd has unloaded because no unit wants it, is
# restarted. So is a parent, which systemd stops together with its enclave. A unit that is being
# stopped, or that a person masked or stopped, is left to that person.
def _no_enclave(report: HostReport, criteria: Criteria) -> Observation:
    """No enclave is listed: it is gone, unless its unit is about to start or to stop it.

    A unit that a person stopped is left to that person. Where the host cannot start an enclave,
    systemd stops it for a restart too, and then refuses the start.
    """
    detail = report.enclave_unit_detail or UnitDetail()
    unit = "inactive" if report.enclave_unit == "active" else report.enclave_unit
    observation = _unit("its enclave", unit, detail, criteria, FailureMode.ENCLAVE_GONE)
    if observation.failure is not FailureMode.ENCLAVE_GONE:
        return observation
    why = OBSTACLES.get(report.enclave_obstacle or "")
    if detail.stopped and not why:
        return _dead("the unit of its enclave was stopped on purpose", FailureMode.UNIT_STOPPED)
    fact = f"the host lists no enclave{f': {why}' if why else ''}"
    return copy.replace(observation, fact=fact)


def _unit(
    what: str, state: UnitState, detail: UnitDetail, criteria: Criteria, failure: FailureMode
) -> Observation:
    """The next state of a unit that does not run; an idle one has failed."""
    if detail.load in UNLOADABLE:
        why, unloaded = UNLOADABLE[detail.load]
        return _dead(f"{why} of {what}", unloaded)
    if state == "deactivating":
        return _stopping(what)
    if state == "activating" or detail.job:
        return _activating(what, detail, criteria, failure)
    settled = state in {"inactive", "failed"}
    return _dead(f"{what} does not run", failure) if settled else NO_OBSERVATION


def _activating(
    what: str, detail: UnitDetail, criteria: Criteria, failure: FailureMode
) -> Observation:
    """A unit that starts, or loops: a looping enclave has failed, a parent may loop in boot."""
    since, loops = detail.starting_seconds, detail.sub == "auto-restart"
    if loops and failure is FailureMode.ENCLAVE_GONE:
        return _dead(f"{what} loops", failure)
    if since is None or since < criteria.boot_allowance.total_seconds():
        return _starting(what, since)
    return _dead(f"{what} {'loops' if loops else 'has been starting'} for {since} s", failure)


def _by_parent(report: HostReport, *, silent: bool) -> Observation:
    """The parent's report; it does not notice that its enclave died, so silence contradicts it."""
    if report.parent_healthy is False:
        return _unhealthy_parent(report)
    if (report.enclave_errors_recent or 0) >= ERRORS_MIN:
        fact = f"the parent logged {report.enclave_errors_recent} times in two minutes that its"
        return _dead(f"{fact} enclave accepts no messages", FailureMode.ENCLAVE_SILENT)
    if silent:
        return Observation(failure=FailureMode.ENCLAVE_SILENT)
    if report.parent_healthy is None or report.parent_nats_connected is False:
        return NO_OBSERVATION  # no answer there, or not connected yet
    return Observation(health=HostHealth.SERVING, fact="the host's enclave runs", source=SOURCE)


def _unhealthy_parent(report: HostReport) -> Observation:
    """An unhealthy parent; a lost NATS connection proves something only where it gave NATS up.

    NATS then greets the host, and the parent has closed its connection and never tries again.
    """
    if report.nats_reachable is False:
        return NO_OBSERVATION  # NATS has failed, not the host
    if report.parent_nats_connected is not False:
        return _dead("the parent reports that it is unhealthy", FailureMode.PARENT_DOWN)
    closed = report.log_counts is not None and report.log_counts.nats_closed > 0
    gave_up = closed and report.nats_reachable is True
    return Observation(
        health=HostHealth.DEAD,
        fact="the parent stopped reconnecting to NATS" if gave_up else "the parent has lost NATS",
        source=SOURCE,
        failure=FailureMode.NATS_LOST,
        domains=failure_domains.HOST_ITSELF if gave_up else failure_domains.NATS_DOMAINS,
        shared=Domain.NATS,
    )


def _with_external_failure(observation: Observation, report: HostReport) -> Observation:
    """*observation*, with the failure mode from the parent's log if the host cannot repair it.

    A parent that is refused its image, its key or its credentials crashes after every restart.
    A serving host is never suspected because of its log.
    """
    if observation.health in {HostHealth.SERVING, HostHealth.STARTING, HostHealth.STOPPING}:
        return observation
    counts, hours = report.log_counts, report.credentials_expire_in_hours
    if counts is not None and (counts.pcr_mismatch or counts.handshake_failed):
        return copy.replace(observation, failure=FailureMode.IMAGE_MISMATCH)
    if counts is not None and (counts.kms_denied or counts.kms_key_unusable):
        return copy.replace(observation, failure=FailureMode.KMS_REFUSES)
    if (hours is not None and hours < 0) or (counts is not None and counts.nats_auth):
        return copy.replace(observation, failure=FailureMode.CREDENTIALS_ENDED)
    return observation


def _is_booting(
    host: InstanceId, report: HostReport, evidence: Evidence, criteria: Criteria
) -> bool:
    """True if the host was launched or booted within the boot allowance."""
    history = evidence.histories.get(host)
    entered_at = history.in_service_at if history is not None else None
    launched = entered_at is not None and evidence.at - entered_at < criteria.boot_allowance
    up = report.uptime_seconds
    return launched or (up is not None and up < criteria.boot_allowance.total_seconds())


def _probe_unanswered(evidence: Evidence, age_max: timedelta) -> bool:
    """True if the last end-to-end request got no answer, for whatever reason."""
    answering = evidence.answering
    if not isinstance(answering, Answering) or not answering.fresh(evidence.at, age_max):
        return False
    return not answering.answers


def _dead(fact: str, failure: FailureMode) -> Observation:
    return Observation(health=HostHealth.DEAD, fact=fact, source=SOURCE, failure=failure)


def _starting(what: str, seconds: int | None) -> Observation:
    since = "" if seconds is None else f" for {seconds} s"
    return Observation(
        health=HostHealth.STARTING, fact=f"{what} has been starting{since}", source=SOURCE
    )


def _stopping(what: str) -> Observation:
    return Observation(health=HostHealth.STOPPING, fact=f"{what} is being stopped", source=SOURCE)
