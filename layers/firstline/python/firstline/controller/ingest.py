"""Ingest: an event becomes a signal, and the signal opens an episode, joins one, or is noted."""

from firstline.controller.join_incident import Receipt, note, tell
from firstline.controller.open_incident import take_in
from firstline.controller.record_external_event import arrived
from firstline.controller.system import System
from firstline.signal import Disposition, Signal, SignalKind, clamp_to_now
from firstline.signals.classify import Classification, classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import with_pseudonym


def ingest(body: bytes, system: System) -> Receipt:
    """Take in one event; raises `DependencyUnavailable` when it must be delivered again."""
    now = system.ports.clock.now()
    home = system.settings.home
    told = with_pseudonym(clamp_to_now(parse(body, home, now), now), system.settings.hash_key)
    signal = with_profile_name(told, system.profile, system.settings.alarms)
    return receive(signal, classify(signal, system.profile, home), system)


def receive(signal: Signal, found: Classification, system: System) -> Receipt:
    """Do what *found* asks for; raises `DependencyUnavailable` when it must be delivered again."""
    arrival = arrived(signal, found, system)
    match found.disposition, signal.kind:
        case (Disposition.INCIDENT, _):
            return take_in(arrival, system)
        case (Disposition.RECOVERY, _) | (Disposition.CONTEXT, SignalKind.ALARM_CONFIGURATION):
            return tell(arrival, system)
        case _:
            return note(arrival, system)
