"""AWS Health: issues, changes and notices about the account or the Region.

Shape: Health user guide, "EventBridge schema". An event comes in pages, in no order, and again in a
backup Region under another id. AWS may leave a resolved event open, so a stated end is a mark; the
text is not read.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Literal

import msgspec

from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.signal import Mark, Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, Id, Name, decode, make_signal

Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}\Z")]


class _Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    event_arn: Name
    service: Id
    event_type_code: Id
    event_type_category: Id
    status_code: Literal["open", "closed", "upcoming"]
    event_region: Id
    communication_id: Id
    last_updated_time: str
    end_time: str | None = None
    affected_account: Id | None = None
    page: Number = "1"
    total_pages: Number = "1"


def event(envelope: Envelope, home: Home) -> Signal:
    """One page of a communication; its Region is the affected one; raises `InvalidInput`.

    The key is (event, communication, account, page): the same in the backup Region's copy.
    """
    detail = decode(envelope.detail, _Event)
    account = detail.affected_account or envelope.account
    about_home = detail.event_region in (home.region, "global")
    where = {"Service": detail.service, "EventTypeCategory": detail.event_type_category}
    pages = {"Page": detail.page, "TotalPages": detail.total_pages}
    return make_signal(
        envelope,
        SignalKind.HEALTH,
        ("health", detail.event_arn, detail.communication_id, account, detail.page),
        detail.event_type_code,
        detail.status_code,
        at=_instant(detail.last_updated_time),
        account=account,
        region=home.region if about_home else detail.event_region,
        dimensions={"Name": detail.event_arn} | where | pages,
        marks=(Mark.ENDED,) if detail.status_code == "open" and detail.end_time else (),
    )


def _instant(text: str) -> datetime:
    """Parse a time of Health, which has the format of mail."""
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"not a date: {text[:40]!r}") from error
