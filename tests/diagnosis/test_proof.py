"""Proof: two answers of different sources that no one cause could have made (I11)."""

from itertools import combinations_with_replacement

import pytest

from firstline.diagnosis.diagnose import is_proven
from firstline.diagnosis.failure_domains import (
    CONNECTION_DOMAINS,
    EC2_DOMAINS,
    HOST_ITSELF,
    NATS_DOMAINS,
    NO_GREETING,
    OUTCOME_DOMAINS,
    Domain,
    Domains,
    describe,
    load_balancer_domains,
)
from firstline.diagnosis.health_checks import HostHealth, Observation
from firstline.diagnosis.probe_outcome import ProbeOutcome


def answer(source: str, domains: Domains) -> Observation:
    """A check that finds the host dead."""
    return Observation(health=HostHealth.DEAD, fact="it is dead", source=source, domains=domains)


ANSWERS = {
    "report": answer("host report", HOST_ITSELF),
    "report of lost NATS": answer("host report", NATS_DOMAINS),
    "balancer": answer("load balancer", load_balancer_domains(needs_nats=True)),
    "balancer without NATS": answer("load balancer", load_balancer_domains(needs_nats=False)),
    "timeout": answer("probe", OUTCOME_DOMAINS[ProbeOutcome.TIMEOUT]),
    "no responders": answer("probe", OUTCOME_DOMAINS[ProbeOutcome.NO_RESPONDERS]),
    "unhealthy enclave": answer("probe", OUTCOME_DOMAINS[ProbeOutcome.UNHEALTHY]),
    "SSM": answer("SSM", CONNECTION_DOMAINS),
    "EC2": answer("EC2", EC2_DOMAINS),
}
PROOFS = {
    ("report", "balancer"),
    ("report", "balancer without NATS"),
    ("report", "timeout"),
    ("report", "no responders"),
    ("report", "unhealthy enclave"),
    ("report", "SSM"),
    ("report", "EC2"),
    ("report of lost NATS", "balancer without NATS"),
    ("report of lost NATS", "unhealthy enclave"),
    ("report of lost NATS", "EC2"),
    ("balancer", "unhealthy enclave"),
    ("balancer", "EC2"),
    ("balancer without NATS", "timeout"),
    ("balancer without NATS", "no responders"),
    ("balancer without NATS", "unhealthy enclave"),
    ("balancer without NATS", "SSM"),
    ("balancer without NATS", "EC2"),
    ("timeout", "SSM"),
    ("timeout", "EC2"),
    ("no responders", "EC2"),
    ("unhealthy enclave", "SSM"),
    ("unhealthy enclave", "EC2"),
    ("SSM", "EC2"),
}
"""Every pair that proves; any other of the same table does not."""


@pytest.mark.parametrize("pair", list(combinations_with_replacement(ANSWERS, 2)), ids="+".join)
def test_which_pairs_of_answers_prove_a_host_dead(pair: tuple[str, str]) -> None:
    """In either order."""
    found = [ANSWERS[each] for each in pair]
    assert is_proven(found) is is_proven(found[::-1]) is (pair in PROOFS)


def test_one_answer_proves_nothing() -> None:
    """Nor does none."""
    assert not is_proven([])
    assert not any(is_proven([each]) for each in ANSWERS.values())


def test_the_same_source_twice_is_no_proof() -> None:
    """Not even where nothing but the host could have produced either answer."""
    assert not is_proven([answer("host report", HOST_ITSELF)] * 2)
    assert not is_proven([answer("probe", HOST_ITSELF), answer("probe", EC2_DOMAINS)])


def test_one_pair_among_several_answers_is_enough() -> None:
    """The answers that share a cause neither help nor harm."""
    together = [ANSWERS["balancer"], ANSWERS["timeout"], ANSWERS["SSM"]]
    assert is_proven(together)
    assert not is_proven([ANSWERS["balancer"], ANSWERS["no responders"], ANSWERS["SSM"]])


def test_each_answer_has_the_domains_that_may_have_made_it() -> None:
    """The table of `docs`: parts between a host and its observer that may fail."""
    assert {Domain.NATS, Domain.PATH, Domain.EGRESS} == NATS_DOMAINS
    assert {Domain.SSM, Domain.AGENT, Domain.EGRESS} == CONNECTION_DOMAINS
    assert {Domain.EC2} == EC2_DOMAINS
    assert load_balancer_domains(needs_nats=True) == NATS_DOMAINS | {Domain.LOAD_BALANCER}
    assert load_balancer_domains(needs_nats=False) == {Domain.LOAD_BALANCER}
    assert {
        ProbeOutcome.TIMEOUT: {Domain.NATS, Domain.PATH},
        ProbeOutcome.NO_RESPONDERS: {Domain.NATS, Domain.EGRESS},
        ProbeOutcome.UNHEALTHY: frozenset(),
    } == OUTCOME_DOMAINS
    assert {
        ProbeOutcome.NO_SERVER,
        ProbeOutcome.CONNECT_TIMEOUT,
        ProbeOutcome.SERVER_SILENT,
    } == NO_GREETING
    assert not NO_GREETING & set(OUTCOME_DOMAINS)


@pytest.mark.parametrize(
    ("domains", "text"),
    [
        (EC2_DOMAINS, "EC2"),
        (frozenset({Domain.EGRESS, Domain.NATS}), "egress or NATS"),
        (
            load_balancer_domains(needs_nats=True),
            "egress, NATS, the path to NATS or the load balancer",
        ),
    ],
)
def test_domains_are_named_in_one_stable_order(domains: Domains, text: str) -> None:
    """The order of the parts, whatever a set makes of it."""
    assert describe(domains) == text
