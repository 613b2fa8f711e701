"""What public pages show of people and posts, as values ready for a template. They hold only what anyone may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from weft.accounts.model import Account
from weft.kernel.text.render import plain_text, with_emojis
from weft.media.model import Media
from weft.posts.model import Poll, Post, PostCounts


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as a line above a post needs them."""

    name: str
    handle: str
    url: str
    avatar: str
    account: Account


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One attachment."""

    kind: str
    url: str
    preview: str
    alt: str
    width: int
    height: int
    captions: tuple[tuple[str, str], ...] = ()
    """Language and address."""

    @property
    def has_size(self) -> bool:
        return self.width > 0 and self.height > 0


class Choice(msgspec.Struct, frozen=True):
    """One option of a poll; no numbers while they are hidden."""

    text: str
    votes: int | None
    percent: int | None


class PollView(msgspec.Struct, frozen=True, kw_only=True):
    choices: tuple[Choice, ...]
    voters: int
    expires_ms: int | None
    expired: bool


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """A page that a post links."""

    url: str
    title: str
    site: str
    picture: str
    picture_text: str


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """A post that anyone may see, with what it holds."""

    post: Post
    author: Face
    url: str
    html: str
    pictures: tuple[Picture, ...] = ()
    poll: PollView | None = None
    quote: PostView | None = None
    answers: Face | None = None
    """Whom it answers."""
    reposted_by: Face | None = None
    counts: PostCounts = PostCounts()
    depth: int = 0
    """How deep it stands below the post of the page: 0 for an answer to that post."""
    pinned: bool = False
    card: CardView | None = None
    """What its first link says of itself."""
    emojis: Mapping[str, str] = {}
    """The community's own that may be drawn in it and in names beside it: from short code to picture."""

    @property
    def drawn(self) -> str:
        """The words as HTML, with emojis."""
        return with_emojis(self.html, self.emojis)

    @property
    def plain(self) -> str:
        """The words, without marks: for titles and descriptions."""
        return plain_text(self.html)

    @property
    def id(self) -> int:
        return self.post.id

    @property
    def veiled(self) -> bool:
        """Whether its pictures wait for a click."""
        return self.post.sensitive or bool(self.post.summary)


def picture_of(media: Media, url: str, preview: str, captions: tuple[tuple[str, str], ...]) -> Picture:
    original = media.meta.get("original", {})
    small = media.meta.get("small", {})
    size = small if small.get("width") else original
    return Picture(
        kind=media.kind,
        url=url,
        preview=preview,
        alt=media.description or "",
        width=int(size.get("width") or 0),
        height=int(size.get("height") or 0),
        captions=captions,
    )


def poll_of(poll: Poll, now_ms: int) -> PollView:
    """The poll with its results, unless its author hides them until the end."""
    expired = poll.expires_ms is not None and poll.expires_ms <= now_ms
    hidden = poll.hide_totals and not expired
    return PollView(
        choices=tuple(
            Choice(text, None if hidden else count, None if hidden else _percent(count, poll))
            for text, count in zip(poll.options, poll.counts, strict=True)
        ),
        voters=poll.voters,
        expires_ms=poll.expires_ms,
        expired=expired,
    )


def _percent(count: int, poll: Poll) -> int:
    whole = poll.voters if poll.multiple else sum(poll.counts)
    return round(100 * count / whole) if whole else 0


def depths(root: int, posts: Sequence[Post]) -> dict[int, int]:
    """How deep each reply stands below ``root``; the replies come depth first, each after what it answers."""
    found = {root: -1}
    for post in posts:
        found[post.id] = found.get(post.reply_to or 0, 0) + 1
    return found
