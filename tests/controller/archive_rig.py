"""A ledger, a bucket and workers that archive at the same time, switched at each request."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import chain

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from greenlet import getcurrent, greenlet

from firstline.controller.archive.fill import ArchiveContext, anchor, archive
from firstline.controller.ports.ledger import Ledger
from firstline.errors import DependencyUnavailable
from firstline.ids import Digest, IncidentId, digest
from firstline.lab.twin.archive import MemoryArchive
from firstline.ledger import archive as archiving
from firstline.ledger import export, verify
from firstline.ledger.archive import EntryAdded, ItemAlteration, LedgerChange
from firstline.ledger.chain import Chain, Entry, Kind, Provenance, append
from tests.builders import NOW

POLICY = b"[policy]\n"
BY = Provenance(policy=digest(POLICY), code="code")

type Effect = Callable[[str, str], None]


class Killed(BaseException):
    """A worker is gone, wherever it was."""


@cache
def private_key() -> rsa.RSAPrivateKey:
    """A key of the tests' own."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def public_key() -> bytes:
    """Its public half, as openssl writes it."""
    return (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@cache
def signature(of: Digest) -> bytes:
    """As KMS makes it."""
    prehashed = Prehashed(hashes.SHA256())
    return private_key().sign(bytes.fromhex(of), padding.PKCS1v15(), prehashed)


class KeySigner:
    """The `Signer` port over the tests' key."""

    def __init__(self, effect: Effect) -> None:
        self._effect = effect

    def sign(self, of: Digest) -> bytes:
        self._effect("sign", "")
        return signature(of)

    def public_key(self) -> bytes:
        self._effect("public_key", "")
        return public_key()


@dataclass
class MemoryLedger(Ledger):
    """The `Ledger` port over lists."""

    effect: Effect
    table: dict[IncidentId, list[Entry]]

    def entries(self, incident: IncidentId) -> Iterator[Entry]:
        self.effect("entries", incident)
        yield from tuple(self.table.get(incident, ()))

    def everything(self) -> Iterator[Entry]:
        yield from chain.from_iterable(self.table.values())


class Ticks:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def sleep(self, duration: timedelta) -> None:
        raise AssertionError(duration)


def quiet(_name: str, _key: str) -> None:
    """Nothing goes wrong."""


@dataclass
class Records:
    """A ledger's table and what its archive holds; ``effect`` comes before each request."""

    table: dict[IncidentId, list[Entry]] = field(default_factory=dict)
    altered: list[ItemAlteration] = field(default_factory=list)
    effect: Effect = quiet

    def __post_init__(self) -> None:
        self.bucket = MemoryArchive(self._request)
        self.within = ArchiveContext(
            archive=self.bucket,
            signer=KeySigner(self._request),
            ledger=MemoryLedger(self._request, self.table),
            clock=Ticks(),
            policy=POLICY,
            fleet="vettid",
        )

    def append(self, number: int, count: int = 1) -> list[LedgerChange]:
        """*count* more entries of an incident, as the stream brings them."""
        incident = IncidentId(f"inc-{number}")
        written = self.table.setdefault(incident, [])
        held, made = Chain(len(written), written[-1].hash) if written else Chain(), list[Entry]()
        for _ in range(count):
            held, entry = append(held, incident, Kind.DECISION, NOW, BY, {"of": number})
            made.append(entry)
        written += made
        return [EntryAdded(each) for each in made]

    def archive(self, changes: Sequence[LedgerChange]) -> None:
        """One worker does one batch, as the function does."""
        anchor(archive(changes, self.within).heads, self.within)

    def export(self) -> bytes:
        """All that the bucket holds, as an export."""
        objects = self.bucket.objects
        entries = [
            objects[key] + b"\n" for key in sorted(objects) if key.startswith(archiving.ENTRIES)
        ]
        policies = [
            export.policy_line(objects[key].decode())
            for key in objects
            if key.startswith(archiving.POLICIES)
        ]
        checkpoints = [
            objects[key] for key in sorted(objects, reverse=True) if "checkpoints/" in key
        ]
        return b"".join((*entries, *policies, *checkpoints))

    def check(self, *, ended: bool) -> verify.VerifyResult:
        """Check that the bucket is consistent, and has the whole ledger anchored at the end."""
        found = verify.verify(self.export(), key=verify.read_key(public_key()))
        assert found.faults == []
        entries = {
            archiving.entry_key(entry.incident, entry.sequence): entry.body.encode()
            for entry in chain.from_iterable(self.table.values())
        }
        held = {
            key: body for key, body in self.bucket.objects.items() if key.startswith("entries/")
        }
        assert held.items() <= entries.items()
        if ended:
            assert held == entries
            assert found.unanchored == {}
            kept = {key for key in self.bucket.objects if key.startswith(archiving.ALTERED)}
            assert kept == set(map(archiving.alteration_key, self.altered))
        return found

    def _request(self, name: str, key: str) -> None:
        self.effect(name, key)


class Workers:
    """Batches, each in the hands of a worker that stops before each request until it is let go."""

    def __init__(self, records: Records, batches: Sequence[Sequence[LedgerChange]]) -> None:
        self._home = getcurrent()
        self.left = [greenlet(lambda batch=batch: self._work(records, batch)) for batch in batches]
        self.undone: list[Sequence[LedgerChange]] = []
        self._of = dict(zip(self.left, batches, strict=True))
        records.effect = lambda _name, _key: self._home.switch()

    def go(self, number: int, *, kill: bool = False) -> None:
        """Let one of those that are left do its next request; or kill it before that."""
        worker = self.left[number % len(self.left)]
        if kill:
            self.undone.append(self._of[worker])
            if worker:
                worker.throw(Killed)
        else:
            worker.switch()
        if kill or worker.dead:
            self.left.remove(worker)

    def _work(self, records: Records, batch: Sequence[LedgerChange]) -> None:
        try:
            records.archive(batch)
        except Killed:
            return
        except DependencyUnavailable:
            self.undone.append(batch)
