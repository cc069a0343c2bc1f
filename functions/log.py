"""Log: the one logger of the functions, each line a JSON object."""

import functools

import msgspec
from aws_lambda_powertools import Logger


@functools.cache
def logger() -> Logger:
    """Made at its first use: to make one costs half of what a line costs."""
    return Logger(service="firstline", json_serializer=_line)


def _line(fields: object) -> str:
    return msgspec.json.encode(fields, enc_hook=str).decode()
