"""The likely cause (R40): what the readers proved, what spoke against it, and what helped."""

from collections.abc import Iterator

from firstline.config.profile import Profile
from firstline.diagnosis.diagnose import COMPONENTS, Diagnosis
from firstline.diagnosis.evidence import NOT_NEEDED, Unknown
from firstline.diagnosis.health_checks import FailureMode, HostHealth
from firstline.ledger.entries import DecisionMade, HandedOver
from firstline.reporting.events import events
from firstline.reporting.postmortem.fixes import Fix, by_action
from firstline.reporting.postmortem.health import Known
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Cause
from firstline.reporting.postmortem.standing import Standing
from firstline.reporting.postmortem.words import grouped, named, parts

UNKNOWN = "unknown"


def cause(record: Record, stands: Standing, worst: Known | None, fixed: tuple[Fix, ...]) -> Cause:
    """What most likely was wrong; *worst* is when most hosts were known to be dead."""
    diagnosis = worst.diagnosis if worst is not None else None
    return Cause(
        likely=_likely(record, stands, diagnosis),
        supports=tuple(dict.fromkeys(_supports(record, diagnosis, fixed))),
        against=tuple(dict.fromkeys(_against(record, diagnosis, fixed))),
    )


def component(stands: Standing, worst: Known | None, profile: Profile | None) -> str:
    """What the dead hosts agree on (R19), or else what the opening signal's rule says."""
    found = worst.diagnosis.component if worst is not None else None
    if found is not None:
        return str(found)
    rules = profile.rules if profile is not None else ()
    return next((str(each.component) for each in rules if each.name == stands.rule), UNKNOWN)


def failures(diagnosis: Diagnosis | None) -> tuple[FailureMode, ...]:
    """What fails on the hosts that were dead."""
    if diagnosis is None:
        return ()
    found = {diagnosis.hosts[each].failure for each in diagnosis.having(HostHealth.DEAD)}
    return tuple(each for each in FailureMode if each in found)


def _likely(record: Record, stands: Standing, diagnosis: Diagnosis | None) -> str:
    if diagnosis is not None and diagnosis.dependency is not None:
        return f"a dependency: no host reached {diagnosis.dependency}, so no host was at fault"
    known = [each for each in failures(diagnosis) if each is not FailureMode.UNKNOWN]
    if diagnosis is not None and known:
        dead = diagnosis.having(HostHealth.DEAD)
        what = ", ".join(map(str, known))
        where = ", ".join(dict.fromkeys(str(COMPONENTS[each]) for each in known))
        return f"{len(dead)} of {len(diagnosis.hosts)} hosts: {what} (component {where})"
    told = [parts(each.seen) for each in events(record, HandedOver)]
    if told and len(told[-1]) > 1 and told[-1][0].split(" ")[0] != "no":
        return "; ".join(told[-1][:2])
    if not stands.opened:
        return f"nothing to find: {stands.why}"
    return f"not found: what is known is the signal itself, {stands.why or stands.subject}"


def _supports(record: Record, diagnosis: Diagnosis | None, fixed: tuple[Fix, ...]) -> Iterator[str]:
    if diagnosis is not None:
        yield from _by_fact(diagnosis, HostHealth.DEAD)
    if diagnosis is None or not diagnosis.having(HostHealth.DEAD):
        for decision in events(record, DecisionMade):
            if decision.step_type == "fix":
                yield from decision.facts
    for action, targets in by_action(fixed, helped=True).items():
        yield f"{action} helped on {named(targets)}"
    yield from (line for line in _looked_up(record) if _is_change(line))


def _against(record: Record, diagnosis: Diagnosis | None, fixed: tuple[Fix, ...]) -> Iterator[str]:
    if diagnosis is not None:
        yield from _by_fact(diagnosis, HostHealth.SERVING)
        unknown = diagnosis.having(HostHealth.UNKNOWN)
        if unknown:
            yield f"nothing was proven of {named(unknown)}"
    for action, targets in by_action(fixed, helped=False).items():
        yield f"{action} did not help on {named(targets)}"
    yield from (line for line in _looked_up(record) if not _is_change(line))


def _by_fact(diagnosis: Diagnosis, life: HostHealth) -> Iterator[str]:
    """Each fact with the hosts that it is of; of a dead host those for it, too, that it serves."""
    facts = grouped(
        (fact, host)
        for host, verdict in diagnosis.hosts.items()
        for fact in (verdict.dead if life is HostHealth.DEAD else verdict.serving)
    )
    return (f"{fact} ({named(hosts)})" for fact, hosts in facts.items())


def _looked_up(record: Record) -> Iterator[str]:
    """What was looked up for a hand-over, a line each."""
    return (line for each in events(record, HandedOver) for line in parts(each.background))


def _is_change(line: str) -> bool:
    """Whether it tells of something unusual: a change, an issue, a metric beyond its days."""
    return not any(word in line for word in (" nothing ", " no open issue", "cannot be read"))


def unreadable(record: Record, worst: Known | None) -> Iterator[str]:
    """What could not be read, and why."""
    yield from (line for line in _looked_up(record) if "cannot be read" in line)
    if worst is None:
        return
    for name, fact in (
        ("the group", worst.seen.group),
        ("the load balancer's health", worst.seen.target_health),
        ("the end-to-end probe", worst.seen.answering),
        ("SSM's connections", worst.seen.connections),
    ):
        if isinstance(fact, Unknown) and fact != NOT_NEEDED:
            yield f"{name}: {fact.why}"
    for host, evidence in sorted(worst.hosts.items()):
        if isinstance(evidence.report, Unknown):
            yield f"{host}: {evidence.report.why}"
