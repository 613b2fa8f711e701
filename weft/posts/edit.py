"""Editing a post: its text, attachments and policies, with every earlier revision kept.

Who could read it and what it quotes never change. Everything lies in the author's bucket: one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from weft.accounts.model import Account
from weft.infra.db import Db, Reader, Tx
from weft.kernel.errors import Conflict, Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of, make_id
from weft.kernel.text.entities import find_entities
from weft.media.model import Media
from weft.media.service import attach_media, change_media, detach_media, load_media, require_ready_media
from weft.posts.create import insert_poll
from weft.posts.drafting import Limits, check_draft, clean_draft, resolve_mentions, tags_in
from weft.posts.events import PostEdited, VotesReset
from weft.posts.model import Draft, Edit, MediaEdit, Poll, PollDraft, Post, QuotePolicy, ReplyPolicy
from weft.posts.queries import load_polls
from weft.relationships.model import Visibility

VOTERS_PER_EVENT = 200
"""An event must fit in one notification."""


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit comes to, after everything was looked up."""

    before: Post
    after: Post
    media: Mapping[int, Media]
    """The attachments of both."""
    poll: Poll | None
    new_poll: PollDraft | None
    media_edits: tuple[MediaEdit, ...]

    @property
    def poll_changes(self) -> bool:
        poll, new = self.poll, self.new_poll
        if poll is None or new is None:
            return poll is not None or new is not None
        return (poll.options, poll.multiple) != (new.options, new.multiple)

    @property
    def is_revision(self) -> bool:
        """Whether readers would see a difference: then there is a new version."""
        before, after = self.before, self.after
        shown = (before.text, before.summary, before.sensitive, before.language, before.media_ids)
        now = (after.text, after.summary, after.sensitive, after.language, after.media_ids)
        return shown != now or self.poll_changes or bool(self.media_edits)


async def edit_post(db: Db, author: Account, post: Post, edit: Edit, limits: Limits) -> Post:
    """Change a post of one's own; the post as it is afterwards.

    Raises:
        NotFound: it is somebody else's, a repost, or gone.
        Invalid: the result would break a rule of ``check_draft``.
        Conflict: another edit came first.
    """
    if post.author_id != author.id or post.repost_of is not None or post.deleted:
        raise NotFound("record.absent")
    async with db.read() as reader:
        plan = await _plan(reader, post, edit, limits)
    if plan.before == plan.after and not plan.is_revision and plan.new_poll is None:
        return post
    after = plan.after
    if plan.is_revision:
        after = msgspec.structs.replace(after, version=post.version + 1, edited_ms=db.clock.now_ms())
    async with db.tx(bucket_of(post.id)) as tx:
        await _write(tx, msgspec.structs.replace(plan, after=after))
    return after


async def _plan(reader: Reader, post: Post, edit: Edit, limits: Limits) -> _Plan:
    draft = clean_draft(_draft_of(post, edit))
    found = find_entities(draft.text)
    check_draft(draft, limits.characters, found)
    added = [id_ for id_ in draft.media_ids if id_ not in post.media_ids]
    if added:
        await require_ready_media(reader, post.author_id, added)
    mentions = await resolve_mentions(reader, found, limits.domain)
    if post.visibility >= Visibility.FOLLOWERS:  # who could read it as one of the mentioned still can
        mentions = tuple(dict.fromkeys((*mentions, *post.mentions)))
    media = await load_media(reader, list(dict.fromkeys((*post.media_ids, *draft.media_ids))))
    poll = (await load_polls(reader, (post.id,))).get(post.id) if post.has_poll else None
    after = msgspec.structs.replace(
        post,
        text=draft.text,
        summary=draft.summary,
        sensitive=draft.sensitive,
        language=draft.language,
        mentions=mentions,
        tags=tags_in(found),
        media_ids=draft.media_ids,
        has_poll=draft.poll is not None,
        reply_policy=draft.reply_policy,
        quote_policy=draft.quote_policy,
    )
    edits = tuple(one for one in edit.media_edits if one.id in draft.media_ids and _differs(media[one.id], one))
    return _Plan(before=post, after=after, media=media, poll=poll, new_poll=draft.poll, media_edits=edits)


def _draft_of(post: Post, edit: Edit) -> Draft:
    return Draft(
        text=post.text if edit.text is None else edit.text,
        summary=edit.summary,
        sensitive=edit.sensitive,
        visibility=post.visibility,
        language=post.language if edit.language is None else edit.language,
        quote_of=post.quote_of,
        media_ids=edit.media_ids,
        poll=edit.poll,
        reply_policy=edit.reply_policy or post.reply_policy,
        quote_policy=edit.quote_policy or post.quote_policy,
    )


def _differs(media: Media, edit: MediaEdit) -> bool:
    described = edit.description is not None and edit.description.strip() != (media.description or "")
    return described or (edit.focus is not None and edit.focus != media.focus)


# -------------------------------------------------------------------------------------------------------------- writing

UPDATE_POST = """
UPDATE posts SET text = $3, summary = $4, sensitive = $5, language = $6, mentions = $7, tags = $8, media_ids = $9,
                 has_poll = $10, reply_policy = $11, quote_policy = $12, version = $13, edited_ms = $14
 WHERE bucket = $1 AND id = $2 AND version = $15 AND state = 0
"""

INSERT_VERSION = """
INSERT INTO post_versions (bucket, post_id, version, text, summary, sensitive, language, media_ids, media_descriptions,
                           poll_options, made_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
"""


async def _write(tx: Tx, plan: _Plan) -> None:
    before, after = plan.before, plan.after
    changed = await tx.execute(
        UPDATE_POST,
        bucket_of(after.id),
        after.id,
        after.text,
        after.summary,
        after.sensitive,
        after.language,
        after.mentions,
        after.tags,
        after.media_ids,
        after.has_poll,
        after.reply_policy,
        after.quote_policy,
        after.version,
        after.edited_ms,
        before.version,
    )
    if not changed:
        raise Conflict("update.conflict")
    await _write_media(tx, plan)
    await _write_poll(tx, plan)
    if plan.is_revision:
        await _write_versions(tx, plan)
    tx.emit(_edited(before, after, text_changed=plan.is_revision))


def _edited(before: Post, after: Post, *, text_changed: bool) -> PostEdited:
    return PostEdited(
        post_id=after.id,
        author_id=after.author_id,
        mentions=after.mentions,
        tags=after.tags,
        old_tags=before.tags,
        visibility=after.visibility,
        text_changed=text_changed,
    )


async def _write_media(tx: Tx, plan: _Plan) -> None:
    before, after = plan.before, plan.after
    added = [id_ for id_ in after.media_ids if id_ not in before.media_ids]
    dropped = [id_ for id_ in before.media_ids if id_ not in after.media_ids]
    if added and await attach_media(tx, after.author_id, added, after.id) != len(added):
        raise Invalid("media.unusable", field="media_ids")
    if dropped:
        await detach_media(tx, after.author_id, after.id, after.media_ids)
    for one in sorted(plan.media_edits, key=lambda edit: edit.id):  # in order: others may change the same ones
        await change_media(tx, after.author_id, one.id, description=one.description, focus=one.focus)


async def _write_versions(tx: Tx, plan: _Plan) -> None:
    before, after = plan.before, plan.after
    edited = {edit.id: edit.description for edit in plan.media_edits if edit.description is not None}
    described = {id_: one.description or "" for id_, one in plan.media.items()}
    old_options = plan.poll.options if plan.poll is not None else ()
    new_options = plan.new_poll.options if plan.new_poll is not None else ()
    if before.version == 0:
        await _write_version(tx, before, described, old_options)
    await _write_version(tx, after, described | edited, new_options)


async def _write_version(tx: Tx, post: Post, described: Mapping[int, str], options: tuple[str, ...]) -> None:
    await tx.execute(
        INSERT_VERSION,
        bucket_of(post.id),
        post.id,
        post.version,
        post.text,
        post.summary,
        post.sensitive,
        post.language,
        post.media_ids,
        [described.get(id_, "") for id_ in post.media_ids],
        list(options),
        post.edited_ms or post.created_ms,
    )


# ---------------------------------------------------------------------------------------------------------------- polls

DROP_POLL = """
DELETE FROM polls WHERE bucket = $1 AND post_id = $2
"""

DROP_VOTES = """
DELETE FROM poll_votes WHERE bucket = $1 AND post_id = $2 RETURNING account_id
"""

MOVE_POLL = """
UPDATE polls SET expires_ms = $3, hide_totals = $4, ended = false WHERE bucket = $1 AND post_id = $2
"""


async def _write_poll(tx: Tx, plan: _Plan) -> None:
    post, poll, new = plan.after, plan.poll, plan.new_poll
    bucket = bucket_of(post.id)
    if not plan.poll_changes:
        if new is not None:
            await tx.execute(MOVE_POLL, bucket, post.id, tx.now_ms + new.expires_in_s * 1000, new.hide_totals)
        return
    if poll is not None:
        await tx.execute(DROP_POLL, bucket, post.id)  # waits for votes that are being given
        await forget_votes(tx, post)
    if new is not None:
        await insert_poll(tx, post.id, new)


async def forget_votes(tx: Tx, post: Post) -> None:
    """Drop the votes on a poll; the voters' own side follows from the event."""
    bucket = bucket_of(post.id)
    voters: list[AccountId] = sorted(set(await tx.values(DROP_VOTES, bucket, post.id)))
    before_id = make_id(tx.now_ms + 1, 0)
    for at in range(0, len(voters), VOTERS_PER_EVENT):
        some = tuple(voters[at : at + VOTERS_PER_EVENT])
        tx.emit(VotesReset(post_id=post.id, voters=some, before_id=before_id))


# ------------------------------------------------------------------------------------------------------------- policies

SET_POLICIES = """
UPDATE posts SET quote_policy = coalesce($3, quote_policy), reply_policy = coalesce($4, reply_policy)
 WHERE bucket = $1 AND id = $2 AND state = 0
"""


async def set_policies(
    db: Db, author_id: AccountId, post: Post, quotes: QuotePolicy | None, replies: ReplyPolicy | None
) -> None:
    """Say anew who may quote and answer a post of one's own; None leaves it. Quotes and replies that are there stay.

    Raises:
        NotFound: it is somebody else's, a repost, or gone.
    """
    if post.author_id != author_id or post.repost_of is not None:
        raise NotFound("record.absent")
    bucket = bucket_of(post.id)
    async with db.tx(bucket) as tx:
        if not await tx.execute(SET_POLICIES, bucket, post.id, quotes, replies):
            raise NotFound("record.absent")
        tx.emit(_edited(post, post, text_changed=False))
