"""Reads checkpoints and policies from the archive."""

from collections.abc import Iterator

from firstline.controller.archive.audit import read_checkpoint
from firstline.controller.ports.archive import Archive
from firstline.ids import Digest
from firstline.ledger import archive as archiving


def checkpoints(archive: Archive) -> Iterator[tuple[str, str]]:
    """Yield the text and signature of each checkpoint up to the newest one at the call, in order.

    A gap or an invalid object is left out; the verifier reports it.
    """
    newest = archive.first(archiving.CHECKPOINTS)
    length = archiving.sequence_of(newest) if newest else 0
    loaded = (read_checkpoint(archive, sequence) for sequence in range(1, length + 1))
    return ((each.text, each.signature) for each in loaded if each is not None)


def policy(archive: Archive, policy_digest: Digest) -> str | None:
    """Return the text of a policy; None if the archive has none that is readable."""
    body = archive.get(archiving.policy_key(policy_digest))
    try:
        return body.decode() if body is not None else None
    except UnicodeDecodeError:
        return None
