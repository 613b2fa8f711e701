"""Checking a draft and looking up what it refers to: mentioned accounts, the post replied to, the one quoted, media.

Reads and refuses; nothing here writes. A plain draft needs no statement at all.
"""

from __future__ import annotations

import msgspec

from weft.accounts.model import Account
from weft.accounts.service import find_local_by_names
from weft.infra.db import Db, Reader
from weft.kernel.errors import Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.text.clean import clean_line, clean_text, is_blank
from weft.kernel.text.entities import Entities, find_entities, tag_key
from weft.kernel.text.length import post_length
from weft.media.service import require_ready_media
from weft.posts.model import Draft, PollDraft, Post, may_quote, may_reply
from weft.posts.queries import load_posts
from weft.relationships.model import Audience, Visibility, can_see
from weft.relationships.service import load_facts

MAX_SUMMARY = 500
MAX_MENTIONS = 50
MAX_TAGS = 60
MAX_MEDIA = 4
POLL_OPTIONS = (2, 4)
POLL_OPTION_LENGTH = 50
POLL_SECONDS = (300, 2_629_746)


class Limits(msgspec.Struct, frozen=True):
    """What the server's settings say about posts."""

    characters: int
    domain: str
    """The server's own, as it stands in ``@ann@domain``."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that was checked, with everything that was looked up for it."""

    author: Account
    draft: Draft
    mentions: tuple[AccountId, ...] = ()
    tags: tuple[str, ...] = ()
    parent: Post | None = None
    quoted: Post | None = None
    scheduled_id: int = 0
    """The scheduled post that this becomes: its row goes in the same transaction, so it is published once."""

    @property
    def root_id(self) -> PostId | None:
        return (self.parent.root_id or self.parent.id) if self.parent is not None else None


def check_draft(draft: Draft, limit: int, entities: Entities | None = None) -> None:
    """Refuse a draft that no post may be made of."""
    attached = draft.media_ids or draft.poll is not None or draft.quote_of is not None
    if is_blank(draft.text) and not attached:
        raise Invalid("post.empty", field="text")
    if post_length(draft.text, entities) + post_length(draft.summary) > limit:
        raise Invalid("post.too_long", field="text", limit=limit)
    if len(draft.media_ids) > MAX_MEDIA:
        raise Invalid("post.too_many_media", limit=MAX_MEDIA)
    if len(set(draft.media_ids)) != len(draft.media_ids):
        raise Invalid("media.unusable", field="media_ids")
    if draft.poll is not None:
        check_poll(draft.poll)
        if draft.media_ids:
            raise Invalid("post.poll_with_media", field="media_ids")
    if draft.quote_of is not None and (draft.media_ids or draft.poll is not None):
        raise Invalid("post.quote_with_attachment", field="quoted_status_id")


def check_poll(poll: PollDraft) -> None:
    """Refuse a poll with too few, too many, empty, equal or long options, or an impossible duration."""
    least, most = POLL_OPTIONS
    if not least <= len(poll.options) <= most:
        raise Invalid("poll.option_count", field="options", least=least, most=most)
    if not all(poll.options):
        raise Invalid("poll.option_blank", field="options")
    if any(post_length(option) > POLL_OPTION_LENGTH for option in poll.options):
        raise Invalid("poll.option_too_long", field="options", limit=POLL_OPTION_LENGTH)
    if len(set(poll.options)) != len(poll.options):
        raise Invalid("poll.option_twice", field="options")
    shortest, longest = POLL_SECONDS
    if not shortest <= poll.expires_in_s <= longest:
        raise Invalid("poll.duration", field="expires_at", shortest=shortest, longest=longest)


def clean_draft(draft: Draft) -> Draft:
    """The draft as it would be stored. A summary without a text is the text, as clients expect."""
    text, summary, poll = clean_text(draft.text), clean_line(draft.summary, MAX_SUMMARY), draft.poll
    if summary and not text.strip() and not draft.media_ids and poll is None and draft.quote_of is None:
        return msgspec.structs.replace(draft, text=summary, summary="", sensitive=True)
    if poll is not None:
        # One more than is allowed is kept, so that a long option is refused and not cut.
        options = tuple(clean_line(option, POLL_OPTION_LENGTH + 1) for option in poll.options[: POLL_OPTIONS[1] + 1])
        poll = msgspec.structs.replace(poll, options=options)
    sensitive = draft.sensitive or bool(summary)
    return msgspec.structs.replace(draft, text=text, summary=summary, sensitive=sensitive, poll=poll)


async def prepare(db: Db, author: Account, draft: Draft, limits: Limits) -> Prepared:
    """Check a draft and look up what it refers to.

    Raises:
        Invalid: it breaks a rule of ``check_draft``, or names media that are not the author's, used or not ready.
        NotFound: the post replied to or quoted does not exist for the author.
        Forbidden: its author does not let this one reply or quote.
    """
    draft = clean_draft(draft)
    found = find_entities(draft.text)
    check_draft(draft, limits.characters, found)
    prepared = Prepared(author=author, draft=draft, tags=tags_in(found))
    refers = found.mentions or draft.reply_to or draft.quote_of or draft.media_ids
    if not refers:
        return prepared
    async with db.read() as reader:
        mentions = await resolve_mentions(reader, found, limits.domain)
        return await _gather(reader, msgspec.structs.replace(prepared, mentions=mentions))


def tags_in(found: Entities) -> tuple[str, ...]:
    """The tags of a text as written, each once whatever its case."""
    names: dict[str, str] = {}
    for tag in found.tags:
        names.setdefault(tag_key(tag.name), tag.name)
    return tuple(names.values())[:MAX_TAGS]


async def _gather(reader: Reader, prepared: Prepared) -> Prepared:
    author, draft, mentions = prepared.author, prepared.draft, prepared.mentions
    if draft.allowed_mentions is not None:
        allowed = (*draft.allowed_mentions, author.id)
        unexpected = [id_ for id_ in mentions if id_ not in allowed]
        if unexpected:
            raise Invalid("post.unexpected_mentions", accounts=unexpected)
    parent = await _require_parent(reader, draft.reply_to, author.id) if draft.reply_to is not None else None
    quoted = await _require_quoted(reader, draft, author.id, mentions) if draft.quote_of is not None else None
    if quoted is not None and quoted.visibility == Visibility.FOLLOWERS:
        draft = msgspec.structs.replace(draft, visibility=max(draft.visibility, Visibility.FOLLOWERS))
    if draft.media_ids:
        await require_ready_media(reader, author.id, draft.media_ids)
    return msgspec.structs.replace(prepared, draft=draft, parent=parent, quoted=quoted)


async def resolve_mentions(reader: Reader, found: Entities, domain: str) -> tuple[AccountId, ...]:
    """The accounts that a text names and that exist, each once, in the order of the text."""
    local = (span for span in found.mentions if span.host is None or span.host.lower() == domain)
    names = list(dict.fromkeys(span.username.lower() for span in local))[:MAX_MENTIONS]
    if not names:
        return ()
    known = await find_local_by_names(reader, names)
    return tuple(known[name] for name in names if name in known)


# ---------------------------------------------------------------------------------------------------- other posts


async def require_post(reader: Reader, post_id: PostId, viewer_id: AccountId) -> Post:
    """A post the viewer may see; of a repost what it reposts.

    Raises:
        NotFound: there is none, or the viewer may not see it.
    """
    post = (await load_posts(reader, (post_id,))).get(post_id)
    if post is None:
        raise NotFound("record.absent")
    inner = (await load_posts(reader, (post.repost_of,))).get(post.repost_of) if post.repost_of is not None else None
    if post.repost_of is not None and inner is None:
        raise NotFound("record.absent")
    facts = await load_facts(reader, viewer_id, [one.author_id for one in (post, inner) if one is not None])
    audience = await audience_of(reader, inner) if inner is not None else None
    if not can_see(await audience_of(reader, post, audience), facts):
        raise NotFound("record.absent")
    return inner or post


async def audience_of(reader: Reader, post: Post, inner: Audience | None = None) -> Audience:
    """For whom a stored post is meant, its author's state included."""
    gone = await reader.value(AUTHOR_GONE, bucket_of(post.author_id), post.author_id)
    return post.audience(gone is not False, inner)


AUTHOR_GONE = """
SELECT state IN ('suspended', 'deleted') FROM accounts WHERE bucket = $1 AND id = $2
"""

FOLLOWS = """
SELECT 1 FROM following WHERE bucket = $1 AND account_id = $2 AND target_id = $3
"""


async def _follows(reader: Reader, account_id: AccountId, target_id: AccountId) -> bool:
    return await reader.value(FOLLOWS, bucket_of(account_id), account_id, target_id) is not None


async def _require_parent(reader: Reader, post_id: PostId, author_id: AccountId) -> Post:
    parent = await require_post(reader, post_id, author_id)
    asks = parent.reply_policy == "following" and parent.author_id != author_id
    befriended = asks and await _follows(reader, parent.author_id, author_id)
    if not may_reply(parent, author_id, befriended=befriended):
        raise Forbidden("action.forbidden")
    return parent


async def _require_quoted(reader: Reader, draft: Draft, author_id: AccountId, mentions: tuple[AccountId, ...]) -> Post:
    assert draft.quote_of is not None
    quoted = await require_post(reader, draft.quote_of, author_id)
    if quoted.visibility == Visibility.DIRECT:
        raise Invalid("post.quote_direct", field="quoted_status_id")
    if draft.visibility == Visibility.DIRECT and quoted.author_id != author_id and quoted.author_id not in mentions:
        raise Invalid("post.quote_unmentioned", field="quoted_status_id")
    asks = quoted.quote_policy == "followers" and quoted.author_id != author_id
    follows = asks and await _follows(reader, author_id, quoted.author_id)
    if not may_quote(quoted, author_id, follows=follows):
        raise Forbidden("action.forbidden")
    return quoted
