"""The door of moderation: what the edges may call. Each function lives in the module of its idea."""

from weft.moderation.audit import find_break, record
from weft.moderation.reports import (
    count_open,
    file_report,
    reopen_report,
    reports_page,
    require_report,
    resolve_report,
)

__all__ = [
    "count_open",
    "file_report",
    "find_break",
    "record",
    "reopen_report",
    "reports_page",
    "require_report",
    "resolve_report",
]
