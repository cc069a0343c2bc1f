"""Failure domains: what else may produce an answer of a health check while the host is well.

A domain belongs to a check and its answer. Two answers prove a host dead only when nothing could
have produced both (I11): one broken part is one cause, however many checks it silences.
"""

from enum import StrEnum

from firstline.diagnosis.probe_outcome import ProbeOutcome


class Domain(StrEnum):
    """A part between a host and whoever asks about it, which may fail alone."""

    SSM = "SSM"
    AGENT = "the SSM agent"
    EGRESS = "egress"
    NATS = "NATS"
    PATH = "the path to NATS"
    LOAD_BALANCER = "the load balancer"
    EC2 = "EC2"


type Domains = frozenset[Domain]

HOST_ITSELF: Domains = frozenset()
"""Nothing but the host produces such an answer."""
OF_CONNECTION: Domains = frozenset({Domain.SSM, Domain.AGENT, Domain.EGRESS})
OF_NATS: Domains = frozenset({Domain.NATS, Domain.PATH, Domain.EGRESS})
OF_EC2: Domains = frozenset({Domain.EC2})

OF_OUTCOME: dict[ProbeOutcome, Domains] = {
    ProbeOutcome.TIMEOUT: frozenset({Domain.NATS, Domain.PATH}),
    ProbeOutcome.NO_RESPONDERS: frozenset({Domain.NATS, Domain.EGRESS}),
    ProbeOutcome.UNHEALTHY: HOST_ITSELF,
}
"""Outcomes that speak of the hosts. Any other says only how far the probe itself got."""
NO_INFO = frozenset(
    {ProbeOutcome.NO_SERVER, ProbeOutcome.CONNECT_TIMEOUT, ProbeOutcome.SERVER_SILENT}
)
"""Outcomes in which NATS did not greet the probe: evidence about NATS itself, or the way there."""


def of_load_balancer(*, needs_nats: bool) -> Domains:
    """What makes a target unhealthy: its health page may need NATS, and the way there."""
    return frozenset({Domain.LOAD_BALANCER}) | (OF_NATS if needs_nats else HOST_ITSELF)


def words(domains: Domains) -> str:
    """The domains as a page names them, in one stable order."""
    *first, last = [each.value for each in Domain if each in domains]
    return f"{', '.join(first)} or {last}" if first else last
