"""A user's report (R23): the one event that firstline's own operators send.

The user's GUID and the details are kept in the signal's ``restricted`` part, which no entry, page
or log reads. Everywhere else the user is a keyed hash: without the key, the GUID can be neither
read nor guessed.
"""

import copy
import hashlib
import hmac
from typing import Annotated

import msgspec

from firstline.signal import Restricted, Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, Id, decode, make_signal

USER = "user"
DETAILS_MAX = 2_000
GUID_PATTERN = (
    r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|user-[0-9a-f]{8,64})\Z"
)
"""A UUID, or the older form with a prefix; in lower case, so that one user is one hash."""
Guid = Annotated[str, msgspec.Meta(pattern=GUID_PATTERN)]
Reporter = Annotated[str, msgspec.Meta(pattern=r"(?a)^[\w .:/=+@,-]{1,256}\Z")]


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The detail of the event. ``id`` makes two deliveries one."""

    id: Id
    user: Guid
    details: Annotated[str, msgspec.Meta(min_length=1, max_length=DETAILS_MAX)]
    reporter: Reporter


def report(envelope: Envelope) -> Signal:
    """The report; `with_pseudonym` replaces its user by a keyed hash; raises `InvalidInput`."""
    detail = decode(envelope.detail, Report)
    kept = Restricted(user=detail.user, details=printable(detail.details), reporter=detail.reporter)
    kind = SignalKind.REPORT
    return make_signal(envelope, kind, ("report", detail.id), USER, "reported", restricted=kept)


def with_pseudonym(signal: Signal, hash_key: str) -> Signal:
    """*signal* with its user's keyed hash as a dimension, if it is a report."""
    if signal.restricted is None:
        return signal
    who = pseudonym(signal.restricted.user, hash_key)
    return copy.replace(signal, dimensions={"User": who})


def pseudonym(user: str, hash_key: str) -> str:
    """Sixteen hexadecimal digits for *user*: HMAC-SHA256 under *hash_key*."""
    return hmac.new(hash_key.encode(), user.encode(), hashlib.sha256).hexdigest()[:16]


def printable(text: str) -> str:
    """*text* without characters that could steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in text)
