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
STAFF: frozenset[Role] = frozenset({"owner", "admin", "moderator"})

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
    has_password: bool = False
    """False for those who sign in with an account elsewhere only."""


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a local account and its login begin with."""

    username: str
    email: str = ""
    password_hash: str | None = None
    display_name: str = ""
    role: Role = "member"
    locked: bool = False
    state: UserState = "active"
    confirmed: bool = True
    """The address was proved, or nobody asks for a proof: it is claimed for this account."""
    locale: str = "en"
    reason: str = ""
    invited_by: AccountId | None = None
    by_command: bool = False
    oidc: str = ""
    """``issuer|subject`` of the identity elsewhere that signs in to it."""
    picture: str = ""
    """Address of a picture to begin with, which a job fetches."""


class ProfileEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What its owner may change of an account; None leaves a value as it is."""

    display_name: str | None = None
    bio: str | None = None
    fields: tuple[Field, ...] | None = None
    avatar: tuple[str, str] | None = None
    """Blob names of the picture and of its still form; empty texts for the default picture."""
    header: tuple[str, str] | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    kind: AccountKind | None = None
    locked: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_collections: bool | None = None
    attribution_domains: tuple[str, ...] | None = None


class PreferencesEdit(msgspec.Struct, frozen=True, kw_only=True):
    """Defaults for one's posts; None leaves a value as it is."""

    locale: str | None = None
    post_visibility: int | None = None
    post_sensitive: bool | None = None
    post_language: str | None = None
    quote_policy: str | None = None


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A program that was registered to act for people."""

    id: int
    client_id: str
    name: str
    website: str = ""
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]


class TokenListing(msgspec.Struct, frozen=True):
    """One app's access, as its owner sees it."""

    id: int
    app_name: str
    app_website: str
    scopes: tuple[str, ...]
    created_ms: int
    used_day: int


class SessionListing(msgspec.Struct, frozen=True):
    """One browser that is signed in."""

    id: int
    user_agent: str
    created_ms: int
    used_ms: int


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser."""

    account_id: AccountId
    hash: bytes
    used_ms: int
    id: int


class Invite(msgspec.Struct, frozen=True):
    code: str
    account_id: AccountId
    uses: int
    max_uses: int | None
    expires_ms: int | None
    created_ms: int


class Waiting(msgspec.Struct, frozen=True):
    """Somebody in the approval queue."""

    account_id: AccountId
    username: str
    email: str
    reason: str
    created_ms: int
