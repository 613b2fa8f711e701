"""What can be taken out and brought in, as values: kinds, rows of a sheet, and how far an import is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from weft.kernel.ids import AccountId

SheetKind = Literal["following", "followers", "blocks", "mutes", "lists", "bookmarks", "domain_blocks"]
ImportKind = Literal["following", "blocks", "mutes", "lists", "bookmarks", "domain_blocks"]
Mode = Literal["merge", "overwrite"]
ExportState = Literal["building", "ready", "failed"]
ImportState = Literal["waiting", "running", "finished", "failed"]
Fault = Literal["", "unreadable", "elsewhere", "unknown", "refused", "not_followed", "limit"]
"""Why a row of an import was not brought in; empty where it was."""

SHEETS: tuple[SheetKind, ...] = (
    "following", "followers", "blocks", "mutes", "lists", "bookmarks", "domain_blocks",
)  # fmt: skip

DAY_MS = 86_400_000
EXPORT_EVERY_MS = DAY_MS
EXPORT_LIFE_MS = 7 * DAY_MS
IMPORT_LIFE_MS = 30 * DAY_MS
MAX_IMPORT_BYTES = 1_000_000
MAX_IMPORT_ROWS = 20_000
MAX_IMPORTS = 5
"""Imports of one account that are not finished."""
MAX_SUBJECT = 2048
MAX_TITLE = 255


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A full archive of an account."""

    id: int
    account_id: AccountId
    state: ExportState
    name: str = ""
    """Of its file, which is in no served folder."""
    size: int = 0

    @property
    def created_ms(self) -> int:
        return self.id >> 16

    @property
    def expires_ms(self) -> int:
        return self.created_ms + EXPORT_LIFE_MS


class Import(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    kind: ImportKind
    overwrite: bool
    state: ImportState
    total: int
    done: int = 0
    """Rows that were looked at; those that failed are among them."""
    failed: int = 0

    @property
    def created_ms(self) -> int:
        return self.id >> 16


class ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a sheet. ``subject`` is a handle, a post's address or a host."""

    subject: str
    title: str = ""
    """Of the list that the account is to be on."""
    reposts: bool = True
    notify: bool = False
    languages: tuple[str, ...] = ()
    notifications: bool = True
    """Whether a mute mutes notifications too."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a row: whom or what it named, or why it failed."""

    target_id: int = 0
    fault: Fault = ""


class NamedList(Protocol):
    """What is asked of a list: lists live in a slice of this one's rank."""

    @property
    def id(self) -> int: ...
    @property
    def title(self) -> str: ...


class Word(Protocol):
    @property
    def keyword(self) -> str: ...
    @property
    def whole_word(self) -> bool: ...


class WordFilter(Protocol):
    """What is asked of a filter, as of a list."""

    @property
    def title(self) -> str: ...
    @property
    def contexts(self) -> Sequence[str]: ...
    @property
    def action(self) -> str: ...
    @property
    def expires_ms(self) -> int | None: ...
    @property
    def keywords(self) -> Sequence[Word]: ...


class Places(msgspec.Struct, frozen=True):
    """Addresses of this server's things, as they are written into what leaves it."""

    base: str
    domain: str

    def handle(self, handle: str) -> str:
        """A handle that means the same anywhere."""
        return handle if "@" in handle else f"{handle}@{self.domain}"

    def actor(self, username: str) -> str:
        return f"{self.base}/users/{username}"

    def post(self, username: str, post_id: int) -> str:
        return f"{self.actor(username)}/statuses/{post_id}"

    def is_here(self, host: str | None) -> bool:
        here = self.domain.lower()
        return host is None or host in (here, here.partition(":")[0])

    def post_id(self, address: str) -> int | None:
        """Which of this server's posts an address names, as an identity or as a page; None for any other."""
        stem = f"{self.base}/".lower()
        if not address.lower().startswith(stem):
            return None
        found = _POST_PATH.fullmatch(address[len(stem) :])
        return int(found[1] or found[2]) if found else None


_POST_PATH = re.compile(
    r"(?:users/[A-Za-z0-9_.-]{1,64}/statuses/([0-9]{1,18})|@[A-Za-z0-9_.@:-]{1,300}/([0-9]{1,18}))/?"
)
