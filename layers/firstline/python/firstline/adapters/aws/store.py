"""Store: incidents, inboxes, processed keys, leases and the ledger in DynamoDB."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from firstline.adapters.aws import dynamo_items, transaction
from firstline.adapters.aws.dynamo_items import Item, Key
from firstline.adapters.aws.errors import require_key, unavailable
from firstline.adapters.aws.transaction import Tables
from firstline.controller.ports.messaging import Clock
from firstline.controller.ports.store import (
    DUE_MAX,
    INBOX_READ_MAX,
    Change,
    DueIncident,
    LoadedIncident,
)
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import CommitConflict, DependencyUnavailable, InvariantViolation
from firstline.ids import CorrelationKey, IncidentId
from firstline.incidents.handled_alarms import HandledAlarms
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import OFF, KillSwitch
from firstline.remediation.limits import Lease, Limits
from firstline.signals.storm import Openings

if TYPE_CHECKING:
    from typing import Unpack

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputPaginateTypeDef, QueryInputTypeDef


def _is_host(item: Item) -> bool:
    return dynamo_items.attribute(item, "sk").startswith(dynamo_items.HOST)


class DynamoStore:
    """The `Store` port over the tables of ``dynamo_items.py``."""

    def __init__(
        self, client: "DynamoDBClient", incidents_table: str, ledger_table: str, clock: Clock
    ) -> None:
        self._client = client
        self._tables = Tables(incidents=incidents_table, ledger=ledger_table)
        self._clock = clock

    def load(self, incident: IncidentId) -> LoadedIncident | None:
        """The incident and its inbox; None if there is none.

        Raises `Unreadable` if any item of it cannot be parsed. Read backwards, the aggregate comes
        before its inbox: a signal that another worker merged meanwhile was merged under a later
        version, and the commit conflicts. Hosts and approvals come after the inbox, and are read
        by themselves if it is long.

        A Query is no snapshot: it may show the aggregate of a transaction and not yet its hosts
        (DynamoDB developer guide, isolation levels). Such hosts are read once more, and left out
        if that does not help: an unknown host is inspected again, and never fixed.
        """
        most = 1 + INBOX_READ_MAX
        stored = self._query(
            TableName=self._tables.incidents,
            KeyConditionExpression="pk = :incident",
            ExpressionAttributeValues={":incident": dynamo_items.text(incident)},
            ConsistentRead=True,
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": most, "PageSize": most},
        )
        if not stored:
            return None
        try:
            return self._loaded(incident, stored)
        except InvariantViolation as error:
            raise dynamo_items.unreadable(incident, stored[0], str(error)) from error

    def _loaded(self, incident: IncidentId, stored: Sequence[Item]) -> LoadedIncident:
        aggregate, *waiting = stored
        if dynamo_items.attribute(aggregate, "sk") != "incident":
            raise InvariantViolation(f"{incident} has an inbox and no aggregate")
        names = [dynamo_items.attribute(each, "sk") for each in waiting]
        signals = sum(name.startswith(dynamo_items.INBOX) for name in names)
        inbox, rest = waiting[:signals], waiting[signals:]
        hosts = [each for each in rest if _is_host(each)]
        approvals = [each for each in rest if not _is_host(each)]
        is_cut = len(waiting) == INBOX_READ_MAX  # as many as were asked for: others may follow
        if is_cut:
            approvals = self._part(incident, dynamo_items.APPROVAL)
        signals_ = map(dynamo_items.inbox_signal_of, inbox)
        return LoadedIncident(
            self._with_hosts(dynamo_items.incident_of(aggregate), None if is_cut else hosts),
            tuple(sorted(signals_, key=lambda each: each.place)),
            tuple(sorted(map(dynamo_items.approval_of, approvals), key=lambda each: each.at)),
        )

    def _with_hosts(self, incident: Incident, stored: Sequence[Item] | None) -> Incident:
        """*incident* with the evidence of its host items; *stored* are those that were read."""
        if not incident.host_versions:
            return incident
        whole = dynamo_items.with_host_items(incident, stored or ())
        if whole.hosts.keys() >= incident.host_versions.keys():
            return whole
        return dynamo_items.with_host_items(incident, self._part(incident.id, dynamo_items.HOST))

    def _part(self, incident: IncidentId, beginning: str) -> list[Item]:
        """The items of *incident* whose sort key has this *beginning*."""
        stored = self._query(
            TableName=self._tables.incidents,
            KeyConditionExpression="pk = :incident AND begins_with(sk, :beginning)",
            ExpressionAttributeValues={
                ":incident": dynamo_items.text(incident),
                ":beginning": dynamo_items.text(beginning),
            },
            ConsistentRead=True,
        )
        return list(stored)

    def commit(self, change: Change) -> None:
        """Write *change* in one transaction.

        Raises `CommitConflict`, `DependencyUnavailable` or `Unwritable`. After
        `DependencyUnavailable` the outcome is unknown: read again.
        """
        writes = transaction.writes(change, self._tables, self._clock.now())
        with unavailable("store"):
            try:
                answer = self._client.transact_write_items(
                    TransactItems=[each.action for each in writes], ReturnConsumedCapacity="TOTAL"
                )
                require_key(answer, "ConsumedCapacity")
            except self._client.exceptions.TransactionCanceledException as error:
                # without its reasons it is no conflict that is known of, and raised as it is
                reasons = error.response.get("CancellationReasons", [])
                contested = transaction.contested_by(
                    writes, [each.get("Code", "") for each in reasons]
                )
                if contested is not None:
                    raise CommitConflict(contested) from error
                transaction.raise_if_unwritable(change, reasons, error)
                raise
            except ClientError as error:
                transaction.raise_if_unwritable(change, [error.response.get("Error", {})], error)
                raise

    def open_incident(self, key: CorrelationKey) -> IncidentId | None:
        """The open incident of *key*, read consistently."""
        item = self._get(dynamo_items.cause_key(key))
        return IncidentId(dynamo_items.attribute(item, "incident")) if item else None

    def accounted(self, key: CorrelationKey) -> HandledAlarms | None:
        """The alarms that the last P1 episode of *key* handled."""
        item = self._get(dynamo_items.ended_key(key))
        return dynamo_items.handled_alarms_of(item) if item else None

    def limits(self, group: str) -> Limits:
        """The lease, the kill switch and the external events, in one consistent read.

        Without a stored lease the fence is 0. A corrupt lease, or corrupt external events, raise
        `InvariantViolation`; a corrupt switch is on.
        """
        keys = [
            dynamo_items.lease_key(group),
            dynamo_items.external_events_key(group),
            dynamo_items.SWITCH_KEY,
        ]
        with unavailable("store"):
            answer = self._client.batch_get_item(
                RequestItems={self._tables.incidents: {"Keys": keys, "ConsistentRead": True}}
            )
            # both are shown though empty: of a table without such items, of a batch that is done
            left_out = answer["UnprocessedKeys"]
            read = [] if left_out else answer["Responses"][self._tables.incidents]
        if left_out:
            raise DependencyUnavailable("store: it left out a part of lease and switch")
        by_key = {dynamo_items.attribute(each, "sk"): each for each in read}
        lease, switch = by_key.get("lease"), by_key.get("switch")
        events = by_key.get("circumstances")
        return Limits(
            lease=dynamo_items.lease_of(lease, group) if lease else Lease(group=group),
            switch=dynamo_items.switch_of(switch) if switch else OFF,
            circumstances=dynamo_items.external_events_of(events) if events else ExternalEvents(),
        )

    def switch(self) -> KillSwitch:
        """The kill switch; without a stored one it is off."""
        item = self._get(dynamo_items.SWITCH_KEY)
        return dynamo_items.switch_of(item) if item else OFF

    def openings(self, fleet: str) -> Openings:
        """The recent openings in *fleet*, read consistently."""
        item = self._get(dynamo_items.openings_key(fleet))
        return dynamo_items.openings_of(item) if item else Openings()

    def paged(self, note: str) -> datetime | None:
        """The instant of the page with this receipt, if any, read consistently."""
        item = self._get(dynamo_items.paged_key(note))
        return datetime.fromisoformat(dynamo_items.attribute(item, "at")) if item else None

    def due(self, by: datetime, after: DueIncident | None = None) -> tuple[DueIncident, ...]:
        """Incidents whose ``next_wake_at`` is not after *by*, oldest first, at most `DUE_MAX`.

        The index is eventually consistent; a woken worker reads the incident consistently. *after*
        is a position in the index: its item may have moved since.
        """
        query: QueryInputTypeDef = {
            "TableName": self._tables.incidents,
            "IndexName": "due",
            "KeyConditionExpression": "#due = :due AND next_wake_at <= :by",
            "ExpressionAttributeNames": {"#due": "due"},
            "ExpressionAttributeValues": {
                ":due": dynamo_items.text(dynamo_items.DUE),
                ":by": dynamo_items.text(dynamo_items.stamp(by)),
            },
            "Limit": DUE_MAX,
        }
        if after is not None:
            query["ExclusiveStartKey"] = dynamo_items.due_key(after)
        with unavailable("store"):
            answer = self._client.query(**query)
            stored = answer["Items"]
        return tuple(map(dynamo_items.due_of, stored))

    def open_now(self, most: int) -> tuple[IncidentId, ...]:
        """Open incidents, the latest first, from an eventually consistent index."""
        return self._listed(dynamo_items.OPEN, most)

    def escalated(self, most: int) -> tuple[IncidentId, ...]:
        """Escalated incidents, by the same index."""
        return self._listed(dynamo_items.ESCALATED, most)

    def closed(self, most: int) -> tuple[IncidentId, ...]:
        """Closed incidents, by the same index."""
        return self._listed(dynamo_items.CLOSED, most)

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """The incident's ledger in order, read consistently."""
        stored = self._query(
            TableName=self._tables.ledger,
            KeyConditionExpression="incident = :incident",
            ExpressionAttributeValues={":incident": dynamo_items.text(incident)},
            ConsistentRead=True,
        )
        return tuple(map(dynamo_items.entry_of, stored))

    def last_entries(self, incident: IncidentId, most: int) -> tuple[Entry, ...]:
        """The last entries in order, by one eventually consistent request."""
        with unavailable("store"):
            answer = self._client.query(
                TableName=self._tables.ledger,
                KeyConditionExpression="incident = :incident",
                ExpressionAttributeValues={":incident": dynamo_items.text(incident)},
                ScanIndexForward=False,
                Limit=most,
            )
            stored = answer["Items"]
        return tuple(map(dynamo_items.entry_of, reversed(stored)))

    def _listed(self, name: str, most: int) -> tuple[IncidentId, ...]:
        """The latest incidents of one list of the index, by one request."""
        with unavailable("store"):
            answer = self._client.query(
                TableName=self._tables.incidents,
                IndexName="open",
                KeyConditionExpression="#open = :open",
                ExpressionAttributeNames={"#open": "open"},
                ExpressionAttributeValues={":open": dynamo_items.text(name)},
                ScanIndexForward=False,
                Limit=most,
            )
            stored = answer["Items"]
        return tuple(IncidentId(dynamo_items.attribute(each, "pk")) for each in stored)

    def _get(self, key: Key) -> Item | None:
        """The item; None if there is none.

        DynamoDB omits a missing item, as a truncated answer does. The consumed capacity separates
        the two: a complete answer has it if the request asked for it.
        """
        with unavailable("store"):
            answer = self._client.get_item(
                TableName=self._tables.incidents,
                Key=key,
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
            require_key(answer, "ConsumedCapacity")
        return answer.get("Item")

    def _query(self, **query: "Unpack[QueryInputPaginateTypeDef]") -> Sequence[Item]:
        """All pages of one read."""
        with unavailable("store"):
            pages = self._client.get_paginator("query").paginate(**query)
            return [item for page in pages for item in page["Items"]]
