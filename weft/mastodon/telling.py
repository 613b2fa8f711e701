"""How posts, notifications and conversations look to open streams: the client API's side of ``timelines.Teller``.

A post nobody has reacted to yet looks the same to all receivers without filters, so it is joined once for them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from weft.accounts.model import Account
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import PostEntry, words_of
from weft.mastodon.notes import note_to_tell
from weft.mastodon.presenter import Presenter
from weft.posts.model import Post
from weft.timelines.model import Viewer
from weft.timelines.service import Body, Told, ToldNote

RenderOwn = Callable[[Mastodon, Viewer, int], Awaitable[bytes | None]]
"""From one's own notification or conversation, by id, to its entity; None where it is gone or not to be shown."""


class ToldPost:
    """One entry on its way to many receivers."""

    __slots__ = ("_alike", "_entry", "_presenter")

    def __init__(self, presenter: Presenter, entry: PostEntry) -> None:
        self._presenter = presenter
        self._entry = entry
        self._alike: dict[bool, Body] = {}

    @property
    def post(self) -> Post:
        return self._entry.post

    @property
    def author(self) -> Account:
        return self._entry.author.account

    @property
    def text(self) -> str:
        return words_of(self._entry.parts())

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(one.id for one in self._entry.parts())

    def visible(self, viewer: Viewer) -> bool:
        return self._presenter.visible(self._entry, viewer)

    async def body(self, viewer: Viewer, *, new: bool) -> Body:
        entry = self._entry
        # The mark of a muted thread is all that a new post can have, and only a reply is in an older thread.
        if not new or not entry.simple or entry.post.root_id is not None or viewer.filters or entry.id in viewer.marks:
            return Body(await self._presenter.status(entry, viewer))
        own = viewer.id == entry.post.author_id
        body = self._alike.get(own)
        if body is None:
            body = self._alike[own] = Body(self._presenter.unmarked(entry, viewer))
        return body


class Outlet:
    """One per worker, given to ``Streams.start``, with how to render what is somebody's own."""

    def __init__(self, app: Mastodon, *, notification: RenderOwn, conversation: RenderOwn) -> None:
        self._app = app
        self._notification = notification
        self._conversation = conversation

    async def load(self, ids: Sequence[int]) -> Sequence[Told]:
        presenter = self._app.presenter
        return [ToldPost(presenter, entry) for entry in await presenter.load(ids)]

    async def notification(self, viewer: Viewer, id_: int) -> Body | None:
        content = await self._notification(self._app, viewer, id_)
        return Body(content) if content is not None else None

    async def note(self, id_: int) -> ToldNote | None:
        return await note_to_tell(self._app, id_)

    async def conversation(self, viewer: Viewer, id_: int) -> Body | None:
        content = await self._conversation(self._app, viewer, id_)
        return Body(content) if content is not None else None
