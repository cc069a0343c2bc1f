"""The AWS backend: one boto3 session whose calls end in the world (`Wire`) or in moto.

moto knows real time only. So a message's delay is removed on the way in and kept as an attribute in
virtual time, for the driver's `TwinAws.take`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from boto3.session import Session
from botocore import UNSIGNED
from botocore.loaders import Loader, create_loader
from botocore.session import Session as BotocoreSession
from moto import mock_aws

from firstline.actions.catalogue import DOCUMENTS
from firstline.config import profile_file as profiles
from firstline.config.settings import Home, Mode, Settings
from firstline.errors import InvariantViolation
from firstline.lab.twin import resources
from firstline.lab.twin.wire import Wire
from firstline.lab.twin.world import World
from firstline.signal import DRILL_ALARM

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HOME = Home(account="111122223333", region="us-east-1")
DELAY_SECONDS_MAX = 900
BATCH_MAX = 10
DUE_AT = "DueAt"
"""The message attribute with a message's arrival in virtual time."""
HIDDEN_SECONDS = 12 * 3600
"""SQS's longest visibility timeout: taken messages are deleted a batch at a time."""
KEY = "twin"
"""Both halves of an access key that grants nothing."""


class QueuedMessage(NamedTuple):
    """A message and its arrival."""

    body: str
    due_at: datetime


@cache
def _models() -> Loader:
    return create_loader()


def session(region: str) -> Session:
    """Return a session with a key that grants nothing; the service models are loaded once."""
    core = BotocoreSession()
    made = Session(KEY, KEY, region_name=region, botocore_session=core)
    core.register_component("data_loader", _models())
    return made


class TwinAws:
    """AWS over one world, while it is entered. One call at a time: moto is not thread-safe.

    *slept* receives how long a client waited in vain; the driver advances the world by that.
    """

    def __init__(self, world: World, slept: Callable[[timedelta], None], home: Home = HOME) -> None:
        self.home = home
        self.session = session(home.region)
        self.world = world
        self._moto = mock_aws()
        self._sending = False
        self._read: dict[str, list[str]] = {}
        self._folder: TemporaryDirectory[str] | None = None
        self.wire = Wire(world, slept)
        self.wire.listen(self.session)
        events: Any = self.session.events  # its stubs say that no handler answers
        events.register("before-call", self._name_account)
        events.register("choose-signer", _no_signature)
        events.register("before-parameter-build.sqs.SendMessage", self._date)

    def __enter__(self) -> Self:
        self._moto.start()
        self._folder = TemporaryDirectory(prefix="firstline-")
        self._sqs = self.session.client("sqs")
        with self.without_faults():
            resources.make(self.session, self.home, self.world.scenario.switch(self.world.start))
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self._moto.stop()

    def settings(self, profile: bytes, mode: Mode, pager_url: str) -> Settings:
        """Return the functions' settings by the stacks; raises `InvalidInput` for a bad *profile*.

        While it is entered, the profile is in a file, as in a deployment.
        """
        place = f"{self.home.region}:{self.home.account}"
        made = profiles.parse(profile, "the profile").alarms.made
        return Settings(
            home=self.home,
            mode=mode,
            profile_path=self._kept(profile),
            incidents_table=resources.INCIDENTS,
            ledger_table=resources.LEDGER,
            archive_bucket="archive",
            signing_key="key",
            signals_queue_url=resources.queue_url(self.home, resources.SIGNALS),
            wakes_queue_url=resources.queue_url(self.home, resources.WAKES),
            routing_key_secret=resources.SECRET,
            pager_url=pager_url,
            pager_notes_from="",
            team_topic=f"arn:aws:sns:{place}:firstline-team",
            documents={name: name for name in DOCUMENTS},
            alarms={
                f"arn:aws:cloudwatch:{place}:alarm:{name}": name
                for name in (*(each.name for each in made), DRILL_ALARM)
            },
            hash_key="twin",
            code="twin",
        )

    def _kept(self, profile: bytes) -> str:
        if self._folder is None:
            return ""
        path = Path(self._folder.name, "profile.toml")
        path.write_bytes(profile)
        return str(path)

    def without_faults(self) -> AbstractContextManager[None]:
        """While it is entered, calls are the driver's, not the system's."""
        return self.wire.without_faults()

    def take(self, queue_url: str) -> list[QueuedMessage]:
        """Take all messages off a queue, each with its arrival."""
        taken: list[QueuedMessage] = []
        full = self._sending
        self._sending = False
        with self.without_faults():
            while full:
                found = self._sqs.receive_message(
                    QueueUrl=queue_url,
                    MaxNumberOfMessages=BATCH_MAX,
                    MessageAttributeNames=[DUE_AT],
                    VisibilityTimeout=HIDDEN_SECONDS,
                ).get("Messages", [])
                taken += map(_taken, found)
                self._delete(queue_url, found)
                full = len(found) == BATCH_MAX
        return taken

    def _delete(self, queue_url: str, found: "list[MessageTypeDef]") -> None:
        """Delete taken messages once they fill a batch: moto scans the rest at each call."""
        read = self._read.setdefault(queue_url, [])
        read += [each["ReceiptHandle"] for each in found]
        if len(read) >= BATCH_MAX:
            batch = enumerate(read[:BATCH_MAX])
            self._sqs.delete_message_batch(
                QueueUrl=queue_url,
                Entries=[{"Id": str(number), "ReceiptHandle": each} for number, each in batch],
            )
            del read[:BATCH_MAX]

    def _name_account(self, params: dict[str, Any], **_: object) -> None:
        """Set the account of the call for moto."""
        params["headers"]["x-moto-account-id"] = self.home.account

    def _date(self, params: dict[str, Any], **_: object) -> None:
        """Replace a message's delay by its arrival."""
        self._sending = True
        delay = params.pop("DelaySeconds", 0)
        if not 0 <= delay <= DELAY_SECONDS_MAX:
            raise InvariantViolation(
                f"SQS delays by 0 to {DELAY_SECONDS_MAX} seconds, not by {delay}"
            )
        due_at = (self.world.now + timedelta(seconds=delay)).isoformat()
        params["MessageAttributes"] = {DUE_AT: {"DataType": "String", "StringValue": due_at}}


def _taken(message: "MessageTypeDef") -> QueuedMessage:
    due_at = message["MessageAttributes"][DUE_AT]["StringValue"]
    return QueuedMessage(message["Body"], datetime.fromisoformat(due_at))


def _no_signature(**_: object) -> object:
    """Return no signature: none is checked here, and signing takes time."""
    return UNSIGNED
