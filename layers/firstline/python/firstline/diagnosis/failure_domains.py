"""Failure domains: other causes of a health check's answer while the host is well.

A domain belongs to a check and its answer. Two answers prove a host dead only when nothing could
have produced both (I11): one broken part is one cause, however many checks it silences.
"""

from enum import StrEnum

from firstline.diagnosis.probe_outcome import ProbeOutcome


class Domain(StrEnum):
    """A part between a host and its observer that may fail alone."""

    SSM = "SSM"
    AGENT = "the SSM agent"
    EGRESS = "egress"
    NATS = "NATS"
    PATH = "the path to NATS"
    LOAD_BALANCER = "the load balancer"
    EC2 = "EC2"


type Domains = frozenset[Domain]

HOST_ITSELF: Domains = frozenset()
"""Only the host produces such an answer."""
CONNECTION_DOMAINS: Domains = frozenset({Domain.SSM, Domain.AGENT, Domain.EGRESS})
NATS_DOMAINS: Domains = frozenset({Domain.NATS, Domain.PATH, Domain.EGRESS})
EC2_DOMAINS: Domains = frozenset({Domain.EC2})

OUTCOME_DOMAINS: dict[ProbeOutcome, Domains] = {
    ProbeOutcome.TIMEOUT: frozenset({Domain.NATS, Domain.PATH}),
    ProbeOutcome.NO_RESPONDERS: frozenset({Domain.NATS, Domain.EGRESS}),
    ProbeOutcome.UNHEALTHY: HOST_ITSELF,
}
"""Outcomes that concern the hosts. Any other shows only how far the probe itself got."""
NO_GREETING = frozenset(
    {ProbeOutcome.NO_SERVER, ProbeOutcome.CONNECT_TIMEOUT, ProbeOutcome.SERVER_SILENT}
)
"""Outcomes without a greeting from NATS: evidence about NATS itself, or the path to it."""


def load_balancer_domains(*, needs_nats: bool) -> Domains:
    """Other causes of an unhealthy target: its health page may need NATS, and the path to it."""
    return frozenset({Domain.LOAD_BALANCER}) | (NATS_DOMAINS if needs_nats else HOST_ITSELF)


def describe(domains: Domains) -> str:
    """The domains as a page names them, in one stable order."""
    *first, last = [each.value for each in Domain if each in domains]
    return f"{', '.join(first)} or {last}" if first else last
