"""The likely cause (R40): the proven facts, those against it, and the fixes that helped."""

from collections.abc import Iterator

from firstline.config.profile import Profile
from firstline.diagnosis.diagnose import COMPONENTS, Diagnosis
from firstline.diagnosis.evidence import NOT_NEEDED, Unknown
from firstline.diagnosis.health_checks import FailureMode, HostHealth
from firstline.ledger.entries import DecisionMade, IncidentEscalated
from firstline.reporting.events import events
from firstline.reporting.postmortem.fixes import Fix, by_action
from firstline.reporting.postmortem.formatting import group, list_names, split_parts
from firstline.reporting.postmortem.health import FleetKnowledge
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Cause

UNKNOWN = "unknown"


def likely_cause(
    record: Record, facts: IncidentFacts, worst: FleetKnowledge | None, fixed: tuple[Fix, ...]
) -> Cause:
    """The most likely cause; *worst* has the most known dead hosts."""
    diagnosis = worst.diagnosis if worst is not None else None
    return Cause(
        likely=_likely(record, facts, diagnosis),
        supports=tuple(dict.fromkeys(_supports(record, diagnosis, fixed))),
        against=tuple(dict.fromkeys(_against(record, diagnosis, fixed))),
    )


def affected_component(
    facts: IncidentFacts, worst: FleetKnowledge | None, profile: Profile | None
) -> str:
    """The component of the dead hosts (R19), or else of the opening signal's rule."""
    agreed = worst.diagnosis.component if worst is not None else None
    if agreed is not None:
        return str(agreed)
    rules = profile.rules if profile is not None else ()
    return next((str(each.component) for each in rules if each.name == facts.rule), UNKNOWN)


def known_failures(diagnosis: Diagnosis | None) -> tuple[FailureMode, ...]:
    """The failure modes of the dead hosts."""
    if diagnosis is None:
        return ()
    modes = {diagnosis.hosts[each].failure for each in diagnosis.having(HostHealth.DEAD)}
    return tuple(each for each in FailureMode if each in modes)


def _likely(record: Record, facts: IncidentFacts, diagnosis: Diagnosis | None) -> str:
    if diagnosis is not None and diagnosis.dependency is not None:
        return f"a dependency: no host reached {diagnosis.dependency}, so no host was at fault"
    known = [each for each in known_failures(diagnosis) if each is not FailureMode.UNKNOWN]
    if diagnosis is not None and known:
        dead = diagnosis.having(HostHealth.DEAD)
        what = ", ".join(map(str, known))
        where = ", ".join(dict.fromkeys(str(COMPONENTS[each]) for each in known))
        return f"{len(dead)} of {len(diagnosis.hosts)} hosts: {what} (component {where})"
    diagnoses = [split_parts(each.diagnosis) for each in events(record, IncidentEscalated)]
    if diagnoses and len(diagnoses[-1]) > 1 and diagnoses[-1][0].split(" ")[0] != "no":
        return "; ".join(diagnoses[-1][:2])
    if not facts.opened:
        return f"no cause to find: {facts.why}"
    return f"not found: only the signal is known, {facts.why or facts.subject}"


def _supports(record: Record, diagnosis: Diagnosis | None, fixed: tuple[Fix, ...]) -> Iterator[str]:
    if diagnosis is not None:
        yield from _by_fact(diagnosis, HostHealth.DEAD)
    if diagnosis is None or not diagnosis.having(HostHealth.DEAD):
        for decision in events(record, DecisionMade):
            if decision.step_type == "fix":
                yield from decision.facts
    for action, targets in by_action(fixed, helped=True).items():
        yield f"{action} helped on {list_names(targets)}"
    yield from (line for line in _investigation_lines(record) if _is_unusual(line))


def _against(record: Record, diagnosis: Diagnosis | None, fixed: tuple[Fix, ...]) -> Iterator[str]:
    if diagnosis is not None:
        yield from _by_fact(diagnosis, HostHealth.SERVING)
        unknown = diagnosis.having(HostHealth.UNKNOWN)
        if unknown:
            yield f"the health of {list_names(unknown)} could not be proven"
    for action, targets in by_action(fixed, helped=False).items():
        yield f"{action} did not help on {list_names(targets)}"
    yield from (line for line in _investigation_lines(record) if not _is_unusual(line))


def _by_fact(diagnosis: Diagnosis, health: HostHealth) -> Iterator[str]:
    """Each fact with its hosts; for dead hosts the facts of their death."""
    facts = group(
        (fact, host)
        for host, verdict in diagnosis.hosts.items()
        for fact in (verdict.dead if health is HostHealth.DEAD else verdict.serving)
    )
    return (f"{fact} ({list_names(hosts)})" for fact, hosts in facts.items())


def _investigation_lines(record: Record) -> Iterator[str]:
    """The lines of the escalations' investigations."""
    return (
        line
        for each in events(record, IncidentEscalated)
        for line in split_parts(each.investigation)
    )


def _is_unusual(line: str) -> bool:
    """True if *line* has a change, an issue, or an unusual metric."""
    return not any(word in line for word in (" nothing ", " no open issue", "cannot be read"))


def unreadable_facts(record: Record, worst: FleetKnowledge | None) -> Iterator[str]:
    """The facts that could not be read, and why."""
    yield from (line for line in _investigation_lines(record) if "cannot be read" in line)
    if worst is None:
        return
    for name, fact in (
        ("the group", worst.fleet.group),
        ("the load balancer's health", worst.fleet.target_health),
        ("the end-to-end probe", worst.fleet.answering),
        ("SSM's connections", worst.fleet.connections),
    ):
        if isinstance(fact, Unknown) and fact != NOT_NEEDED:
            yield f"{name}: {fact.why}"
    for host, evidence in sorted(worst.hosts.items()):
        if isinstance(evidence.report, Unknown):
            yield f"{host}: {evidence.report.why}"
