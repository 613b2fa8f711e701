"""Notes: Weft's own routes for the one line that an account shows for a day, and replies to it.

A reply is a direct post to the note's author: it goes the way of every post, with the same limits.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import partial

import msgspec

from weft.infra.admit import API, POST
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import MAX_ID, PostId
from weft.kernel.text.clean import is_blank
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import AccountEntry
from weft.mastodon.post_requests import key_of, user_of
from weft.mastodon.presenter import raw
from weft.mastodon.statuses import POST_BODY, show_earlier, write
from weft.notes.model import Note, NoteAudience
from weft.notes.service import clear_note, find_note, load_notes, set_note
from weft.posts.model import Draft
from weft.relationships.model import Visibility, can_see
from weft.relationships.service import followers_among
from weft.timelines.model import Viewer
from weft.timelines.service import Body, ToldNote, find_conversation_with

MOST_SHOWN = 100
MOST_ROUNDS = 4

_encode = msgspec.json.Encoder().encode


class NoteEntity(msgspec.Struct, kw_only=True):
    id: str
    account: e.Account
    text: str
    created_at: str
    expires_at: str
    mine: bool
    audience: NoteAudience | None
    """Told to its author only."""


class NoteParams(msgspec.Struct, kw_only=True):
    text: str
    audience: NoteAudience = "followers"


class ReplyParams(msgspec.Struct, kw_only=True):
    text: str


class _Shown(msgspec.Struct):
    note: Note
    author: AccountEntry


# ------------------------------------------------------------------------------------------------------------- reading


async def list_all(call: Call[Mastodon, None]) -> Response:
    """One's own note first, then those of the accounts one follows, the newest first."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    async with app.db.read() as reader:
        own = await load_notes(reader, (call.user_id,), app.clock.now_ms(), MAX_ID, 1)
    shown = [*await _visible(app, viewer, own), *await _followed(app, viewer)]
    return as_json([_present(one, viewer) for one in shown[:MOST_SHOWN]])


async def _followed(app: Mastodon, viewer: Viewer) -> list[_Shown]:
    """Notes of the followed whom the viewer has not muted; a round more where mutual ones were left out."""
    wanted = [id_ for id_ in viewer.following if id_ not in viewer.bounds.muting and id_ != viewer.id]
    found: list[_Shown] = []
    before = MAX_ID
    for _ in range(MOST_ROUNDS if wanted else 0):
        async with app.db.read() as reader:
            notes = await load_notes(reader, wanted, app.clock.now_ms(), before, MOST_SHOWN)
        found += await _visible(app, viewer, notes)
        if len(notes) < MOST_SHOWN or len(found) >= MOST_SHOWN:
            break
        before = notes[-1].id
    return found


async def _visible(app: Mastodon, viewer: Viewer, notes: Sequence[Note]) -> list[_Shown]:
    """Those of the notes that the viewer may see, each with its author."""
    if not notes:
        return []
    assert viewer.id is not None
    authors = {entry.id: entry for entry in await app.presenter.load_accounts([note.account_id for note in notes])}
    mutual = [note.account_id for note in notes if note.audience == "mutuals"]
    facts = viewer.facts
    if mutual:
        async with app.db.read() as reader:
            facts = msgspec.structs.replace(facts, followed_by=await followers_among(reader, viewer.id, mutual))
    return [
        _Shown(note, author)
        for note in notes
        if (author := authors.get(note.account_id)) is not None
        and can_see(note.rights(gone=author.account.gone), facts)
    ]


def _present(shown: _Shown, viewer: Viewer) -> dict[str, object]:
    note, mine = shown.note, shown.note.account_id == viewer.id
    return {
        "id": str(note.id),
        "account": raw(shown.author.body),
        "text": note.text,
        "created_at": rfc3339(note.created_ms),
        "expires_at": rfc3339(note.expires_ms),
        "mine": mine,
        "audience": note.audience if mine else None,
    }


class _ToldNote:
    """A note on its way to open streams; the same bytes for all but its author."""

    def __init__(self, shown: _Shown, followed: Container[int]) -> None:
        self._shown = shown
        self._followed = followed
        """Whom the author follows."""
        self._bodies: dict[bool, Body] = {}

    def body(self, viewer: Viewer) -> Body | None:
        note, author = self._shown.note, self._shown.author
        followed_by = {note.account_id} if viewer.id in self._followed else frozenset[int]()
        facts = msgspec.structs.replace(viewer.facts, followed_by=followed_by)
        if not can_see(note.rights(gone=author.account.gone), facts):
            return None
        mine = note.account_id == viewer.id
        if mine not in self._bodies:
            self._bodies[mine] = Body(_encode(_present(self._shown, viewer)))
        return self._bodies[mine]


async def note_to_tell(app: Mastodon, note_id: int) -> ToldNote | None:
    """A note as open streams hand it out; None where it is gone."""
    async with app.db.read() as reader:
        note = await find_note(reader, note_id, app.clock.now_ms())
    if note is None:
        return None
    followed = (await app.viewers.get(note.account_id)).following if note.audience == "mutuals" else frozenset[int]()
    for author in await app.presenter.load_accounts((note.account_id,)):
        return _ToldNote(_Shown(note, author), followed)
    return None


# ------------------------------------------------------------------------------------------------------------- writing


async def put(call: Call[Mastodon, NoteParams]) -> Response:
    """Leave a note for a day, in the place of the one there was."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    note = await set_note(app.db, call.user_id, call.params.text, call.params.audience)
    (author,) = await app.presenter.load_accounts((call.user_id,))
    return as_json(_present(_Shown(note, author), viewer))


async def drop(call: Call[Mastodon, None]) -> Response:
    """Take one's own note back."""
    await clear_note(call.app.db, call.user_id)
    return as_json({})


async def reply(call: Call[Mastodon, ReplyParams]) -> Response:
    """Write to a note's author: a direct post that begins with the note, in the conversation one has with them."""
    app, key = call.app, key_of(call)
    viewer = await app.viewers.get(call.user_id)
    try:
        shown = await _require(app, viewer, call.id())
    except NotFound:
        earlier = await show_earlier(app, viewer, key)  # the note may have ended since the first try
        if earlier is None:
            raise
        return earlier
    if is_blank(call.params.text):
        raise Invalid("post.empty", field="text")
    return await write(app, viewer, await _draft(call, viewer, shown, key))


async def _require(app: Mastodon, viewer: Viewer, note_id: int) -> _Shown:
    """Somebody else's note that the viewer may see."""
    async with app.db.read() as reader:
        note = await find_note(reader, note_id, app.clock.now_ms())
    if note is None:
        raise NotFound("record.absent")
    if note.account_id == viewer.id:
        raise Invalid("note.own")
    for shown in await _visible(app, viewer, (note,)):
        return shown
    raise NotFound("record.absent")


async def _draft(call: Call[Mastodon, ReplyParams], viewer: Viewer, shown: _Shown, key: str) -> Draft:
    app, user = call.app, await user_of(call.app, viewer)
    assert call.grant is not None
    author = shown.author.account
    parent = await _newest_message(app, viewer, author.id)
    return Draft(
        text=f"> {_quoted(shown.note.text)}\n@{author.username} {call.params.text}",
        visibility=Visibility.DIRECT,
        language=user.post_language,
        reply_to=parent,
        allowed_mentions=(author.id,),  # a note is for its readers: a reply takes it to nobody else
        app_name=call.grant.app_name,
        app_website=call.grant.app_website,
        idempotency_key=key,
    )


def _quoted(text: str) -> str:
    """The note without anything that would mention somebody or be a tag: these words are not the replier's.

    A word joiner after the sign is not seen, and no name begins with it.
    """
    return text.replace("@", "@\u2060").replace("#", "#\u2060")


async def _newest_message(app: Mastodon, viewer: Viewer, other_id: int) -> PostId | None:
    """What the two last wrote each other, so that a reply to a note goes on from there."""
    assert viewer.id is not None
    async with app.db.read() as reader:
        conversation = await find_conversation_with(reader, viewer.id, (other_id,))
    if conversation is None:
        return None
    entries = await app.presenter.load((conversation.last_post_id,))
    return next((PostId(entry.id) for entry in entries if app.presenter.visible(entry, viewer)), None)


_ROUTE = partial(Route, auth=Auth.USER, style=Style.WEFT, tag="notes")
_PATH = "/api/weft/v1/notes"

ROUTES: tuple[Route, ...] = (
    _ROUTE(
        method="GET",
        path=_PATH,
        handler=list_all,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=list[NoteEntity],
        summary="Notes of the caller and of the followed",
    ),
    _ROUTE(
        method="PUT",
        path=_PATH,
        handler=put,
        scopes=("write:statuses",),
        sees=Sees.OWN,
        rate=POST,
        body=SMALL_BODY,
        params=NoteParams,
        returns=NoteEntity,
        summary="Leave a note for a day",
    ),
    _ROUTE(
        method="DELETE",
        path=_PATH,
        handler=drop,
        scopes=("write:statuses",),
        sees=Sees.OWN,
        rate=API,
        body=SMALL_BODY,
        returns=e.Empty,
        summary="Take the note back",
    ),
    _ROUTE(
        method="POST",
        path=f"{_PATH}/:id/reply",
        handler=reply,
        scopes=("write:statuses",),
        sees=Sees.AUDIENCE,
        rate=POST,
        body=POST_BODY,
        params=ReplyParams,
        returns=e.Status,
        summary="Write to a note's author",
    ),
)
