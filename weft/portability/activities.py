"""An account and its posts as ActivityStreams, the way they stand in an archive. Pure.

The words of that vocabulary (actor, Note, Announce) are foreign to the house; they are used here because an archive is
read by other programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from weft.accounts.model import Account
from weft.kernel.clock import rfc3339
from weft.kernel.ids import AccountId
from weft.kernel.text.render import MentionLink, render_bio, render_field, render_post
from weft.media.model import Media
from weft.portability.model import Places
from weft.posts.model import Poll, Post, PostCounts, Version
from weft.relationships.model import Visibility

CONTEXT: list[Any] = [
    "https://www.w3.org/ns/activitystreams",
    {
        "sensitive": "as:sensitive",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "toot": "http://joinmastodon.org/ns#",
        "votersCount": "toot:votersCount",
        "blurhash": "toot:blurhash",
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "schema": "http://schema.org#",
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
    },
]
EVERYONE = "https://www.w3.org/ns/activitystreams#Public"
MEDIA_FOLDER = "media_attachments"
_KINDS = {"image": "Image", "gifv": "Video", "video": "Video", "audio": "Audio", "unknown": "Document"}
_ACTORS = {"person": "Person", "brand": "Organization", "bot": "Service"}

Json = dict[str, Any]


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of posts needs to be written down."""

    accounts: Mapping[AccountId, Account]
    media: Mapping[int, Media]
    polls: Mapping[int, Poll]
    counts: Mapping[int, PostCounts]
    versions: Mapping[int, Sequence[Version]]
    others: Mapping[int, str]
    """Addresses of the posts that were replied to, quoted or reposted."""


def media_path(name: str) -> str:
    """Where a file lies in the archive."""
    return f"{MEDIA_FOLDER}/{name}"


def actor(places: Places, account: Account) -> Json:
    """The profile."""
    me, tags = places.actor(account.username), f"{places.base}/tags/"
    found: Json = {
        "@context": CONTEXT,
        "id": me,
        "type": _ACTORS[account.kind],
        "preferredUsername": account.username,
        "name": account.display_name or account.username,
        "summary": render_bio(account.bio, mentions={}, tag_base=tags),
        "source": {"content": account.bio, "mediaType": "text/plain"},
        "url": f"{places.base}/@{account.handle}",
        "inbox": f"{me}/inbox",
        "outbox": "outbox.json",
        "likes": "likes.json",
        "bookmarks": "bookmarks.json",
        "manuallyApprovesFollowers": account.locked,
        "discoverable": account.discoverable,
        "indexable": account.indexable,
        "published": rfc3339(account.created_ms),
        "attachment": [
            {"type": "PropertyValue", "name": field.name, "value": render_field(field.value)}
            for field in account.fields
        ],
    }
    if account.avatar:
        found["icon"] = _picture(f"avatar.{account.avatar.rpartition('.')[2]}", account.avatar_description)
    if account.header:
        found["image"] = _picture(f"header.{account.header.rpartition('.')[2]}", account.header_description)
    return found


def _picture(path: str, description: str) -> Json:
    return {"type": "Image", "url": path, "name": description}


def activity(places: Places, author: Account, post: Post, around: Around) -> Json:
    """One post, or one repost, as the activity that made it."""
    to, cc = _audience(places, author, post, around)
    own = places.post(author.username, post.id)
    made: Json = {
        "id": f"{own}/activity",
        "actor": places.actor(author.username),
        "published": rfc3339(post.created_ms),
        "to": to,
        "cc": cc,
    }
    if post.repost_of is not None:
        return {**made, "type": "Announce", "object": around.others.get(post.repost_of)}
    return {**made, "type": "Create", "object": _note(places, author, post, around) | {"to": to, "cc": cc}}


def _audience(places: Places, author: Account, post: Post, around: Around) -> tuple[list[str], list[str]]:
    followers = f"{places.actor(author.username)}/followers"
    named = [places.actor(around.accounts[id_].username) for id_ in post.mentions if id_ in around.accounts]
    match post.visibility:
        case Visibility.PUBLIC:
            return [EVERYONE], [followers, *named]
        case Visibility.UNLISTED:
            return [followers], [EVERYONE, *named]
        case Visibility.FOLLOWERS:
            return [followers], named
        case _:
            return named, []


def _note(places: Places, author: Account, post: Post, around: Around) -> Json:
    poll = around.polls.get(post.id)
    counts = around.counts.get(post.id, PostCounts())
    note: Json = {
        "id": places.post(author.username, post.id),
        "type": "Question" if poll is not None else "Note",
        "url": f"{places.base}/@{author.handle}/{post.id}",
        "attributedTo": places.actor(author.username),
        "published": rfc3339(post.created_ms),
        "summary": post.summary or None,
        "sensitive": post.sensitive,
        "inReplyTo": around.others.get(post.reply_to) if post.reply_to is not None else None,
        "content": _html(places, post, around),
        "source": {"content": post.text, "mediaType": "text/plain"},
        "attachment": [_attachment(around.media[id_]) for id_ in post.media_ids if id_ in around.media],
        "tag": _tags(places, post, around),
        "likes": {"type": "Collection", "totalItems": counts.likes},
        "shares": {"type": "Collection", "totalItems": counts.reposts},
        "replies": {"type": "Collection", "totalItems": counts.replies},
    }
    if post.language:
        note["contentMap"] = {post.language: note["content"]}
    if post.edited_ms is not None:
        note["updated"] = rfc3339(post.edited_ms)
        note["versions"] = [_version(version) for version in around.versions.get(post.id, ())]
    if post.quote_of is not None:
        note["quoteUrl"] = around.others.get(post.quote_of)
    return note | (_question(poll) if poll is not None else {})


def _html(places: Places, post: Post, around: Around) -> str:
    mentions = {
        account.handle.lower(): MentionLink(account.username, f"{places.base}/@{account.handle}")
        for id_ in post.mentions
        if (account := around.accounts.get(id_)) is not None
    }
    return render_post(post.text, mentions=mentions, tag_base=f"{places.base}/tags/")


def _attachment(media: Media) -> Json:
    found: Json = {
        "type": _KINDS[media.kind],
        "url": media_path(media.files["original"]) if "original" in media.files else None,
        "name": media.description,
        "blurhash": media.blurhash,
    }
    if media.focus is not None:
        found["focalPoint"] = list(media.focus)
    captions = {
        role.partition(":")[2]: media_path(name) for role, name in media.files.items() if role.startswith("captions:")
    }
    return found | ({"captions": captions} if captions else {})


def _tags(places: Places, post: Post, around: Around) -> list[Json]:
    mentions = [
        {"type": "Mention", "href": places.actor(account.username), "name": f"@{places.handle(account.handle)}"}
        for id_ in post.mentions
        if (account := around.accounts.get(id_)) is not None
    ]
    return [*mentions, *({"type": "Hashtag", "name": f"#{name}"} for name in post.tags)]


def _version(version: Version) -> Json:
    """How the post read until it was edited."""
    return {
        "published": rfc3339(version.made_ms),
        "source": {"content": version.text, "mediaType": "text/plain"},
        "summary": version.summary or None,
        "sensitive": version.sensitive,
        "attachmentNames": list(version.media_descriptions),
        "pollOptions": list(version.poll_options),
    }


def _question(poll: Poll) -> Json:
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in zip(poll.options, poll.counts, strict=True)
    ]
    ends = rfc3339(poll.expires_ms) if poll.expires_ms is not None else None
    return {("anyOf" if poll.multiple else "oneOf"): options, "endTime": ends, "votersCount": poll.voters}
