"""Unknown facts permit nothing, and units that are changing are left alone."""

from collections.abc import Iterator

from firstline.diagnosis.evidence import HostReport
from firstline.ids import InstanceId
from firstline.lab.simulation.run_result import RecordedEvent, RunResult
from firstline.ledger.entries import FixIntended, HostsInspected, PlanAnswered

ENCLAVE_ENDING_ACTIONS = frozenset({"restart_enclave", "replace_instance", "refresh_fleet"})
"""Actions that end an enclave, and with it everything that it holds in memory alone."""


def unsaved_vaults_are_kept(result: RunResult) -> Iterator[str]:
    """I32: no enclave with unsaved vaults is ended, unless a person approved it."""
    if not result.run.profile.fleet.restarts_can_lose_vaults:
        return
    allowed = {each.event.plan for each in result.events(PlanAnswered) if each.event.granted}
    for done in result.mutations:
        intent = result.intents.get(done.token)
        if (
            done.action not in ENCLAVE_ENDING_ACTIONS
            or intent is None
            or intent.event.plan in allowed
        ):
            continue
        for each in done.hosts:
            known = result.world.hosts.get(each)
            if known and known.plan.restart_blockers != 0 and known.enclave.at(done.at):
                yield f"{done.action} on {each}, which held what was not stored"


def changing_units_are_not_restarted(result: RunResult) -> Iterator[str]:
    """I33: no unit is restarted that, by the last inspection, is changing or was stopped."""
    looks = tuple(result.events(HostsInspected))
    for intent in result.events(FixIntended):
        if not intent.event.action.startswith("restart_"):
            continue
        for each in intent.event.hosts:
            report = _last_report(looks, intent, each)
            detail = report.enclave_unit_detail if report is not None else None
            if report is None or detail is None or report.enclave_state == "RUNNING":
                continue
            stopped = detail.stopped and report.enclave_obstacle is None
            changes = report.enclave_unit in {"activating", "deactivating"}
            if changes or stopped or detail.load == "masked":
                what = "starts, stops, is stopped or masked"
                yield f"{intent.event.action} on {each}, whose enclave's unit {what}"


def approved_fixes_follow_an_inspection(result: RunResult) -> Iterator[str]:
    """I34: an approved fix follows an inspection that is later than the approval."""
    answers = {each.event.plan: each for each in result.events(PlanAnswered) if each.event.granted}
    looks = tuple(result.events(HostsInspected))
    for intent in result.events(FixIntended):
        answer = answers.get(intent.event.plan)
        if answer is None or answer.incident != intent.incident or answer.at > intent.at:
            continue
        since = (each.event.hosts for each in looks if answer.at <= each.at <= intent.at)
        inspected = {host for hosts in since for host in hosts}
        if uninspected := sorted(set(intent.event.hosts) - inspected):
            hosts = ", ".join(uninspected)
            yield f"{intent.event.action} was allowed, and {hosts} not looked at since"


def _last_report(
    looks: tuple[RecordedEvent[HostsInspected], ...],
    intent: RecordedEvent[FixIntended],
    host: InstanceId,
) -> HostReport | None:
    """Return the report of *host* behind the decision on *intent*."""
    before = (
        each.event.hosts[host]
        for each in reversed(looks)
        if each.incident == intent.incident and each.at <= intent.at and host in each.event.hosts
    )
    report = next(before, None)
    return report if isinstance(report, HostReport) else None
