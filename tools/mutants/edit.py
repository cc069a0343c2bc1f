"""One edit of a source, in bytes, so that the offsets of `ast` apply as they are."""

from typing import NamedTuple


class Edit(NamedTuple):
    """Bytes *start* to *end* become *new*; ``within`` is the function's qualified name."""

    operator: str
    start: int
    end: int
    new: bytes
    within: str = ""

    def apply(self, source: bytes) -> bytes:
        """*source* with the edit in it; it has as many lines as before."""
        return source[: self.start] + self.new + source[self.end :]
