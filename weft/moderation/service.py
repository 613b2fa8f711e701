"""The door of moderation: what the edges may call. Each function lives in the module of its idea."""

from weft.moderation.audit import find_break, record
from weft.moderation.history import Happened, load_happened
from weft.moderation.reports import (
    count_open,
    file_report,
    find_open_report,
    forget_chats,
    is_unfounded,
    named_posts,
    reopen_report,
    reports_page,
    require_report,
    resolve_report,
)

__all__ = [
    "Happened",
    "count_open",
    "file_report",
    "find_break",
    "find_open_report",
    "forget_chats",
    "is_unfounded",
    "load_happened",
    "named_posts",
    "record",
    "reopen_report",
    "reports_page",
    "require_report",
    "resolve_report",
]
