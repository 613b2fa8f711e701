"""What a public page tells machines about itself: its canonical address, OpenGraph, feeds, oEmbed, `rel=me`."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from weft.accounts.model import Account
from weft.kernel.clock import rfc3339
from weft.kernel.text.entities import find_entities
from weft.kernel.text.length import graphemes, truncate_graphemes
from weft.relationships.model import Visibility
from weft.web.public_addresses import Addresses
from weft.web.public_views import Face, PostView
from weft.web.public_words import Words

DESCRIPTION_LENGTH = 200
TITLE_LENGTH = 70
_LOCALES = {"en": "en_US", "vi": "vi_VN", "ko": "ko_KR"}


class Image(msgspec.Struct, frozen=True):
    url: str
    alt: str = ""
    width: int = 0
    height: int = 0


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The head of one page, for ``public_head.html``."""

    kind: str
    title: str
    description: str
    url: str
    locale: str
    index: bool
    images: tuple[Image, ...] = ()
    large: bool = False
    more: tuple[tuple[str, str], ...] = ()
    """Further properties, in order."""
    feeds: tuple[tuple[str, str], ...] = ()
    oembed: str = ""
    mine: tuple[str, ...] = ()
    """Addresses that claim to be the same person's."""
    older: str = ""


def about_profile(face: Face, at: Addresses, words: Words, bio: str, older: str) -> About:
    account = face.account
    return About(
        kind="profile",
        title=f"{face.name} ({at.whole_handle(account)})",
        description=cut(bio, DESCRIPTION_LENGTH) or words.say("profile_of", name=face.name),
        url=face.url,
        locale=_LOCALES[words.language],
        index=is_indexed(account) and account.discoverable,
        images=(Image(face.avatar, account.avatar_description),),
        more=(("profile:username", account.handle),),
        feeds=((f"{face.url}.atom", words.say("feed", name=face.name)),),
        mine=own_links(account),
        older=older,
    )


def about_post(view: PostView, at: Addresses, words: Words) -> About:
    post, author = view.post, view.author
    pictures = [] if view.veiled else [one for one in view.pictures if one.preview and one.kind != "audio"]
    images = tuple(Image(one.preview, one.alt, one.width, one.height) for one in pictures)
    more = [("article:published_time", rfc3339(post.created_ms)), ("article:author", author.url)]
    if post.edited_ms is not None:
        more.insert(1, ("article:modified_time", rfc3339(post.edited_ms)))
    more += [("article:tag", tag) for tag in post.tags]
    return About(
        kind="article",
        title=words.say("post_by", name=author.name),
        description=description_of(view),
        url=view.url,
        locale=_LOCALES[words.language],
        index=is_indexed(author.account) and post.visibility == Visibility.PUBLIC,
        images=images or (Image(author.avatar, author.account.avatar_description),),
        large=bool(images),
        more=tuple(more),
        oembed=f"{at.base}/api/oembed?format=json&url={quote(view.url, safe='')}",
    )


def about_tag(tag: str, at: Addresses, words: Words, key: str, older: str) -> About:
    return About(
        kind="website",
        title=f"#{tag}",
        description=words.say("tag.title", tag=tag),
        url=at.tag(key),
        locale=_LOCALES[words.language],
        index=True,
        feeds=((f"{at.tag(key)}.atom", words.say("feed.tag", tag=tag)),),
        older=older,
    )


def description_of(view: PostView) -> str:
    """What a preview elsewhere says of a post: its warning instead of its text, or what its pictures show."""
    if view.post.summary:
        return cut(view.post.summary, DESCRIPTION_LENGTH)
    shown = view.plain or next((one.alt for one in view.pictures if one.alt and not view.veiled), "")
    return cut(shown, DESCRIPTION_LENGTH)


def cut(text: str, limit: int) -> str:
    """One line of at most so many graphemes, cut between words where it can be."""
    line = " ".join(text.split())
    if graphemes(line) <= limit:
        return line
    short = truncate_graphemes(line, limit - 1)
    words, _, rest = short.rpartition(" ")
    return f"{words if words and len(rest) < limit // 4 else short}…"


def is_indexed(account: Account) -> bool:
    """Whether its owner lets search engines in."""
    return account.indexable


def own_links(account: Account) -> tuple[str, ...]:
    """Addresses in the account's fields: each field that is one address and nothing else."""
    found = []
    for field in account.fields:
        urls = find_entities(field.value.strip()).urls
        if len(urls) == 1 and urls[0].text == field.value.strip():
            found.append(urls[0].url)
    return tuple(found)
