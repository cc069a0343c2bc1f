"""EC2 Auto Scaling: launches, terminations, lifecycle actions, instance refreshes.

Shape: Auto Scaling user guide, "event reference". Delivery is best effort. A launch has the status
``InProgress`` even when it was successful, so the detail type is the subject.
"""

from typing import Annotated

import msgspec

from firstline.errors import InvalidInput
from firstline.ids import INSTANCE_ID
from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, Id, Name, decode, make_signal

_Instance = Annotated[str, msgspec.Meta(pattern=rf"^({INSTANCE_ID})?\Z")]
"""Empty where a launch failed before there was an instance."""


class _Activity(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    auto_scaling_group_name: Name
    activity_id: Id = ""
    instance_refresh_id: Id = ""
    lifecycle_action_token: Id = ""
    checkpoint_percentage: Id = ""
    instance: _Instance = msgspec.field(default="", name="EC2InstanceId")


def activity(envelope: Envelope) -> Signal:
    """The signal of a group's activity, keyed by the activity's id; raises `InvalidInput`."""
    event = decode(envelope.detail, _Activity)
    ids = (event.activity_id, event.instance_refresh_id, event.lifecycle_action_token)
    if not any(ids):
        raise InvalidInput("an event of a group that names no activity of it")
    key = ("autoscaling", envelope.detail_type, *ids, event.checkpoint_percentage)
    where = {"AutoScalingGroupName": event.auto_scaling_group_name}
    if event.instance:
        where["InstanceId"] = event.instance
    return make_signal(
        envelope, SignalKind.AUTOSCALING, key, envelope.detail_type, "", dimensions=where
    )
