"""Logs: events with fields, one line each, from which secrets, addresses and control characters have been removed.

Whoever logs writes `log.info("delivery.failed", host=host)`; what is here makes sure that a mistake there does no harm.
Numbers are in ``infra/metrics``.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog

REMOVED = "[removed]"
LONGEST_VALUE = 500
LOGGED_FRAMES = 15

_SECRET = re.compile(
    r"(?:^|_)(?:token|password|passphrase|authorization|cookie|secret|email|mail|code|payload|text|key|body)s?$"
)
_ADDRESS = re.compile(r"(?:^|_)(?:ip|address|peer|client)$")
# Controls, and the marks that reorder or break lines on a screen.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

Fields = MutableMapping[str, Any]


def set_up_logs(form: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log line of Weft and of the libraries to the stream, as text or as JSON."""
    out = stream or sys.stderr
    lowest = _LEVELS[level]
    last = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if form == "json"
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            show_fault(with_words=lowest <= logging.DEBUG),
            redact,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.WriteLoggerFactory(file=out),
    )
    logging.basicConfig(handlers=[_Forward()], level=max(lowest, logging.WARNING), force=True)


def redact(logger: object, method: str, fields: Fields) -> Fields:
    """Remove what a log must not hold, whoever put it there."""
    for name, value in fields.items():
        if value is None or isinstance(value, bool | int | float):
            continue
        if _SECRET.search(name):
            fields[name] = REMOVED
        elif _ADDRESS.search(name):
            fields[name] = shorten_address(str(value))
        elif isinstance(value, str):
            fields[name] = clean(value)
        elif not (isinstance(value, list) and name == "fault"):
            fields[name] = clean(repr(value))
    return fields


def clean(text: str) -> str:
    """The text with unsafe characters written out, and an end."""
    short = text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", short)


def shorten_address(address: str) -> str:
    """The network that an address is in, which says enough: a /24, or a /48."""
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return REMOVED
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def show_fault(*, with_words: bool) -> Any:
    """Turns `exc_info` into the places it came through and its class. Its words may hold what people wrote, so they
    are shown only to who asks for debugging."""

    def show(logger: object, method: str, fields: Fields) -> Fields:
        given = fields.pop("exc_info", None)
        error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given is True else None
        if isinstance(given, tuple):
            error = given[1]
        if error is not None:
            fields["fault"] = fault_lines(error, error.__traceback__, with_words=with_words)
        return fields

    return show


def fault_lines(error: BaseException, trace: TracebackType | None, *, with_words: bool) -> list[str]:
    lines = [
        f"{frame.filename.rpartition('/site-packages/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)[-LOGGED_FRAMES:]
    ]
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return [*lines, f"{name}: {clean(str(error))}" if with_words else name]


def _to_json(fields: Fields, **_: object) -> str:
    return msgspec.json.encode(fields).decode()


class _Forward(logging.Handler):
    """Lets the lines of libraries take the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, "library." + record.name, said=record.getMessage(), exc_info=record.exc_info)
