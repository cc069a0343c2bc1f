"""One edit of a source, in bytes, since offsets of `ast` are in bytes."""

from typing import NamedTuple


class Edit(NamedTuple):
    """Bytes *start* to *end* become *new*; ``within`` is the function's qualified name."""

    operator: str
    start: int
    end: int
    new: bytes
    within: str = ""

    def apply(self, source: bytes) -> bytes:
        """Return *source* with the edit; its number of lines is unchanged."""
        return source[: self.start] + self.new + source[self.end :]
