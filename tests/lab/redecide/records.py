"""Stories for tests: the ledgers of simulated runs, read as an export is."""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from firstline.config.profile import Profile
from firstline.ids import Digest
from firstline.lab.redecide.incident_record import IncidentRecord, incident_record
from firstline.lab.simulation import seed_run
from firstline.ledger.export import DecodedEntry, decode_entry


def of(
    seed: int, given: Sequence[int] | None = None
) -> tuple[list[IncidentRecord], dict[Digest, Profile]]:
    """The stories of a run's incidents, and the policy that was in force."""
    run = seed_run.run(seed, given)
    result = (
        incident_record(map(decode_entry, each))
        for each in run.backend.store.tables.entries.values()
    )
    return [each for each in result if each is not None], {run.profile.digest: run.profile}


def outage() -> tuple[IncidentRecord, dict[Digest, Profile]]:
    """The first incident of a complete outage."""
    (first, *_), policies = of(0)
    return first, policies


def edited(told: DecodedEntry, edit: Callable[[dict[str, Any]], object]) -> DecodedEntry:
    """An entry whose data somebody changed."""
    data = json.loads(msgspec.json.encode(told.data))
    edit(data)
    return copy.replace(told, data=data)
