"""Incidents on the deployed system, each from its alarm to its end."""

import base64
import itertools
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from firstline.ids import IncidentId
from firstline.incidents.incident import Status
from firstline.incidents.resolve_delay import RESOLVE_DELAY_MIN
from firstline.lab.twin.pager.alerts import Received
from firstline.lab.twin.scenario import DEFAULT_HOSTS, Scenario
from tests.end_to_end import pace
from tests.end_to_end.deployment import RECORDS, Deployment
from tests.end_to_end.widget import Widget

HOSTS = [each.id for each in DEFAULT_HOSTS]
CANARY_AND_ONE = DEFAULT_HOSTS[:2]


def entries_of(deployment: Deployment, incident: IncidentId, kind: str) -> list[dict[str, Any]]:
    """The ledger's entries of *kind*."""
    entries = [json.loads(each.body) for each in deployment.store().entries(incident)]
    return [each for each in entries if each["kind"] == kind]


def fixed(deployment: Deployment, incident: IncidentId) -> list[str]:
    """The hosts that a fix was intended for, in order."""
    intents = [each["data"] for each in entries_of(deployment, incident, "intent")]
    return [host for each in intents if "plan" in each for host in each["hosts"]]


def status(deployment: Deployment, incident: IncidentId) -> Status:
    """Where the incident stands."""
    loaded = deployment.store().load(incident)
    assert loaded is not None
    return loaded.incident.status


def triggers(deployment: Deployment, since: int) -> list[Received]:
    """The pages after *since* that are no resolve: one of an earlier incident may be due."""
    return [each for each in deployment.pages(since) if each.action == "trigger"]


def first_page(deployment: Deployment, since: int) -> IncidentId:
    """The incident of the first page after *since*, as soon as it is there."""
    deployment.wait("no page", lambda: bool(triggers(deployment, since)))
    return IncidentId(triggers(deployment, since)[0].key)


def is_paged_first(deployment: Deployment, incident: IncidentId, page: Received) -> bool:
    """Whether PagerDuty took *page* before a fix of its incident was intended."""
    began = [
        datetime.fromisoformat(each["at"]) for each in entries_of(deployment, incident, "intent")
    ]
    return bool(began) and page.at < min(began)


def archived(deployment: Deployment, prefix: str) -> dict[str, bytes]:
    """The objects under *prefix* of the archive's bucket."""
    objects, bucket = deployment.cloud.client("s3"), deployment.outputs(RECORDS)["ArchiveBucket"]
    listed = objects.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        each["Key"]: objects.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for each in listed
    }


def head(deployment: Deployment, incident: str) -> str:
    """The hash of the last entry by now: what was sent after the end is recorded after it."""
    return deployment.store().entries(IncidentId(incident))[-1].hash


def anchors(deployment: Deployment, head: str) -> bool:
    """Whether a checkpoint names *head*."""
    return any(head.encode() in each for each in archived(deployment, "checkpoints/").values())


def verified(deployment: Deployment, export: Path) -> dict[str, Any]:
    """What `audit verify` says of *export*, with the key that KMS publishes."""
    key = deployment.outputs(RECORDS)["SigningKey"]
    public = deployment.cloud.client("kms").get_public_key(KeyId=key)["PublicKey"]
    path = deployment.folder / "key.pem"
    body = base64.encodebytes(public).decode()
    path.write_text(f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n")
    output = deployment.cdk.run("audit", "verify", str(export), str(path), "--json")
    return dict(json.loads(output))


def test_an_outage_is_paged_mended_and_closed(
    deployment: Deployment, record_property: Callable[[str, object], None]
) -> None:
    """The alarm, one page, the canary, the others, the alarm's OK, the end; the chain holds."""
    before, begun = len(deployment.pages(0)), pace.now()
    with deployment.at_work(Scenario(name="outage")):
        incident = first_page(deployment, before)
        widget = Widget(deployment)
        click = {"incident": incident}
        assert click in widget.calls(widget.show())
        assert "all vaults inaccessible" in widget.show(**click)
        deployment.wait("not resolved", lambda: status(deployment, incident) is Status.RESOLVED)
        deployment.wait("not anchored", lambda: anchors(deployment, head(deployment, incident)))
        deployment.wait("no report", lambda: bool(archived(deployment, "reports/")))
        deployment.wait("no probe sees it", lambda: answering(deployment)[-1] == 1.0)
    page, *risen = triggers(deployment, before)
    # where the alarm on some hosts comes first, its page rises with the alarm on all of them
    assert [each.key for each in (page, *risen)] in ([incident], [incident, f"{incident}:p1"])
    told_last = str([page, *risen][-1].body["payload"])
    assert "P1 complete outage: alarm healthy-hosts went to ALARM" in told_last
    passed = deployment.queue_to_page(begun, page)
    record_property(
        "figure", f"signals queue to PagerDuty, ingest cold: {passed.total_seconds():.2f} s"
    )
    assert is_paged_first(deployment, incident, page)
    assert fixed(deployment, incident) == HOSTS
    verified = [
        each["data"].get("target") for each in entries_of(deployment, incident, "verification")
    ]
    assert [each for each in verified if each] == HOSTS


def test_the_record_holds_by_the_archive_alone(deployment: Deployment) -> None:
    """Entries, policies and signed checkpoints of the bucket, and no table: all are anchored."""
    restored = deployment.folder / "restored.jsonl"
    entries, policies = archived(deployment, "entries/"), archived(deployment, "policies/")
    lines = [
        *(entries[key] for key in sorted(entries)),
        *(
            json.dumps({"policy": Path(key).stem, "text": text}).encode()
            for key, text in ((key, policies[key].decode()) for key in policies)
        ),
        *(text.strip() for _, text in sorted(archived(deployment, "checkpoints/").items())[::-1]),
    ]
    restored.write_bytes(b"".join(line + b"\n" for line in lines))
    line = verified(deployment, restored)
    assert (line["valid"], line["anchored"], line["unanchored"]) == (True, True, {})
    assert line["entries"] == len(entries)
    assert line["signed"]


def test_the_deployed_ledger_is_exported_and_holds(deployment: Deployment) -> None:
    """By the commands that an auditor gives; the table tells what the archive tells."""
    export = deployment.folder / "export.jsonl"
    deployment.cdk.run("audit", "export", str(export), "--fleet", str(deployment.profile))
    line = verified(deployment, export)
    assert (line["valid"], line["anchored"], line["signed"]) == (True, True, True)


def test_the_report_lies_beside_the_archive(deployment: Deployment) -> None:
    """As a page for people; it names the incident."""
    pages = [
        text for key, text in archived(deployment, "reports/").items() if key.endswith(".html")
    ]
    assert any(deployment.pages(0)[0].key.encode() in text for text in pages)


def test_its_alert_is_kept_until_no_trigger_can_follow(deployment: Deployment) -> None:
    """The resolve is owed, and not before the last life of a worker is over (I2)."""
    loaded = deployment.store().load(IncidentId(deployment.pages(0)[0].key))
    assert loaded is not None
    pages = [each for each in loaded.incident.pages if each.channel == "pager"]
    sent_at = {each.key: each.sent_at for each in pages if each.action == "trigger"}
    resolves = [each for each in pages if each.action == "resolve"]
    assert len(resolves) == len(sent_at)
    for each in resolves:
        triggered_at = sent_at[each.key]
        assert triggered_at is not None
        assert each.due_at == triggered_at + RESOLVE_DELAY_MIN


def answering(deployment: Deployment) -> list[float]:
    """What each probe of the enclaves told, in order."""
    return [each.value for each in deployment.metrics.all("firstline", "EnclaveAnswering")]


def test_the_probe_told_of_the_outage_and_of_its_end(deployment: Deployment) -> None:
    """By metrics that the deployed functions printed; the sweep beat all the while."""
    found = answering(deployment)
    assert (found[0], found[-1]) == (0.0, 1.0)
    health = deployment.metrics.all("firstline", "HealthAnswering")
    assert {each.value for each in health} == {0.0}
    assert len(deployment.metrics.all("firstline", "Heartbeat")) > 5


def release(package: Path) -> None:
    """A next version: other code, and so another digest in each entry."""
    path = package / "incidents" / "resolve_delay.py"
    path.write_text(f"{path.read_text()}\nRELEASE = 2\n")


class Held:
    """Wakes wait while so many hosts were fixed and the version that takes them is not there."""

    def __init__(self, deployment: Deployment, before: int) -> None:
        self._deployment = deployment
        self._before = before
        self.until = 1

    def __call__(self) -> bool:
        """Whether as many were fixed as may be before the next version is there."""
        keys = {IncidentId(each.key) for each in triggers(self._deployment, self._before)}
        return any(len(fixed(self._deployment, each)) >= self.until for each in keys)


def test_an_incident_outlives_a_deployment_and_a_roll_back(
    deployment: Deployment, record_property: Callable[[str, object], None]
) -> None:
    """A new version takes over after the first fix, the former one again after the second.

    However long a deployment takes: from each fix on, wakes wait until it is over.
    """
    deployment.an_hour_later()
    before, begun, hosts = len(deployment.pages(0)), pace.now(), [it.id for it in CANARY_AND_ONE]
    held = Held(deployment, before)
    scenario = Scenario(name="deployed meanwhile", hosts=CANARY_AND_ONE)
    with deployment.at_work(scenario, held=held):
        incident = first_page(deployment, before)
        deployment.wait("no fix", lambda: fixed(deployment, incident) == hosts[:1])
        new = deployment.assembly.revised(deployment.folder / "next", release)
        deployment.cdk.deploy(new)
        assert fixed(deployment, incident) == hosts[:1]
        held.until = 2
        deployment.wait("no second fix", lambda: fixed(deployment, incident) == hosts)
        deployment.cdk.deploy(deployment.assembly)
        held.until = 3
        deployment.wait("not over", lambda: is_over(deployment, incident))
    assert {each.key for each in triggers(deployment, before)} == {incident}
    (page,) = {each.key: each for each in triggers(deployment, before)}.values()
    passed = deployment.queue_to_page(begun, page)
    record_property(
        "figure", f"signals queue to PagerDuty, ingest warm: {passed.total_seconds():.2f} s"
    )
    assert is_paged_first(deployment, incident, page)
    assert fixed(deployment, incident) == hosts
    codes = [json.loads(each.body)["code"] for each in deployment.store().entries(incident)]
    own = deployment.assembly.code
    assert [code for code, _ in itertools.groupby(codes)] == [own, new.code, own]


def is_over(deployment: Deployment, incident: IncidentId) -> bool:
    """Whether it is resolved; the resolve of its alert is owed then, and due later."""
    return status(deployment, incident) == Status.RESOLVED
