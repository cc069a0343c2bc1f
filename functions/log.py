"""The one logger of the functions; each line is a JSON object."""

import functools
import logging
import sys

import msgspec
from aws_lambda_powertools import Logger


class _StandardOutput(logging.Handler):
    """Writes to the present standard output, which a replay redirects."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(f"{self.format(record)}\n")
            sys.stdout.flush()
        except Exception:  # noqa: BLE001 - as every handler does: a line lost ends no function
            self.handleError(record)


@functools.cache
def logger() -> Logger:
    """The logger, made at its first use, which costs half of a line."""
    return Logger(service="firstline", json_serializer=_line, logger_handler=_StandardOutput())


def _line(fields: object) -> str:
    return msgspec.json.encode(fields, enc_hook=str).decode()
