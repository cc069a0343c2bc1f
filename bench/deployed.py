"""One event of each function that is deployed, and what it takes.

A sweep that finds nothing due; an outage's signal and the wake that looks; the incident shown and
fixes paused; its first entries archived and audited; and a probe of either kind, against a server
on loopback.
"""

import copy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from types import SimpleNamespace
from typing import Any, NamedTuple

from moto import mock_aws

from bench.recorded import Answer, Recorded, Rig, Work, message, rig, signal, silence
from firstline.adapters import archive_wiring
from firstline.adapters.aws import dynamo_items as items
from firstline.adapters.clock import SystemClock
from firstline.config.probe_settings import HealthTarget, NatsTarget, ProbeSettings
from firstline.config.settings import Home, Settings
from firstline.lab.twin import aws, resources
from firstline.lab.twin.scenario import Scenario
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import OFF
from functions import archive, audit
from tests.probe.certificates import certificate
from tests.probe.servers import nats_server
from tests.probe.trust import Trust

CONSOLE = "arn:aws:lambda:us-east-1:111122223333:function:console"
OPERATOR = "arn:aws:iam::111122223333:user/operator"
MOTO = Home(account="123456789012", region="us-east-1")
PARAMETER = "/probe/creds"


def controller(now: datetime) -> Iterator[Work]:
    """Each function of the controller, in a process of its own."""
    with rig(now, Scenario(name="bench")) as held:
        yield held.run("sweep", {})
        held.begin()
        yield held.run("ingest", message(signal(now)))
        (taken, *_) = held.aws.take(held.settings.wakes_queue_url)
        for function, event in (
            ("reconcile", message(taken.body)),
            ("console", {}),
            ("operator", _pause(now)),
        ):
            held.begin()
            yield held.run(function, event, SimpleNamespace(invoked_function_arn=CONSOLE))
        entries = _entries(held)
    yield from _archiving(entries, held.settings, now)


def _pause(now: datetime) -> dict[str, Any]:
    """What the function URL hands over for a pause of everything."""
    until = (now + timedelta(hours=1)).isoformat()
    lever = {"command": "pause", "scope": "everything", "why": "a bench", "until": until}
    caller = {"authorizer": {"iam": {"userArn": OPERATOR}}}
    return {"requestContext": caller, "body": json.dumps(lever)}


def _entries(held: Rig) -> tuple[Entry, ...]:
    store = held.system.ports.store
    with held.aws.without_faults():
        (incident,) = store.open_now(1)
        return store.entries(incident)


def _archiving(entries: tuple[Entry, ...], settings: Settings, now: datetime) -> Iterator[Work]:
    """The entries archived and anchored, and that audited; for the account that moto signs in."""
    with mock_aws():
        session = aws.session(MOTO.region)
        resources.make(session, MOTO, OFF)
        session.client("s3").create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)
        made = session.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
        settings = copy.replace(settings, signing_key=made["KeyMetadata"]["KeyId"])
        stored = [items.entry_item(each) for each in entries]
        for each in stored:
            session.client("dynamodb").put_item(TableName=resources.LEDGER, Item=each)
        records = [{"eventName": "INSERT", "dynamodb": {"NewImage": each}} for each in stored]
        recorded = Recorded(session)
        within = archive_wiring.archive_context(settings, session, SystemClock())
        for handler, event in ((archive.handler, {"Records": records}), (audit.handler, {})):
            recorded.begin()
            with silence():
                handler(event, None, within)
            name = handler.__module__.rpartition(".")[2]
            yield Work(name, event, now, settings, recorded.calls, recorded.answers)


class Probed(NamedTuple):
    """A probe's settings, what a bare handler does instead, and what AWS answers to both."""

    function: str
    settings: ProbeSettings
    bare: str
    against: str
    environment: dict[str, str]
    answers: list[Answer]


@contextmanager
def nats_probe(folder: Path) -> Iterator[Probed]:
    """Of a server that wants credentials, and whose fleet is not there."""
    trust = Trust()
    creds = trust.creds(int(time.time()) + 3600)
    answer = json.dumps({"Parameter": {"Value": creds}}).encode()
    with nats_server(folder / "nats", trust.configuration(), jetstream=False) as port:
        target = NatsTarget(host="127.0.0.1", port=port, credentials_parameter=PARAMETER)
        yield Probed(
            "probe_nats",
            ProbeSettings(fleet="bench", nats=target),
            _BARE_NATS.format(parameter=PARAMETER, port=port, subject=target.subject),
            "bare boto3 and nats-py, the same question",
            {},
            [Answer("GetParameter", answer)],
        )


@contextmanager
def health_probe(folder: Path) -> Iterator[Probed]:
    """Of an address that is well."""
    path = folder / "health.pem"
    certificate(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Healthy)
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    target = HealthTarget(
        host="127.0.0.1", path="/health", port=server.server_port, loopback_test=True
    )
    yield Probed(
        "probe_health",
        ProbeSettings(fleet="bench", health=target),
        _BARE_HEALTH.format(port=server.server_port),
        "bare urllib3, the same GET",
        {"SSL_CERT_FILE": str(path)},
        [],
    )
    server.shutdown()
    server.server_close()
    thread.join()


_BARE_NATS = """
import asyncio, ssl
import boto3, nats
from nats.aio.client import RawCredentials
from nats.errors import NoRespondersError

def handler(event, context):
    ssm = boto3.session.Session(region_name="us-east-1").client("ssm")
    answer = ssm.get_parameter(Name={parameter!r}, WithDecryption=True)
    asyncio.run(ask(answer["Parameter"]["Value"]))

async def ask(creds):
    ssl.create_default_context()
    client = await nats.connect(
        "nats://127.0.0.1:{port}", user_credentials=RawCredentials(creds), allow_reconnect=False
    )
    try:
        await client.request({subject!r}, b"{{}}")
    except NoRespondersError:
        await client.close()
        return
    raise SystemExit("somebody answered")
"""
_BARE_HEALTH = """
import ssl, urllib3

def handler(event, context):
    pool = urllib3.PoolManager(ssl_context=ssl.create_default_context())
    assert pool.request("GET", "https://127.0.0.1:{port}/health").json() == {{"healthy": True}}
"""


class _Healthy(BaseHTTPRequestHandler):
    """The health address."""

    def do_GET(self) -> None:
        body = b'{"healthy": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
