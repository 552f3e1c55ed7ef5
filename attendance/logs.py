"""Logs of every service: one JSON object a line on standard error, and never a secret in it."""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_TOKEN = re.compile(r"rc_([0-9a-f]{12})_[A-Za-z0-9_-]{20,}")
# A token of an identity provider: it names a person, and whoever reads it can use it.
_SIGNED = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
# The token that someone put into a URL need not look like one of ours, so no query string is kept.
_QUERY = re.compile(r"\?[^\s\"']*")
_WEB_SERVER_LOGGERS = ("uvicorn", "websockets")
# At debug other packages write out what passes through them: documents with names in them, headers with tokens.
_OURS = ("api", "attendance", "deploy", "ingest", "recognition", "stream_app")


def configure_logging(service: str, level: str = "info") -> None:
    """Send the process' logs, structlog's and the standard library's alike, to standard error as JSON lines.

    `service` stands in each line. `debug` holds for our own loggers; others stay at info. Tokens are cut down to their
    id, and the web server's lines lose their query strings.

    Raises:
        ValueError: `level` is none of debug, info, warning, error.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"no log level {level!r}: it is debug, info, warning or error")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _with_service(service),
        _without_query_strings,
        _without_tokens,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.INFO))
    for name in _OURS:
        logging.getLogger(name).setLevel(threshold)


def _with_service(service: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _without_query_strings(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if str(event.get("logger", "")).startswith(_WEB_SERVER_LOGGERS):
        event["event"] = _QUERY.sub("?...", str(event["event"]))
    return event


def _without_tokens(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SIGNED.sub("eyJ...", _TOKEN.sub(r"rc_\1_...", value))
    return event
