"""A change that the store never accepts is paged, and not retried for ever."""

import copy

from firstline.config.profile import HOSTS_MAX
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.ids import InstanceId
from firstline.incidents import incident
from firstline.incidents.incident import INCIDENT_BYTES_MAX, Incident, Status
from firstline.lab.twin.scenario import HostPlan
from firstline.lab.twin.store import ITEM_BYTES_MAX
from firstline.ledger.chain import Kind
from tests.controller.rig import Rig, opened


def grown(rig: Rig, size: int) -> Incident:
    """The open incident of *rig*, with a name so long that its text has this many bytes."""
    held = rig.incident()
    left = size - len(incident.encode(held)) + len(held.rule or "")
    held = copy.replace(held, rule="r" * left)
    rig.tables.incidents[held.id] = incident.encode(held)
    return held


def test_one_that_has_grown_is_handed_over_while_the_store_takes_it() -> None:
    rig = opened()
    held = grown(rig, INCIDENT_BYTES_MAX + 100)
    reconcile(Wake(held.id, held.wake_generation), rig.system)
    after = rig.incident()
    assert after.status is Status.ESCALATED
    assert "the incident has 3" in rig.entries_of(Kind.DECISION)[-1]["why"]
    assert f"{held.id}:escalated" in {each.key for each in after.pages}


def test_a_fleet_of_more_hosts_than_an_incident_holds_is_a_persons_at_once() -> None:
    """I24: with the reason, and before anything is done."""
    plans = (HostPlan(id=InstanceId(f"i-{number:017x}")) for number in range(HOSTS_MAX + 1))
    rig = Rig(*plans)
    rig.hear()
    held = rig.at_the_end()
    assert (held.status, held.attempts) == (Status.ESCALATED, ())
    why = f"the group has {HOSTS_MAX + 1} hosts; an incident stores evidence of at most {HOSTS_MAX}"
    assert rig.entries_of(Kind.DECISION)[-1]["why"] == why


def test_what_the_store_refuses_for_good_is_paged_once_and_done() -> None:
    """No retry that ends as a dead letter, and no second page by the next wake."""
    rig = opened()
    held = grown(rig, ITEM_BYTES_MAX)
    for _ in range(2):
        reconcile(Wake(held.id, held.wake_generation), rig.system)
    key = f"{held.id}:unwritable"
    assert rig.notified[key] == 1
    (page,) = (each.body["payload"] for each in rig.door.pager.alerts.received if each.key == key)
    assert isinstance(page, dict)
    what = f"P1: firstline cannot store the open incident {held.id}"
    assert page["summary"] == f"[vettid us-east-1] {what}"
    assert page["custom_details"]["why"].startswith("Item size")
    assert "Handle the incident manually" in page["custom_details"]["next"]
