"""Settings of a function: one struct as JSON in one environment variable."""

from collections.abc import Mapping
from typing import ClassVar, Self

import msgspec

from firstline.errors import InvalidInput


class EnvironmentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings that ``infra`` writes and a function reads; ``mend`` is the remedy if unset."""

    variable: ClassVar[str]
    mend: ClassVar[str]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings in *environment*.

        Raises `InvalidInput` if they are missing or do not fit.
        """
        try:
            return msgspec.json.decode(environment[cls.variable], type=cls)
        except KeyError:
            raise InvalidInput(f"{cls.variable} is not set: {cls.mend}") from None
        except msgspec.DecodeError as error:
            form = f"{cls.__module__}.{cls.__qualname__}"
            raise InvalidInput(f"{cls.variable} does not fit {form}: {error}") from error

    def write(self) -> str:
        """Return the value of the variable."""
        return msgspec.json.encode(self).decode()
