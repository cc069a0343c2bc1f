"""A chain of entries for a report: every text is redacted once, before anything else."""

import copy
import functools
import re
from collections.abc import Iterable, Iterator

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.errors import InvalidInput
from firstline.ids import InstanceId
from firstline.ledger.entries import HostsInspected
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.events import events

type Record = tuple[DecodedEntry, ...]
"""The entries of one incident, redacted, each of a known form."""

TEXT_MAX = 8000
"""Characters of one text; an escalation has many lines in one."""
_OURS = frozenset({"token", "plan", "hash", "key_digest", "enclave_pcr0"})
"""Fields with firstline's own digests, which redaction would replace."""
_DIGEST = re.compile(r"[0-9a-f]{8,96}", re.ASCII)


def redact_record(chain: Iterable[DecodedEntry]) -> Record:
    """The entries of one incident; raises `InvalidInput` naming the first that cannot be read."""
    return tuple(map(_cleaned, chain))


def _cleaned(entry: DecodedEntry) -> DecodedEntry:
    data = {_redacted(name): _clean(inner, name) for name, inner in entry.data.items()}
    cleaned = copy.replace(entry, data=data)
    try:
        cleaned.checked()
    except InvalidInput as error:
        raise InvalidInput(redact(str(error))) from error
    return cleaned


def _clean(node: object, key: str = "") -> object:
    """*node* with each text redacted, except digests in fields of `_OURS`."""
    match node:
        case str():
            ours = key in _OURS and _DIGEST.fullmatch(node)
            return node if ours else _redacted(node)
        case dict():
            return {_redacted(name): _clean(inner, name) for name, inner in node.items()}
        case list():
            return [_clean(inner, key) for inner in node]
        case _:
            return node


def host_reports(record: Record) -> Iterator[tuple[InstanceId, HostReport | Unknown]]:
    """The reports of each look, in the order of time."""
    return (each for look in events(record, HostsInspected) for each in look.hosts.items())


@functools.lru_cache(maxsize=2048)
def _redacted(text: str) -> str:
    """Cached, because names of hosts and fields recur often in a long chain."""
    return redact(text, TEXT_MAX)
