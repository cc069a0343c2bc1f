"""Archived: what the archive holds, read back."""

from collections.abc import Iterator

from firstline.controller.archive.audit import read_checkpoint
from firstline.controller.ports.archive import Archive
from firstline.ids import Digest
from firstline.ledger import archive as archiving


def checkpoints(archive: Archive) -> Iterator[tuple[str, str]]:
    """Each checkpoint's text and signature, in order: those that there are now, one at a time.

    A gap, and an object that is no checkpoint, are left out: the verifier notices.
    """
    newest = archive.first(archiving.CHECKPOINTS)
    length = archiving.sequence_of(newest) if newest else 0
    found = (read_checkpoint(archive, sequence) for sequence in range(1, length + 1))
    return ((each.text, each.signature) for each in found if each is not None)


def policy(archive: Archive, named: Digest) -> str | None:
    """The text of a policy; None where the archive has none that can be read."""
    body = archive.get(archiving.policy_key(named))
    try:
        return body.decode() if body is not None else None
    except UnicodeDecodeError:
        return None
