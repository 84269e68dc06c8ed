"""The server's log: one JSON object a line for machines, readable lines at a terminal, no secrets in either."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor, WrappedLogger

SECRET_FIELDS = frozenset({"authorization", "cookie", "password", "pin", "secret", "token"})
HIDDEN = "[hidden]"
_TALKATIVE = ("alembic", "apscheduler")
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_PASSWORD_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)[^\s/@]+(?=@)")

GRANIANS_LINES = {"loggers": {"_granian": {"handlers": [], "propagate": True}}}
"""So that the web server's own lines come out as ours do."""


def write_log(stream: TextIO = sys.stderr) -> None:
    """What modules say by `logging` and by `structlog` becomes the same kind of line.

    Called again it starts anew: a process that serves may have been forked from one that had called it.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, ProcessorFormatter):
            root.removeHandler(handler)
    root.addHandler(log_handler(stream, readable=stream.isatty()))
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_handler(stream: TextIO, *, readable: bool) -> logging.Handler:
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*before, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    plain = structlog.dev.plain_traceback
    render = structlog.dev.ConsoleRenderer(exception_formatter=plain) if readable else JSONRenderer()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[ProcessorFormatter.remove_processors_meta, format_exc_info, hide_secrets, render],
        )
    )
    return handler


def hide_secrets(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """The last net: nothing should log a secret in the first place."""
    for name, value in line.items():
        if name.lower() in SECRET_FIELDS:
            line[name] = HIDDEN
        elif isinstance(value, str):
            line[name] = _PASSWORD_IN_ADDRESS.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, value))
    return line
