"""Gathers what public pages show: ids first, then everything of a kind at once, then ``can_see`` as nobody.

No caches of its own: a page is right the moment a post is edited, hidden or deleted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from weft.accounts.model import Account
from weft.accounts.service import find_by_handle, is_web_address, load_accounts
from weft.infra.db import Reader
from weft.kernel.errors import NotFound
from weft.kernel.ids import MAX_ID, AccountId
from weft.kernel.paging import Page
from weft.kernel.text.emojis import codes_in
from weft.kernel.text.entities import find_entities
from weft.kernel.text.render import MentionLink, render_post
from weft.media.model import Media
from weft.media.service import load_media, load_named_emojis
from weft.posts.model import Poll, Post, PostCounts
from weft.posts.service import (
    ANYONES_REACH,
    Authored,
    authored_posts,
    load_context,
    load_counts,
    load_polls,
    load_posts,
    pinned_posts,
)
from weft.previews.model import Card
from weft.previews.service import load_cards
from weft.relationships.model import NOBODY, Visibility, can_see
from weft.timelines.service import tagged_posts
from weft.web.public_addresses import Addresses
from weft.web.public_views import CardView, Face, Picture, PostView, depths, picture_of, poll_of

SHOWN = 20
_LEVELS = 2
"""What a post shows within it: a repost its post, and that what it quotes."""
_LOOKS = 4
"""How often a page is refilled where much of what is there is not for everyone."""


class Found(msgspec.Struct, frozen=True):
    """Posts and what belongs to them, by id."""

    posts: Mapping[int, Post]
    accounts: Mapping[AccountId, Account]
    media: Mapping[int, Media]
    polls: Mapping[int, Poll]
    counts: Mapping[int, PostCounts]
    cards: Mapping[int, Card]

    def is_public(self, post: Post | None) -> bool:
        """Whether anyone may see it, and its author is neither gone nor limited."""
        if post is None:
            return False
        author = self.accounts.get(post.author_id)
        if author is None or author.state != "active":
            return False
        if post.repost_of is not None and not self.is_public(self.posts.get(post.repost_of)):
            return False
        return can_see(post.audience(author_gone=False), NOBODY)

    def texts(self) -> Iterator[str]:
        """What people wrote, where emojis may be."""
        for post in self.posts.values():
            yield post.text
            yield post.summary
        for poll in self.polls.values():
            yield from poll.options
        for account in self.accounts.values():
            yield account.display_name


class Thread(msgspec.Struct, frozen=True):
    """A post, what it answers (the root first), and what answers it, depth first."""

    view: PostView
    above: list[PostView]
    below: list[PostView]


class Older(msgspec.Struct, frozen=True):
    """A page of posts, and below which id the next one begins; None where there is none."""

    views: list[PostView]
    next_id: int | None
    beside: list[PostView] = []
    """What was asked for together with it."""


NextIds = Callable[[Page], Awaitable[list[int]]]


class Gallery:
    """Loads and shapes for one request."""

    def __init__(self, reader: Reader, at: Addresses, now_ms: int) -> None:
        self._reader = reader
        self._at = at
        self._now_ms = now_ms
        self.emojis: dict[str, str] = {}
        """Those of the community that what was loaded so far names: from short code to picture."""
        self._codes: set[str] = set()

    async def require_account(self, handle: str) -> Account:
        """The account of a profile page.

        Raises:
            NotFound: there is none that visitors are shown.
        """
        name, _, host = handle.partition("@")
        if host.lower() == self._at.domain:
            host = ""
        account = await find_by_handle(self._reader, name, host.lower()) if name else None
        if account is None or account.state != "active":
            raise NotFound("record.absent")
        fields = [text for field in account.fields for text in (field.name, field.value)]
        await self._know_emojis([account.display_name, account.bio, *fields])
        return account

    async def require_post(self, id_: int) -> Post:
        """A post that anyone may see. What is hidden costs as many statements as what is absent.

        Raises:
            NotFound: there is none.
        """
        post = (await load_posts(self._reader, (id_,))).get(id_)
        author_id = post.author_id if post is not None else 0
        author = (await load_accounts(self._reader, (author_id,))).get(AccountId(author_id))
        if post is None or author is None or author.state != "active":
            raise NotFound("record.absent")
        if not can_see(post.audience(author_gone=False), NOBODY):
            raise NotFound("record.absent")
        return post

    async def thread(self, id_: int) -> Thread:
        """A post with what it answers and what answers it.

        Raises:
            NotFound: there is none that anyone may see.
        """
        post = await self.require_post(id_)
        up, down = await load_context(self._reader, post, ANYONES_REACH)
        found = await self.load([post.id, *up, *down])
        view = self.view(found, post)
        if view is None:
            raise NotFound("record.absent")
        below = self.views(found, down)
        deep = depths(post.id, [one.post for one in below])
        replies = [msgspec.structs.replace(one, depth=deep[one.id]) for one in below]
        return Thread(view, self.views(found, up), replies)

    async def one(self, id_: int) -> PostView:
        """A post by itself.

        Raises:
            NotFound: there is none that anyone may see.
        """
        post = await self.require_post(id_)
        view = self.view(await self.load((id_,)), post)
        if view is None:
            raise NotFound("record.absent")
        return view

    async def load(self, ids: Iterable[int]) -> Found:
        """The posts, what they repost and quote, and all that belongs to them: one statement for each kind."""
        posts = await load_posts(self._reader, list(dict.fromkeys(ids)))
        level = posts
        for _ in range(_LEVELS):
            wanted = {id_ for post in level.values() for id_ in (post.repost_of, post.quote_of) if id_ is not None}
            level = await load_posts(self._reader, list(wanted - posts.keys()))
            posts |= level
        every = posts.values()
        people = {id_ for post in every for id_ in (post.author_id, post.reply_to_account, *post.mentions) if id_}
        found = Found(
            posts=posts,
            accounts=await load_accounts(self._reader, people),
            media=await load_media(self._reader, [id_ for post in every for id_ in post.media_ids]),
            polls=await load_polls(self._reader, [post.id for post in every if post.has_poll]),
            counts=await load_counts(self._reader, list(posts)),
            cards=await load_cards(self._reader, [post.id for post in every if "://" in post.text]),
        )
        await self._know_emojis(found.texts())
        return found

    async def _know_emojis(self, texts: Iterable[str]) -> None:
        codes = set(codes_in(*texts)) - self._codes
        if codes:
            self._codes |= codes
            emojis = await load_named_emojis(self._reader, sorted(codes))
            self.emojis |= {emoji.shortcode: self._at.file(emoji.static_name) for emoji in emojis}

    async def newest(self, account: Account) -> list[PostView]:
        """The account's newest public posts of its own, for feeds."""

        async def next_ids(page: Page) -> list[int]:
            wanted = Authored(without_replies=True, without_reposts=True)
            return [row[0] for row in await authored_posts(self._reader, account.id, wanted, page)]

        return (await self._fill(next_ids, MAX_ID, listed=True)).views

    async def tag_page(self, key: str, before: int) -> Older:
        """The newest public posts with the tag below ``before``."""

        async def next_ids(page: Page) -> list[int]:
            return [row.id for row in await tagged_posts(self._reader, key, page)]

        return await self._fill(next_ids, before, listed=True)

    async def profile_page(self, account: Account, before: int) -> Older:
        """The account's newest public posts below ``before``; beside the very newest what it pinned, the last first."""

        async def next_ids(page: Page) -> list[int]:
            wanted = Authored(without_replies=True)
            return [row[0] for row in await authored_posts(self._reader, account.id, wanted, page)]

        pinned = await pinned_posts(self._reader, account.id) if before == MAX_ID else []
        return await self._fill(next_ids, before, beside=pinned)

    async def _fill(self, next_ids: NextIds, before: int, *, listed: bool = False, beside: Sequence[int] = ()) -> Older:
        """Look further back until there is a page of posts that anyone may see, a few times at most."""
        shown: list[PostView] = []
        others: list[PostView] = []
        for look in range(_LOOKS):
            ids = await next_ids(Page(SHOWN, before))
            found = await self.load([*ids, *beside] if look == 0 else ids)
            shown += self.views(found, ids, listed=listed)
            if look == 0:
                others = self.views(found, beside)
            if len(ids) < SHOWN:
                return Older(shown, None, others)
            before = ids[-1]
            if len(shown) >= SHOWN // 2:
                break
        return Older(shown, before, others)

    def views(self, found: Found, ids: Sequence[int], *, listed: bool = False) -> list[PostView]:
        """Those of the posts that anyone may see, in this order; with ``listed`` only fully public ones."""
        return [
            view
            for id_ in ids
            if (view := self.view(found, found.posts.get(id_))) is not None
            and not (listed and view.post.visibility != Visibility.PUBLIC)
        ]

    def view(self, found: Found, post: Post | None, *, quoting: bool = True) -> PostView | None:
        """The post as a page shows it; None where not everyone may see it. Of a repost: what it reposts."""
        if post is None or not found.is_public(post):
            return None
        if post.repost_of is not None:
            inner = self.view(found, found.posts.get(post.repost_of))
            by = self.face(found.accounts[post.author_id])
            return msgspec.structs.replace(inner, reposted_by=by) if inner is not None else None
        author = found.accounts[post.author_id]
        answered = found.accounts.get(post.reply_to_account or AccountId(0))
        quote = self._quote(found, post) if quoting else None
        return PostView(
            post=post,
            author=self.face(author),
            url=self._at.post(post, author),
            html=self._html(found, post),
            pictures=self._pictures(found, post),
            poll=poll_of(found.polls[post.id], self._now_ms) if post.id in found.polls else None,
            quote=quote,
            answers=self.face(answered) if answered is not None and not answered.gone else None,
            counts=found.counts.get(post.id, PostCounts()),
            card=self._card(found, post) if quote is None and not post.media_ids else None,
            emojis=self.emojis,
        )

    def _card(self, found: Found, post: Post) -> CardView | None:
        card = found.cards.get(post.id)
        if card is None or not card.page.title or not is_web_address(card.page.url):
            return None
        return CardView(
            url=card.page.url,
            title=card.page.title,
            site=card.page.site or urlsplit(card.page.url).hostname or "",
            picture=self._at.file(card.picture) if card.picture else "",
            picture_text=card.page.picture_text,
        )

    def _quote(self, found: Found, post: Post) -> PostView | None:
        if post.quote_of is None or post.quote_state != "accepted":
            return None
        return self.view(found, found.posts.get(post.quote_of), quoting=False)

    def face(self, account: Account) -> Face:
        return Face(
            name=account.display_name.strip() or account.username,
            handle=account.handle,
            url=self._at.profile(account),
            avatar=self._at.avatar(account),
            account=account,
        )

    def _html(self, found: Found, post: Post) -> str:
        links: dict[str, MentionLink] = {}
        for account in (found.accounts.get(id_) for id_ in post.mentions):
            if account is None or account.gone:
                continue
            link = MentionLink(account.username, self._at.profile(account))
            links[account.handle.lower()] = link
            if not account.host:
                links[f"{account.handle.lower()}@{self._at.domain}"] = link
        entities = find_entities(post.text)
        return render_post(post.text, mentions=links, tag_base=self._at.tag_base, entities=entities)

    def _pictures(self, found: Found, post: Post) -> tuple[Picture, ...]:
        """The attachments that are ready."""
        shown = []
        for media in (found.media.get(id_) for id_ in post.media_ids):
            name = media.files.get("original") if media is not None and media.state == "ready" else None
            if media is not None and name:
                preview = media.files.get("small", name if media.kind == "image" else "")
                captions = tuple((language, self._at.file(blob)) for language, blob in media.captions.items())
                shown.append(
                    picture_of(media, self._at.file(name), self._at.file(preview) if preview else "", captions)
                )
        return tuple(shown)
