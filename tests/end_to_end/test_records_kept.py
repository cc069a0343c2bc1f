"""What a destroy leaves, and that a deployment after it works (docs/DEPLOY.md)."""

import hashlib
from typing import NamedTuple, Self

from firstline.ids import IncidentId, InstanceId
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan, Scenario
from firstline.ledger.chain import Entry
from tests.end_to_end.deployment import APP, RECORDS, Deployment
from tests.end_to_end.test_incident import first_page, status

FRESH = HostPlan(id=InstanceId("i-0a1b2c3d4e5f60719"))
"""A host that was never touched."""


def stacks(deployment: Deployment) -> set[str]:
    """The stacks that stand."""
    result = deployment.cloud.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"] for each in result} & {APP, RECORDS}


class Kept(NamedTuple):
    """What must outlive both stacks, by the services' own word, as it is now."""

    tables: dict[str, str]
    entries: tuple[Entry, ...]
    bucket: bool
    archived: dict[str, str]
    key: tuple[str, bool, bytes]

    @classmethod
    def of(cls, deployment: Deployment, outputs: dict[str, str]) -> Self:
        """What stands under the names of *outputs*; of a table or key that is gone it raises."""
        bucket, key = outputs["ArchiveBucket"], outputs["SigningKey"]
        tables, keys = deployment.cloud.client("dynamodb"), deployment.cloud.client("kms")
        names = ("IncidentsTable", "LedgerTable")
        objects = deployment.cloud.client("s3")
        buckets = objects.list_buckets()["Buckets"]
        about = keys.describe_key(KeyId=key)["KeyMetadata"]
        return cls(
            {
                each: tables.describe_table(TableName=outputs[each])["Table"]["TableStatus"]
                for each in names
            },
            deployment.store(outputs).entries(IncidentId(deployment.pages(0)[0].key)),
            bucket in [each["Name"] for each in buckets],
            {
                each["Key"]: each["ETag"].strip('"')
                for each in objects.list_objects_v2(Bucket=bucket, Prefix="entries/")["Contents"]
            },
            (about["KeyState"], about["Enabled"], keys.get_public_key(KeyId=key)["PublicKey"]),
        )


def md5(body: str) -> str:
    """What S3 calls an object of this *body*."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def whole(deployment: Deployment, outputs: dict[str, str]) -> Kept:
    """What stands now, of which nothing is missing."""
    kept = Kept.of(deployment, outputs)
    assert set(kept.tables.values()) == {"ACTIVE"}
    assert kept.entries
    assert kept.bucket
    assert {md5(each.body) for each in kept.entries} <= set(kept.archived.values())
    assert kept.key[:2] == ("Enabled", True)
    return kept


def test_a_destroy_leaves_the_records(deployment: Deployment) -> None:
    """The app goes; tables, archive and key stay, and their stack cannot be destroyed."""
    outputs = deployment.outputs(RECORDS)
    before = whole(deployment, outputs)
    deployment.cdk.destroy(deployment.assembly)
    assert stacks(deployment) == {RECORDS}
    result = deployment.cdk.destroy(deployment.assembly, RECORDS, status=1)
    assert "TerminationProtection" in result.replace(" ", "")
    assert stacks(deployment) == {RECORDS}
    assert whole(deployment, outputs) == before


def test_a_deployment_after_it_goes_on_in_the_same_records(deployment: Deployment) -> None:
    """The secrets are new, so the routing key is set again; an incident is mended as before."""
    outputs = deployment.outputs(RECORDS)
    kept = whole(deployment, outputs)
    deployment.cdk.deploy(deployment.assembly)
    assert deployment.outputs(RECORDS) == outputs
    assert whole(deployment, outputs) == kept
    deployment.set_routing_key()
    deployment.an_hour_later()
    before = len(deployment.pages(0))
    with deployment.at_work(Scenario(name="again", hosts=(FRESH,))):
        incident = first_page(deployment, before)
        deployment.wait("not resolved", lambda: status(deployment, incident) is Status.RESOLVED)


def test_records_outlive_even_their_stack(deployment: Deployment) -> None:
    """Who takes the protection away and destroys it still has them. Nothing is deployed then."""
    old = deployment.outputs(RECORDS)
    kept = whole(deployment, old)
    stacks_of = deployment.cloud.client("cloudformation")
    stacks_of.update_termination_protection(StackName=RECORDS, EnableTerminationProtection=False)
    deployment.cdk.destroy(deployment.assembly, APP, RECORDS)
    assert stacks(deployment) == set()
    assert whole(deployment, old) == kept
