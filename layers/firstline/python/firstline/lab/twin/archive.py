"""The archive in memory: a bucket with conditional writes, as in S3."""

from collections.abc import Callable


class MemoryArchive:
    """The `Archive` port; *effect* is called before each request with its name and key."""

    def __init__(self, effect: Callable[[str, str], None] = lambda _name, _key: None) -> None:
        self.objects: dict[str, bytes] = {}
        self._effect = effect

    def put(self, key: str, body: bytes) -> bool:
        """Put an object if there is none."""
        self._effect("put", key)
        new = key not in self.objects
        self.objects.setdefault(key, body)
        return new

    def get(self, key: str) -> bytes | None:
        """Return the object."""
        self._effect("get", key)
        return self.objects.get(key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys in order."""
        self._effect("keys", prefix)
        return tuple(sorted(each for each in self.objects if each.startswith(prefix)))

    def first(self, prefix: str) -> str | None:
        """Return the first key."""
        self._effect("first", prefix)
        return min((each for each in self.objects if each.startswith(prefix)), default=None)
