"""Knowledge: what nobody knows licenses nothing, and what starts is left alone."""

from collections.abc import Iterator

from firstline.diagnosis.evidence import HostReport
from firstline.ids import InstanceId
from firstline.lab.simulation.left import Left, Told
from firstline.ledger.entries import FixIntended, HostsInspected, PlanAnswered

DESTROYS = frozenset({"restart_enclave", "replace_instance", "refresh_fleet"})
"""What ends an enclave, and with it all that it holds in memory alone."""


def unsaved_is_kept(left: Left) -> Iterator[str]:
    """I32: no enclave that holds what was not stored is ended, unless a person allowed it."""
    if not left.run.profile.fleet.restarts_can_lose_vaults:
        return
    allowed = {each.event.plan for each in left.of(PlanAnswered) if each.event.granted}
    for done in left.mutations:
        intent = left.intents.get(done.token)
        if done.action not in DESTROYS or intent is None or intent.event.plan in allowed:
            continue
        for each in done.hosts:
            known = left.world.hosts.get(each)
            if known and known.plan.restart_blockers != 0 and known.enclave.at(done.at):
                yield f"{done.action} on {each}, which held what was not stored"


def what_starts_is_left_alone(left: Left) -> Iterator[str]:
    """I33: no unit is restarted that starts, stops, is stopped or masked by the last look."""
    looks = tuple(left.of(HostsInspected))
    for intent in left.of(FixIntended):
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


def a_yes_is_looked_after(left: Left) -> Iterator[str]:
    """I34: what a person allowed is done by a look that came after the yes."""
    answers = {each.event.plan: each for each in left.of(PlanAnswered) if each.event.granted}
    looks = tuple(left.of(HostsInspected))
    for intent in left.of(FixIntended):
        answer = answers.get(intent.event.plan)
        if answer is None or answer.incident != intent.incident or answer.at > intent.at:
            continue
        since = (each.event.hosts for each in looks if answer.at <= each.at <= intent.at)
        seen = {host for hosts in since for host in hosts}
        if unseen := sorted(set(intent.event.hosts) - seen):
            yield f"{intent.event.action} was allowed, and {', '.join(unseen)} not looked at since"


def _last_report(
    looks: tuple[Told[HostsInspected], ...], intent: Told[FixIntended], host: InstanceId
) -> HostReport | None:
    """The report of *host* that the decision on *intent* rests on."""
    before = (
        each.event.hosts[host]
        for each in reversed(looks)
        if each.incident == intent.incident and each.at <= intent.at and host in each.event.hosts
    )
    found = next(before, None)
    return found if isinstance(found, HostReport) else None
