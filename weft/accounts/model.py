"""What an account is, as values. An account is anyone, anywhere; a user is the local login behind one."""

from __future__ import annotations

from typing import Literal

import msgspec

from weft.kernel.ids import AccountId

AccountKind = Literal["person", "brand", "bot"]
AccountState = Literal["active", "limited", "suspended", "deleted"]
UserState = Literal["active", "unconfirmed", "pending", "disabled"]
Role = Literal["owner", "admin", "moderator", "member", "advertiser"]
ROLES: tuple[Role, ...] = ("owner", "admin", "moderator", "member", "advertiser")

MAX_DISPLAY_NAME = 30
MAX_BIO = 500
MAX_FIELDS = 4
MAX_FIELD_NAME = 255
MAX_FIELD_VALUE = 255
MAX_IMAGE_DESCRIPTION = 1500


class Field(msgspec.Struct, frozen=True):
    name: str
    value: str
    verified_ms: int | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The public side of an account; field for field the row of ``accounts``."""

    id: AccountId
    username: str
    host: str = ""
    """Empty for a local account."""
    kind: AccountKind = "person"
    state: AccountState = "active"
    display_name: str = ""
    bio: str = ""
    """Plain text as its owner wrote it."""
    fields: tuple[Field, ...] = ()
    avatar: str = ""
    """Blob names; empty for the default picture."""
    avatar_static: str = ""
    avatar_description: str = ""
    header: str = ""
    header_static: str = ""
    header_description: str = ""
    locked: bool = False
    discoverable: bool = True
    indexable: bool = True
    hide_collections: bool = False
    attribution_domains: tuple[str, ...] = ()
    role: Role = "member"
    created_ms: int = 0
    version: int = 0

    @property
    def handle(self) -> str:
        """``ann`` here, ``ann@elsewhere`` for others."""
        return f"{self.username}@{self.host}" if self.host else self.username

    @property
    def gone(self) -> bool:
        return self.state in ("suspended", "deleted")


class AccountCounts(msgspec.Struct, frozen=True):
    posts: int = 0
    followers: int = 0
    following: int = 0
    last_post_id: int = 0


class User(msgspec.Struct, frozen=True, kw_only=True):
    """The private side: the login and its preferences."""

    account_id: AccountId
    email: str = ""
    state: UserState = "active"
    locale: str = "en"
    confirmed_ms: int | None = None
    by_command: bool = False
    post_visibility: int = 0
    post_sensitive: bool = False
    post_language: str = ""
    quote_policy: str = "public"
    created_ms: int = 0
