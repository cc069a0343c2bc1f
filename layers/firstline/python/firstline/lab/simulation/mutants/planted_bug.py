"""A planted bug: an edit of the source, and the invariant that must detect it."""

import msgspec


class PlantedBug(msgspec.Struct, frozen=True, kw_only=True):
    """In ``file``, ``old`` becomes ``new``; the invariant ``breaks`` must be violated.

    A bug that needs a rare coincidence is searched from the initial ``world`` that brings it about.
    """

    name: str
    breaks: str
    file: str
    old: str
    new: str
    world: str = ""
