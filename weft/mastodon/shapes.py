"""How accounts and posts look on the wire: from values to the byte pieces that answers are joined from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from weft.accounts.model import Account
from weft.kernel.clock import rfc3339
from weft.kernel.text.emojis import codes_in
from weft.kernel.text.entities import find_entities, tag_key
from weft.kernel.text.render import MentionLink, render_bio, render_field, render_post, with_quote_link
from weft.kernel.text.terms import fold
from weft.mastodon import entities as e
from weft.mastodon.addresses import VISIBILITIES, Addresses, day
from weft.mastodon.cards import preview_card
from weft.mastodon.fragments import AccountEntry, PostEntry, words_of
from weft.media.model import Media
from weft.posts.model import (
    UNMARKED,
    Marks,
    Poll,
    Post,
    QuotePolicy,
    ReplyPolicy,
    may_quote,
    may_reply,
    quote_policy_of,
)
from weft.relationships.model import Visibility, can_see
from weft.timelines.model import FilterHit, Viewer
from weft.timelines.service import filter_hits

_encode = msgspec.json.Encoder().encode
_ACCOUNT_COUNTS = re.compile(
    rb'"last_status_at":(?:null|"[0-9-]+"),"statuses_count":\d+,"followers_count":\d+,"following_count":\d+'
)
"""In JSON no text of a person's can look like this: its quotation marks are escaped."""
_UNKNOWN_KEYS = b',"reblog":null,"poll":null,"quote":null'
_CONTENT, _NO_CONTENT, _AFTER_CONTENT = b',"content":', b',"content":""', b',"media_attachments":['


class Shaper:
    """Turns values into pieces. Holds only addresses and the custom emojis, which its owner keeps up to date."""

    def __init__(self, addresses: Addresses, emojis: Mapping[str, e.CustomEmoji]) -> None:
        self._at = addresses
        self._emojis = emojis

    # ------------------------------------------------------------------ accounts

    def shape_account(self, entry: AccountEntry) -> None:
        entry.limited = entry.account.state == "limited"
        entry.body = _encode(self.account(entry))
        entry.counts_at = None

    def shape_account_counts(self, entry: AccountEntry) -> None:
        """Write new counters into the encoded account: every post of an author comes by, and encoding it all again
        costs 15 times as much."""
        if entry.counts_at is None:
            found = _ACCOUNT_COUNTS.search(entry.body)
            assert found is not None, "an encoded account has counters"
            entry.counts_at = found.start(), len(entry.body) - found.end()
        start, rest = entry.counts_at
        counts = entry.counts
        has_last = counts.last_post_id and counts.posts > 0
        last = b'"%b"' % day(counts.last_post_id >> 16).encode() if has_last else b"null"
        entry.body = b'%b"last_status_at":%b,"statuses_count":%d,"followers_count":%d,"following_count":%d%b' % (
            entry.body[:start],
            last,
            max(counts.posts, 0),
            max(counts.followers, 0),
            max(counts.following, 0),
            entry.body[-rest:],
        )

    def account(self, entry: AccountEntry) -> e.Account:
        account, counts = entry.account, entry.counts
        if account.gone:
            account = _emptied(account)
        avatar, avatar_static, header, header_static = self._pictures(account)
        return e.Account(
            id=str(account.id),
            username=account.username,
            acct=account.handle,
            url=self._at.profile(account),
            uri=self._at.actor(account),
            display_name=account.display_name,
            note=render_bio(account.bio, mentions={}, tag_base=self._at.tag_base),
            avatar=avatar,
            avatar_static=avatar_static,
            header=header,
            header_static=header_static,
            avatar_description=account.avatar_description,
            header_description=account.header_description,
            locked=account.locked,
            fields=self._fields(account),
            emojis=self.emojis_in(account.display_name, account.bio, *(f"{f.name} {f.value}" for f in account.fields)),
            bot=account.kind == "bot",
            discoverable=account.discoverable,
            indexable=account.indexable,
            noindex=not account.indexable,
            suspended=True if account.gone else msgspec.UNSET,
            limited=True if account.state == "limited" else msgspec.UNSET,
            created_at=rfc3339(account.created_ms // 86_400_000 * 86_400_000),
            last_status_at=day(counts.last_post_id >> 16) if counts.last_post_id and counts.posts > 0 else None,
            statuses_count=max(counts.posts, 0),
            followers_count=max(counts.followers, 0),
            following_count=max(counts.following, 0),
            hide_collections=account.hide_collections,
            roles=[] if not account.host else None,
            feature_approval=e.FeatureApproval(),
        )

    def _pictures(self, account: Account) -> tuple[str, str, str, str]:
        """Avatar and header, each followed by its still form."""
        at = self._at
        avatar = at.file(account.avatar) if account.avatar else at.missing_avatar
        header = at.file(account.header) if account.header else at.missing_header
        return (
            avatar,
            at.file(account.avatar_static) if account.avatar_static else avatar,
            header,
            at.file(account.header_static) if account.header_static else header,
        )

    def _fields(self, account: Account) -> list[e.AccountField]:
        return [
            e.AccountField(
                field.name, render_field(field.value), rfc3339(field.verified_ms) if field.verified_ms else None
            )
            for field in account.fields
        ]

    def emojis_in(self, *texts: str) -> list[e.CustomEmoji]:
        """The known custom emojis that the texts name."""
        if not self._emojis:
            return []
        return [self._emojis[code] for code in codes_in(*texts) if code in self._emojis]

    # ------------------------------------------------------------------ posts

    def shape_post(
        self, entry: PostEntry, media: Sequence[Media], mentioned: Sequence[AccountEntry], quoted_url: str = ""
    ) -> None:
        """Encode what of a post is the same for everyone."""
        post = entry.post
        self.shape_counts(entry)
        entry.head = _encode(self._head(entry, media, mentioned, quoted_url))[:-1]
        entry.text = fold(
            " ".join(
                (
                    post.text,
                    post.summary,
                    *(item.description or "" for item in media),
                    *(entry.poll.options if entry.poll else ()),
                )
            )
        )
        entry.simple = (
            entry.inner is None
            and entry.quoted is None
            and entry.poll is None
            and post.reply_policy == "everyone"
            and post.quote_policy == "public"
            and post.visibility <= Visibility.UNLISTED
            and not post.hidden
        )

    def _head(
        self, entry: PostEntry, media: Sequence[Media], mentioned: Sequence[AccountEntry], quoted_url: str
    ) -> e.StatusHead:
        post, author, at = entry.post, entry.author.account, self._at
        accounts = [known.account for known in mentioned if known.body]
        return e.StatusHead(
            id=str(post.id),
            created_at=rfc3339(post.created_ms),
            in_reply_to_id=str(post.reply_to) if post.reply_to is not None else None,
            in_reply_to_account_id=str(post.reply_to_account) if post.reply_to_account is not None else None,
            sensitive=post.sensitive,
            spoiler_text=post.summary,
            visibility=VISIBILITIES[post.visibility],
            language=post.language or None,
            uri=at.post_object(post, author),
            url=at.post(post, author),
            edited_at=rfc3339(post.edited_ms) if post.edited_ms is not None else None,
            content=self.content(post, accounts, quoted_url),
            application=e.Application(post.app_name, post.app_website or None) if post.app_name else None,
            media_attachments=[self.media(item) for item in media],
            mentions=[
                e.Mention(str(account.id), account.username, at.profile(account), account.handle)
                for account in accounts
            ],
            tags=[e.StatusTag(tag_key(name), at.tag(name)) for name in post.tags],
            emojis=self.emojis_in(post.text, post.summary, *(entry.poll.options if entry.poll else ())),
            card=preview_card(entry.card, self._at) if entry.card is not None else None,
        )

    def content(self, post: Post, mentioned: Sequence[Account], quoted_url: str = "") -> str:
        """The post's text as HTML, with a link to what it quotes where the text has none."""
        links: dict[str, MentionLink] = {}
        for account in mentioned:
            link = MentionLink(account.username, self._at.profile(account))
            links[account.handle.lower()] = link
            if not account.host:
                links[f"{account.handle.lower()}@{self._at.domain}"] = link
        found = find_entities(post.text)
        html = render_post(post.text, mentions=links, tag_base=self._at.tag_base, entities=found)
        if not quoted_url or any(span.url == quoted_url for span in found.urls):
            return html
        return with_quote_link(html, quoted_url)

    def media(self, media: Media) -> e.MediaAttachment:
        ready = media.state == "ready"
        meta = dict(media.meta)
        if media.focus is not None:
            meta["focus"] = {"x": media.focus[0], "y": media.focus[1]}
        original = media.files.get("original")
        small = media.files.get("small", original)
        return e.MediaAttachment(
            id=str(media.id),
            type=media.kind,
            url=self._at.file(original) if ready and original else None,
            preview_url=self._at.file(small) if ready and small else None,
            meta=meta,
            description=media.description,
            blurhash=media.blurhash,
            weft=e.WeftMedia([e.Captions(language, self._at.file(name)) for language, name in media.captions.items()]),
        )

    def shape_counts(self, entry: PostEntry) -> None:
        tally = entry.tally
        entry.plain_author = None  # what was joined is out of date
        entry.counts = b',"replies_count":%d,"reblogs_count":%d,"favourites_count":%d,"quotes_count":%d,"account":' % (
            tally.replies,
            tally.reposts,
            tally.likes,
            tally.quotes,
        )

    # ------------------------------------------------------------------ for one viewer

    def whole(self, entry: PostEntry, viewer: Viewer, befriended: frozenset[int], now_ms: int) -> bytes:
        """One status as this viewer sees it.

        Most readers did nothing with most posts: for them a plain post is joined once and kept with its entry, which
        makes a page of 20 a tenth cheaper.
        """
        shown = entry.inner or entry
        usual = (
            shown.simple
            and viewer.marks.get(shown.id) is UNMARKED
            and not viewer.filters
            and viewer.id != shown.audience.author_id
        )
        author = entry.author.body
        within = self.whole(shown, viewer, befriended, now_ms) if usual and shown is not entry else None
        if usual and entry.plain_author is author and entry.plain_inner is within:
            return entry.plain
        out: list[bytes] = []
        self.join(out, entry, viewer, befriended, now_ms)
        joined = b"".join(out)
        if usual:
            entry.plain, entry.plain_author, entry.plain_inner = joined, author, within
        return joined

    def join(self, out: list[bytes], entry: PostEntry, viewer: Viewer, befriended: frozenset[int], now_ms: int) -> None:
        """Append the pieces of one status as this viewer sees it. ``befriended``: authors that follow the viewer."""
        inner = entry.inner
        out.append(entry.head if inner is None else _repeating(entry.head, inner.head))
        if inner is not None:
            out.append(inner.counts)
            out.append(entry.author.body)
            out.append(b',"reblog":')
            self.join(out, inner, viewer, befriended, now_ms)
            out.append(b',"poll":null,"quote":null')
            out.append(self._tail(inner, viewer, befriended, now_ms))
            return
        out.append(entry.counts)
        out.append(entry.author.body)
        if entry.simple:
            out.append(_UNKNOWN_KEYS)
            if not viewer.filters:
                marks = viewer.marks.get(entry.id, UNMARKED) if viewer.id is not None else None
                own = viewer.id == entry.audience.author_id
                out.append(_simple_tail(marks, own))
                return
        else:
            out.append(b',"reblog":null,"poll":')
            out.append(
                _encode(self.poll(entry.poll, viewer, own=viewer.id == entry.post.author_id, now_ms=now_ms))
                if entry.poll
                else b"null"
            )
            out.append(b',"quote":')
            self._join_quote(out, entry, viewer, befriended, now_ms)
        out.append(self._tail(entry, viewer, befriended, now_ms))

    def _join_quote(
        self, out: list[bytes], entry: PostEntry, viewer: Viewer, befriended: frozenset[int], now_ms: int
    ) -> None:
        quoted = entry.quoted
        if quoted is None:
            out.append(b"null")
            return
        state = quote_state(entry, viewer)
        shown = state in ("accepted", "blocked_account", "muted_account")
        out.append(b'{"state":"%b","quoted_status":' % state.encode())
        if not shown:
            out.append(b"null}")
            return
        out.append(quoted.head)
        out.append(quoted.counts)
        out.append(quoted.author.body)
        out.append(b',"reblog":null,"poll":')
        out.append(
            _encode(self.poll(quoted.poll, viewer, own=viewer.id == quoted.post.author_id, now_ms=now_ms))
            if quoted.poll
            else b"null"
        )
        out.append(b',"quote":')
        out.append(_shallow(quoted, viewer))
        out.append(self._tail(quoted, viewer, befriended, now_ms))
        out.append(b"}")

    def _tail(self, entry: PostEntry, viewer: Viewer, befriended: frozenset[int], now_ms: int) -> bytes:
        post = entry.post
        own = viewer.id == post.author_id
        hits: Sequence[FilterHit] = ()
        if viewer.filters and not own:
            parts = entry.parts()
            hits = filter_hits(viewer, words_of(parts), tuple(one.post.id for one in parts), now_ms)
        quotes = may_quote(post, viewer.id, follows=post.author_id in viewer.following)
        tail = _tail(
            _Tail(
                quote_policy=quote_policy_of(post),
                may_quote=quotes,
                reply_policy=post.reply_policy,
                can_reply=may_reply(post, viewer.id, befriended=post.author_id in befriended),
                marks=viewer.marks.get(entry.id, UNMARKED) if viewer.id is not None else None,
                pinnable=own and post.visibility != Visibility.DIRECT,
                hidden=post.hidden,
            )
        )
        if hits:
            return tail.replace(b'"filtered":[]', b'"filtered":' + _encode([filter_result(hit) for hit in hits]))
        return tail

    def poll(self, poll: Poll, viewer: Viewer, *, own: bool, now_ms: int) -> e.Poll:
        expired = poll.expires_ms is not None and poll.expires_ms <= now_ms
        hidden = poll.hide_totals and not expired
        votes = viewer.votes.get(poll.post_id, ())
        return e.Poll(
            id=str(poll.post_id),
            expires_at=rfc3339(poll.expires_ms) if poll.expires_ms is not None else None,
            expired=expired,
            multiple=poll.multiple,
            votes_count=sum(poll.counts),
            voters_count=poll.voters,
            options=[
                e.PollOption(title, None if hidden else count)
                for title, count in zip(poll.options, poll.counts, strict=True)
            ],
            emojis=self.emojis_in(*poll.options),
            voted=bool(votes) or own if viewer.id is not None else msgspec.UNSET,
            own_votes=list(votes) if viewer.id is not None else msgspec.UNSET,
        )


def _repeating(head: bytes, inner: bytes) -> bytes:
    """The head of a repost with the content of the post, which an edit changes behind the repost's back.

    No quote stands bare within a string of JSON, so the first match is the key.
    """
    first, last = inner.find(_CONTENT), inner.find(_AFTER_CONTENT)
    return head.replace(_NO_CONTENT, inner[first:last], 1)


def _emptied(account: Account) -> Account:
    return Account(
        id=account.id, username=account.username, host=account.host, state=account.state, created_ms=account.created_ms
    )


def quote_state(entry: PostEntry, viewer: Viewer) -> str:
    """The state of a quote as this viewer is told it."""
    state, quoted = entry.post.quote_state, entry.quoted
    if quoted is None or quoted.missing or (not quoted.stale and quoted.post.deleted):
        return "deleted"
    if state != "accepted":
        return state or "pending"
    author = quoted.post.author_id
    if author in viewer.bounds.blocking and not quoted.audience.gone and quoted.post.visibility <= Visibility.UNLISTED:
        return "blocked_account"
    if not can_see(quoted.audience, viewer.facts):
        return "unauthorized"
    return "muted_account" if author in viewer.bounds.muting else "accepted"


def _shallow(entry: PostEntry, viewer: Viewer) -> bytes:
    if entry.quoted is None:
        return b"null"
    state = quote_state(entry, viewer)
    shown = str(entry.post.quote_of) if state in ("accepted", "blocked_account", "muted_account") else None
    return _encode({"state": state, "quoted_status_id": shown})


class _Tail(msgspec.Struct, frozen=True, kw_only=True):
    """What of a status depends on who reads it."""

    quote_policy: QuotePolicy = "public"
    may_quote: bool = False
    reply_policy: ReplyPolicy = "everyone"
    can_reply: bool = False
    marks: Marks | None = None
    """None for a visitor."""
    pinnable: bool = False
    hidden: bool = False


@lru_cache(maxsize=4096)
def _simple_tail(marks: Marks | None, own: bool) -> bytes:
    user = marks is not None
    return _tail(_Tail(may_quote=user, can_reply=user, marks=marks, pinnable=own))


_APPROVALS: Mapping[QuotePolicy, list[str]] = {"public": ["public"], "followers": ["followers"], "nobody": []}


@lru_cache(maxsize=4096)
def _tail(tail: _Tail) -> bytes:
    """The end of a status."""
    marks = tail.marks
    user = "automatic" if tail.may_quote else "denied"
    value: dict[str, object] = {
        "quote_approval": {"automatic": _APPROVALS[tail.quote_policy], "manual": [], "current_user": user},
        "weft": {"reply_policy": tail.reply_policy, "can_reply": tail.can_reply, "hidden": tail.hidden},
    }
    if marks is not None:
        value |= {
            "favourited": marks.liked,
            "reblogged": marks.reposted,
            "muted": marks.thread_muted,
            "bookmarked": marks.bookmarked,
        }
        if tail.pinnable:
            value["pinned"] = marks.pinned
        value["filtered"] = []
    return b"," + _encode(value)[1:]


def filter_entity(hit: FilterHit) -> e.Filter:
    rule = hit.filter
    return e.Filter(
        id=str(rule.id),
        title=rule.title,
        context=list(rule.contexts),
        filter_action=rule.action,
        expires_at=rfc3339(rule.expires_ms) if rule.expires_ms is not None else None,
    )


def filter_result(hit: FilterHit) -> e.FilterResult:
    return e.FilterResult(filter_entity(hit), list(hit.keywords) or None, [str(id_) for id_ in hit.posts] or None)
