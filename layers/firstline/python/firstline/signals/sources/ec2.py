"""EC2: an instance's state. Shape: EC2 user guide, "instance state-change events"."""

import msgspec

from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, Id, Instance, decode, make_signal


class _Change(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    instance_id: Instance
    state: Id


def state_change(envelope: Envelope) -> Signal:
    """The state that an instance is in now; raises `InvalidInput`."""
    event = decode(envelope.detail, _Change)
    key = ("instance", event.instance_id, event.state, envelope.time.isoformat())
    where = {"InstanceId": event.instance_id}
    kind = SignalKind.INSTANCE
    return make_signal(envelope, kind, key, event.instance_id, event.state, dimensions=where)
