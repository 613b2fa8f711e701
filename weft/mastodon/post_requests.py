"""What clients ask for when they write a post, and its translation into a draft or an edit."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from weft.accounts.model import Account, User
from weft.accounts.service import find_user
from weft.infra.routing.table import Call
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, MediaId, PostId, parse_id
from weft.kernel.text.language import check_language
from weft.mastodon.addresses import VISIBILITIES
from weft.mastodon.context import Mastodon
from weft.mastodon.media import parse_focus
from weft.posts.model import Draft, Edit, MediaEdit, PollDraft, QuotePolicy, ReplyPolicy
from weft.posts.service import Limits
from weft.relationships.model import Visibility
from weft.timelines.model import Viewer

VisibilityName = Literal["public", "unlisted", "private", "direct"]
MAX_KEY = 256


class PollParams(msgspec.Struct, kw_only=True):
    options: list[str] = []
    expires_in: int = 0
    multiple: bool = False
    hide_totals: bool = False


class WeftParams(msgspec.Struct, kw_only=True):
    reply_policy: ReplyPolicy | None = None


class CreateParams(msgspec.Struct, kw_only=True):
    status: str = ""
    media_ids: list[str] = []
    poll: PollParams | None = None
    in_reply_to_id: str | None = None
    sensitive: bool | None = None
    spoiler_text: str = ""
    visibility: VisibilityName | None = None
    language: str | None = None
    scheduled_at: str | None = None
    quoted_status_id: str | None = None
    quote_approval_policy: QuotePolicy | None = None
    allowed_mentions: list[str] | None = None
    weft: WeftParams | None = None


class MediaAttributes(msgspec.Struct, kw_only=True):
    id: str = ""
    description: str | None = None
    focus: str | None = None


class EditParams(msgspec.Struct, kw_only=True):
    status: str | None = None
    media_ids: list[str] = []
    media_attributes: list[MediaAttributes] = []
    poll: PollParams | None = None
    sensitive: bool = False
    spoiler_text: str = ""
    language: str | None = None
    quote_approval_policy: QuotePolicy | None = None
    weft: WeftParams | None = None


def limits_of(app: Mastodon) -> Limits:
    return Limits(app.settings.max_characters, app.presenter.addresses.domain)


async def author_of(app: Mastodon, account_id: AccountId) -> Account:
    """The caller's own account."""
    return await app.presenter.account(account_id)


async def user_of(app: Mastodon, viewer: Viewer) -> User:
    """The caller's preferences, kept with what is known about them as a viewer."""
    known: User | None = viewer.sources.get("user")
    if known is None:
        assert viewer.id is not None
        async with app.db.read() as reader:
            known = await find_user(reader, viewer.id)
        if known is None:
            raise NotFound("record.absent")
        viewer.sources["user"] = known
    return known


async def draft_of(call: Call[Mastodon, CreateParams], viewer: Viewer) -> Draft:
    """The draft that a request describes; what it leaves out comes from the caller's preferences."""
    params, user = call.params, await user_of(call.app, viewer)
    assert call.grant is not None
    poll, weft = params.poll, params.weft
    visibility = VISIBILITIES.index(params.visibility) if params.visibility is not None else user.post_visibility
    return Draft(
        text=params.status,
        summary=params.spoiler_text,
        visibility=Visibility(visibility),
        language=language_of(params.language) or user.post_language,
        sensitive=params.sensitive if params.sensitive is not None else user.post_sensitive,
        reply_to=referred(params.in_reply_to_id),
        quote_of=referred(params.quoted_status_id),
        media_ids=media_ids_of(params.media_ids),
        poll=poll_of(poll) if poll is not None and poll.options else None,
        reply_policy=(weft.reply_policy if weft is not None else None) or "everyone",
        quote_policy=params.quote_approval_policy or quote_policy_of_user(user),
        allowed_mentions=allowed_of(params.allowed_mentions),
        app_name=call.grant.app_name,
        app_website=call.grant.app_website,
        idempotency_key=key_of(call),
    )


def edit_of(params: EditParams) -> Edit:
    """The edit that a request describes. As Mastodon has it, media and a poll that are not named are taken off."""
    poll, weft = params.poll, params.weft
    return Edit(
        text=params.status,
        summary=params.spoiler_text,
        sensitive=params.sensitive,
        language=language_of(params.language) if params.language else None,
        media_ids=media_ids_of(params.media_ids),
        media_edits=tuple(
            MediaEdit(
                id=MediaId(parse_id(one.id) or 0),
                description=one.description,
                focus=parse_focus(one.focus),
            )
            for one in params.media_attributes
        ),
        poll=poll_of(poll) if poll is not None and poll.options else None,
        reply_policy=weft.reply_policy if weft is not None else None,
        quote_policy=params.quote_approval_policy,
    )


_QUOTE_POLICIES: Mapping[str, QuotePolicy] = {"public": "public", "followers": "followers", "nobody": "nobody"}


def quote_policy_of_user(user: User) -> QuotePolicy:
    return _QUOTE_POLICIES.get(user.quote_policy, "public")


def poll_of(params: PollParams) -> PollDraft:
    return PollDraft(
        options=tuple(params.options),
        expires_in_s=params.expires_in,
        multiple=params.multiple,
        hide_totals=params.hide_totals,
    )


def referred(text: str | None) -> PostId | None:
    """The id of another post; one that is no id is merely unknown."""
    if not text:
        return None
    found = parse_id(text)
    if found is None:
        raise NotFound("record.absent")
    return PostId(found)


def media_ids_of(texts: list[str]) -> tuple[MediaId, ...]:
    return tuple(MediaId(parse_id(text) or 0) for text in texts if text)


def allowed_of(texts: list[str] | None) -> tuple[AccountId, ...] | None:
    if texts is None:
        return None
    return tuple(AccountId(found) for text in texts if (found := parse_id(text)) is not None)


def language_of(text: str | None) -> str:
    """A language as it is stored; one that nobody knows is none."""
    return check_language(text) or "" if text else ""


def key_of(call: Call[Mastodon, Any]) -> str:
    """The request's idempotency key, if it has a usable one."""
    return call.headers.get(b"idempotency-key", b"").decode("latin-1").strip()[:MAX_KEY].replace("\0", "")


def due_of(text: str) -> int:
    """A time as clients write it, in milliseconds.

    Raises:
        Invalid: it is none.
    """
    try:
        due = datetime.datetime.fromisoformat(text.strip())
        return int((due if due.tzinfo is not None else due.replace(tzinfo=datetime.UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid("scheduled.unreadable", field="scheduled_at") from None
