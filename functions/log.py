"""Log: the one logger of the functions, each line a JSON object."""

import functools
import logging
import sys

import msgspec
from aws_lambda_powertools import Logger


class _StandardOutput(logging.Handler):
    """Writes to what standard output is by then: a replay redirects it for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(f"{self.format(record)}\n")
            sys.stdout.flush()
        except Exception:  # noqa: BLE001 - as every handler does: a line lost ends no function
            self.handleError(record)


@functools.cache
def logger() -> Logger:
    """Made at its first use: to make one costs half of what a line costs."""
    return Logger(service="firstline", json_serializer=_line, logger_handler=_StandardOutput())


def _line(fields: object) -> str:
    return msgspec.json.encode(fields, enc_hook=str).decode()
