"""Ingest: turn an event into a signal, which opens an incident, joins one, or is only recorded."""

from firstline.controller.join_incident import Receipt, record_ignored, wake_open_incident
from firstline.controller.open_incident import open_or_join
from firstline.controller.record_external_event import new_arrival
from firstline.controller.system import System
from firstline.signal import Disposition, Signal, SignalKind, clamp_to_now
from firstline.signals.classify import Classification, classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import with_pseudonym


def ingest(body: bytes, system: System) -> Receipt:
    """Process one event; raises `DependencyUnavailable` if it must be redelivered."""
    now = system.ports.clock.now()
    home = system.settings.home
    received = with_pseudonym(clamp_to_now(parse(body, home, now), now), system.settings.hash_key)
    signal = with_profile_name(received, system.profile, system.settings.alarms)
    return receive(signal, classify(signal, system.profile, home), system)


def receive(signal: Signal, classification: Classification, system: System) -> Receipt:
    """Process *signal* by its *classification*.

    Raises `DependencyUnavailable` if it must be redelivered.
    """
    arrival = new_arrival(signal, classification, system)
    match classification.disposition, signal.kind:
        case (Disposition.INCIDENT, _):
            return open_or_join(arrival, system)
        case (Disposition.RECOVERY, _) | (Disposition.CONTEXT, SignalKind.ALARM_CONFIGURATION):
            return wake_open_incident(arrival, system)
        case _:
            return record_ignored(arrival, system)
