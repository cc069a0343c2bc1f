"""What a destroy leaves, and that a deployment after it works (docs/DEPLOY.md)."""

from firstline.ids import IncidentId, InstanceId
from firstline.incident import Status
from firstline.twin.scenario import HostPlan, Scenario
from tests.end_to_end.deployment import APP, RECORDS, Deployment
from tests.end_to_end.test_incident import SECONDS, first_page, status

FRESH = HostPlan(id=InstanceId("i-0a1b2c3d4e5f60719"))
"""A host that was never touched: what was spent on the others is in the tables, and holds."""


def stacks(deployment: Deployment) -> set[str]:
    """The stacks that stand."""
    told = deployment.cloud.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"] for each in told} & {APP, RECORDS}


def tables(deployment: Deployment) -> dict[str, str]:
    """The tables' names, by their outputs."""
    outputs = deployment.outputs(RECORDS)
    return {name: outputs[name] for name in ("IncidentsTable", "LedgerTable")}


def test_a_destroy_leaves_the_records(deployment: Deployment) -> None:
    """The app goes, the tables and what is in them stay, and their stack cannot be destroyed."""
    store, incident = deployment.store(), IncidentId(deployment.pages(0)[0].key)
    entries = store.entries(incident)
    deployment.cdk.destroy(deployment.assembly)
    assert stacks(deployment) == {RECORDS}
    told = deployment.cdk.destroy(deployment.assembly, RECORDS, status=1)
    assert "TerminationProtection" in told.replace(" ", "")
    assert stacks(deployment) == {RECORDS}
    assert deployment.store().entries(incident) == entries
    assert entries


def test_a_deployment_after_it_goes_on_in_the_same_tables(deployment: Deployment) -> None:
    """The secrets are new, so the routing key is set again; an incident is mended as before."""
    before_it = tables(deployment)
    deployment.cdk.deploy(deployment.assembly)
    assert tables(deployment) == before_it
    deployment.set_routing_key()
    before = len(deployment.pages(0))
    with deployment.at_work(Scenario(name="again", hosts=(FRESH,))):
        incident = first_page(deployment, before)
        deployment.wait(
            "not resolved", SECONDS, lambda: status(deployment, incident) is Status.RESOLVED
        )


def test_tables_outlive_even_their_stack(deployment: Deployment) -> None:
    """Who takes the protection away and destroys it still has them; new ones stand beside."""
    old = tables(deployment)
    entries = deployment.store().entries(IncidentId(deployment.pages(0)[0].key))
    stacks_of = deployment.cloud.client("cloudformation")
    stacks_of.update_termination_protection(StackName=RECORDS, EnableTerminationProtection=False)
    deployment.cdk.destroy(deployment.assembly, APP, RECORDS)
    assert stacks(deployment) == set()
    left = deployment.cloud.client("dynamodb").list_tables()["TableNames"]
    assert set(old.values()) <= set(left)
    deployment.cdk.deploy(deployment.assembly)
    assert not set(tables(deployment).values()) & set(old.values())
    kept = deployment.store(old).entries(IncidentId(deployment.pages(0)[0].key))
    assert kept == entries
