"""Modelled: whether botocore's model of a call would take it, where moto has no such call.

Botocore itself refuses what is unknown, missing or of another type. What its model says of a text
beyond that (one of these words, so long, of this pattern) only the service checks, and this.
"""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import Shape
from botocore.validate import validate_parameters


def check(client: Any, operation: str, given: dict[str, str]) -> None:  # noqa: ANN401 - any service's
    """Raise for parameters, all of them texts, that *operation* would refuse."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    validate_parameters(given, shape)
    wrong = [it for name, text in given.items() for it in _wrong(text, shape.members[name])]
    if wrong:
        raise ValueError(f"{operation}: {'; '.join(wrong)}")


def _wrong(text: str, shape: Shape) -> Iterator[str]:
    about = shape.metadata
    if text not in about.get("enum", [text]):
        yield f"{text} is none of {about['enum']}"
    if not about.get("min", 0) <= len(text) <= about.get("max", len(text)):
        yield f"{text} has {len(text)} characters"
    if not re.fullmatch(about.get("pattern", ".*"), text):
        yield f"{text} is not {about['pattern']}"
