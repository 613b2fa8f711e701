"""What is pushed when somebody is told something: Mastodon's payload, in the receiver's language, cut to fit.

The runner of ``PushWanted``. What may be pushed is what the receiver would see in the list of notifications now: a
post that was deleted, hidden or filtered meanwhile is not pushed. No token travels: apps have their own.
"""

from __future__ import annotations

import hashlib

import msgspec

from weft.accounts.model import Account
from weft.infra.webpush import MOST_BYTES, in_base64
from weft.kernel.text.clean import clean_line
from weft.mastodon.context import Mastodon
from weft.mastodon.notification_pages import TYPE_OF, Shown, look
from weft.mastodon.pages import hides
from weft.mastodon.push_texts import push_text
from weft.notifications.events import PushWanted
from weft.notifications.service import Parcel, Push, PushSender, find_push, hidden_senders
from weft.relationships.model import Visibility
from weft.timelines.model import Viewer

MOST_TITLE, MOST_TEXT = 100, 140
URGENT = frozenset({"mention", "follow_request"})
"""Kinds somebody may be waited for: a phone that saves power is woken."""

_encode = msgspec.json.Encoder().encode


class Extras(msgspec.Struct, frozen=True):
    """For Weft's own app: ids as it knows them, and what to open."""

    notification_id: str
    account_id: str
    path: str


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str = ""
    preferred_locale: str
    notification_id: int
    notification_type: str
    icon: str
    title: str
    body: str
    weft: Extras


class Pusher:
    """Makes and sends pushes; one per worker."""

    def __init__(self, app: Mastodon, sender: PushSender) -> None:
        self._app = app
        self._sender = sender

    async def deliver(self, event: PushWanted) -> None:
        """Push one notification to one target, if that is still wanted and may still be seen."""
        async with self._app.db.read() as reader:
            push = await find_push(reader, event)
        if push is None or self._sender.is_late(push):
            return
        if not push.held:
            await self._sender.drop(push)
            return
        if not push.is_wanted(TYPE_OF.get(push.notification.kind, "")):
            return
        shown = await self._look(push)
        if shown is not None:
            await self._sender.send(push, self._parcel(push, shown))

    async def _look(self, push: Push) -> Shown | None:
        app, row = self._app, push.notification
        viewer: Viewer = await app.viewers.get(push.account_id)
        now_ms = app.clock.now_ms()
        if row.from_id in hidden_senders(viewer.bounds, now_ms):
            return None
        for shown in await look(app, viewer, [row]):
            if shown.post is None or not hides(viewer, shown.post, "notifications", now_ms):
                return shown
        return None

    def _parcel(self, push: Push, shown: Shown) -> Parcel:
        row, sender = push.notification, shown.sender.account
        payload = Payload(
            preferred_locale=push.locale,
            notification_id=row.id,
            notification_type=TYPE_OF[row.kind],
            icon=self._icon(sender),
            title=push_text(_text_key(push, shown), push.locale, clean_line(_name(sender), MOST_TITLE)),
            body=_excerpt(push, shown),
            weft=Extras(str(row.id), str(push.account_id), self._path(shown)),
        )
        subject = f"{push.account_id}:{row.kind}:{row.post_id or row.from_id}".encode()
        return Parcel(
            payload=_fitting(payload),
            urgent=row.kind in URGENT,
            topic=in_base64(hashlib.sha256(subject).digest()[:24]),
        )

    def _icon(self, account: Account) -> str:
        at, name = self._app.presenter.addresses, account.avatar_static or account.avatar
        return at.file(name) if name else at.missing_avatar

    def _path(self, shown: Shown) -> str:
        """What the app opens."""
        at, post = self._app.presenter.addresses, shown.post
        whole = at.profile(shown.sender.account) if post is None else at.post(post.post, post.author.account)
        return whole.removeprefix(at.base)


def _name(account: Account) -> str:
    return account.display_name or account.username


def _text_key(push: Push, shown: Shown) -> str:
    """Which sentence tells it best: a mention may be a reply or a message."""
    row, post = push.notification, shown.post.post if shown.post is not None else None
    if row.kind == "poll" and row.from_id == push.account_id:
        return "own_poll"
    if row.kind != "mention" or post is None:
        return row.kind
    if Visibility(post.visibility) is Visibility.DIRECT:
        return "message"
    return "reply" if post.reply_to_account == push.account_id else "mention"


def _excerpt(push: Push, shown: Shown) -> str:
    """What it is about, in one line: never what stands behind a content warning."""
    if shown.post is None:
        return f"@{shown.sender.account.handle}"
    post = shown.post.post
    text = clean_line(post.summary or post.text, MOST_TEXT)
    return text or (push_text("media", push.locale) if post.media_ids else "")


def _fitting(payload: Payload) -> bytes:
    """As JSON, short enough for one record whatever the text is made of."""
    while len(encoded := _encode(payload)) > MOST_BYTES and (payload.body or payload.title):
        body, title = payload.body[: len(payload.body) // 2], payload.title
        payload = msgspec.structs.replace(payload, body=body, title=title if payload.body else title[: len(title) // 2])
    return encoded
