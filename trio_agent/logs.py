"""The program's own log: structured lines on stderr. Texts from outside are escaped, so they can drive no terminal."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from trio_agent.config import LogFormat

# C0 and C1 controls but for tab.
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def configure_logs(form: LogFormat, level: int = logging.INFO) -> None:
    """Send structlog's and the libraries' lines to stderr, `pretty` for people or `json`, one object a line.

    Tracebacks come without the local variables, which hold tokens, keys and what users said.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "pretty":
        shared.append(_harmless)
        console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain_traceback)
        last: list[structlog.typing.Processor] = [console]
    else:
        tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        last = [tracebacks, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _escaped(text: str) -> str:
    return _CONTROLS.sub(lambda control: f"\\x{ord(control[0]):02x}", text)


def _harmless(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A path is a client's and an error's text may be a provider's: neither may drive the terminal."""
    return {name: _escaped(value) if isinstance(value, str) else value for name, value in event.items()}


def _plain_traceback(out: TextIO, information: structlog.typing.ExcInfo) -> None:
    """The traceback line by line, each without controls of its own."""
    lines = "".join(traceback.format_exception(*information)).split("\n")
    out.write("\n".join(map(_escaped, lines)))
