"""Around: the KMS key, the stack and the watched parameters, as AWS shows them now."""

from typing import TYPE_CHECKING, NamedTuple

from firstline.adapters.faults import unavailable
from firstline.errors import Unavailable
from firstline.profile import Fleet
from firstline.surroundings import Deployment, Deployments, KeyState

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_ssm import SSMClient


class AroundClients(NamedTuple):
    """The clients that read it."""

    keys: "KMSClient"
    stacks: "CloudFormationClient"
    parameters: "SSMClient"


class AwsAround:
    """The `Around` port for the names of *fleet*."""

    def __init__(self, clients: AroundClients, fleet: Fleet) -> None:
        self._keys, self._stacks, self._parameters = clients
        self._fleet = fleet

    def key(self) -> KeyState | None:
        """The key's state; raises `Unavailable`."""
        if not self._fleet.kms_key:
            return None
        with unavailable("around"):
            described = self._keys.describe_key(KeyId=self._fleet.kms_key)
            return KeyState(described["KeyMetadata"]["KeyState"])

    def stack(self) -> Deployments | None:
        """The named stack; raises `Unavailable`, also where there is none."""
        name = self._fleet.stack
        if not name:
            return None
        with unavailable("around"):
            (found,) = self._stacks.describe_stacks(StackName=name)["Stacks"]
            changed = found.get("LastUpdatedTime", found["CreationTime"])
            busy = found["StackStatus"].endswith("_IN_PROGRESS")
        return Deployments((Deployment(what=name, at=changed, in_progress=busy),))

    def parameters(self) -> Deployments | None:
        """The watched parameters; raises `Unavailable` where one lacks. No value is read."""
        wanted = self._fleet.watched_parameters
        if not wanted:
            return None
        with unavailable("around"):
            # what describes a parameter never shows its value
            answer = self._parameters.describe_parameters(
                ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": list(wanted)}]
            )
            found = {
                each["Name"]: Deployment(what=each["Name"], at=each["LastModifiedDate"])
                for each in answer["Parameters"]
            }
        lacking = [each for each in wanted if each not in found]
        if lacking:
            raise Unavailable(f"around: there is no {', '.join(lacking)}")
        return Deployments(tuple(found[each] for each in wanted))
