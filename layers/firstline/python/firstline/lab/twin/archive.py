"""The archive in memory: a bucket whose objects are put once, as S3's conditional writes are."""

from collections.abc import Callable


class MemoryArchive:
    """The `Archive` port. *effect* is called before each request with its name and key."""

    def __init__(self, effect: Callable[[str, str], None] = lambda _name, _key: None) -> None:
        self.objects: dict[str, bytes] = {}
        self._effect = effect

    def put(self, key: str, body: bytes) -> bool:
        """Put an object where there is none."""
        self._effect("put", key)
        new = key not in self.objects
        self.objects.setdefault(key, body)
        return new

    def get(self, key: str) -> bytes | None:
        """The object."""
        self._effect("get", key)
        return self.objects.get(key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys in order."""
        self._effect("keys", prefix)
        return tuple(sorted(each for each in self.objects if each.startswith(prefix)))

    def first(self, prefix: str) -> str | None:
        """The first key."""
        self._effect("first", prefix)
        return min((each for each in self.objects if each.startswith(prefix)), default=None)
