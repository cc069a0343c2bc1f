"""A planted bug: what is edited, and which invariant must tell of it."""

import msgspec


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """In ``file``, ``old`` becomes ``new``; the checker of the invariant ``breaks`` must tell.

    One that needs a rare meeting is hunted from the ``start`` that brings it about.
    """

    name: str
    breaks: str
    file: str
    old: str
    new: str
    start: str = ""
