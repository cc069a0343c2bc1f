"""Typed names, so that the type checker keeps one kind of id from standing in for another."""

import hashlib
from typing import NewType

CorrelationKey = NewType("CorrelationKey", str)
"""The trouble and the fleet that it concerns: one incident of it is open at a time."""
CommandId = NewType("CommandId", str)
"""The id that SSM gives a command."""
Digest = NewType("Digest", str)
"""A SHA-256 in lower-case hexadecimal."""
GroupName = NewType("GroupName", str)
"""An Auto Scaling group's name."""
IncidentId = NewType("IncidentId", str)
"""``inc-`` and 20 hexadecimal digits of the opening signal's key."""
InstanceId = NewType("InstanceId", str)
"""An EC2 instance's id, as `INSTANCE_ID` defines it."""
SignalKey = NewType("SignalKey", str)
"""Idempotency key: two deliveries of one transition share it. It is never the envelope's own id."""
Token = NewType("Token", str)
"""32 hexadecimal digits that name one intent; the host's script refuses a second use."""

type FixTarget = InstanceId | GroupName
"""The target of a fix: one instance, or the group for a fix of the whole fleet."""

INSTANCE_ID = r"i-[0-9a-f]{8}(?:[0-9a-f]{9})?"
"""The pattern of an instance's id: 8 or 17 hexadecimal digits (EC2 user guide, resource IDs)."""


def digest(data: bytes) -> Digest:
    """SHA-256 of *data* in lower-case hexadecimal."""
    return Digest(hashlib.sha256(data).hexdigest())


def incident_id(opening: SignalKey) -> IncidentId:
    """The id of the incident that *opening* opens: a redelivery gives the same one."""
    return IncidentId(f"inc-{digest(opening.encode())[:20]}")
