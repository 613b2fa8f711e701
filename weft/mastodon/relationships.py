"""What accounts do to each other: follow, block, mute, note, endorse; requests, host blocks, relationships.

Every action answers the relationship as it is afterwards, read back from the rows.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from weft.infra.admit import API, FOLLOW
from weft.infra.routing.paging import PageParams, link_header, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, parse_id
from weft.kernel.paging import Paged
from weft.kernel.text.clean import clean_text
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import AccountEntry
from weft.relationships import model
from weft.relationships.model import FollowOptions, Mute
from weft.relationships.service import (
    Entry,
    accept_request,
    block,
    block_host,
    blocks_page,
    count_host_ties,
    endorse,
    follow,
    host_blocks_page,
    load_relationships,
    mute,
    mutes_page,
    reject_request,
    remove_follower,
    requests_page,
    set_comment,
    unblock,
    unblock_host,
    unendorse,
    unfollow,
    unmute,
)

_MOST_ASKED = 200
_LONGEST_MUTE_S = 100 * 365 * 86_400
_DOMAINS = (100, 200)
_PEOPLE = (40, 80)


class Relationship(msgspec.Struct, kw_only=True):
    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: str | None
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


def present_relationship(found: model.Relationship) -> Relationship:
    return Relationship(
        id=str(found.target_id),
        following=found.following,
        showing_reblogs=found.reposts,
        notifying=found.notify,
        languages=list(found.languages) or None,
        followed_by=found.followed_by,
        blocking=found.blocking,
        blocked_by=found.blocked_by,
        muting=found.muting,
        muting_notifications=found.muting_notifications,
        muting_expires_at=rfc3339(found.muting_until_ms) if found.muting_until_ms is not None else None,
        requested=found.requested,
        requested_by=found.requested_by,
        domain_blocking=found.host_blocking,
        endorsed=found.endorsed,
        note=found.comment,
    )


async def require_account(app: Mastodon, id_: int) -> AccountEntry:
    """The entry of an account that was not deleted, suspended ones included.

    Raises:
        NotFound: there is none.
    """
    for entry in await app.presenter.load_accounts((id_,)):
        if entry.account.state != "deleted":
            return entry
    raise NotFound("record.absent")


async def _target(call: Call[Mastodon, Any], name: str = "id") -> AccountId:
    return (await require_account(call.app, call.id(name))).id


async def _relationship(call: Call[Mastodon, Any], target_id: AccountId) -> Response:
    async with call.app.db.read() as reader:
        found = await load_relationships(reader, call.user_id, (target_id,))
    return as_json(present_relationship(found[0]))


# ---------------------------------------------------------------------------------------------------- follows


class FollowParams(msgspec.Struct):
    reblogs: bool | None = None
    notify: bool | None = None
    languages: list[str] | None = None


async def follow_account(call: Call[Mastodon, FollowParams]) -> Response:
    target_id, params = await _target(call), call.params
    languages = tuple(dict.fromkeys(code.lower() for code in params.languages)) if params.languages else None
    if params.languages == []:
        languages = ()
    options = FollowOptions(reposts=params.reblogs, notify=params.notify, languages=languages)
    await follow(call.app.db, call.user_id, target_id, options)
    return await _relationship(call, target_id)


async def unfollow_account(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await unfollow(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


async def remove_from_followers(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await remove_follower(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


async def list_requests(call: Call[Mastodon, PageParams]) -> Response:
    async with call.app.db.read() as reader:
        found = await requests_page(reader, call.user_id, page_from(call.params, *_PEOPLE))
    return await people_page(call, found)


async def authorize(call: Call[Mastodon, None]) -> Response:
    requester_id = await _target(call, "account_id")
    await accept_request(call.app.db, call.user_id, requester_id)
    return await _relationship(call, requester_id)


async def reject(call: Call[Mastodon, None]) -> Response:
    requester_id = await _target(call, "account_id")
    await reject_request(call.app.db, call.user_id, requester_id)
    return await _relationship(call, requester_id)


# ---------------------------------------------------------------------------------------------------- keeping away


class MuteParams(msgspec.Struct):
    notifications: bool = True
    duration: int = 0


async def block_account(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await block(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


async def unblock_account(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await unblock(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


async def mute_account(call: Call[Mastodon, MuteParams]) -> Response:
    target_id, seconds = await _target(call), min(call.params.duration, _LONGEST_MUTE_S)
    until_ms = call.app.clock.now_ms() + seconds * 1000 if seconds > 0 else None
    await mute(call.app.db, call.user_id, target_id, Mute(call.params.notifications, until_ms))
    return await _relationship(call, target_id)


async def unmute_account(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await unmute(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


async def list_blocks(call: Call[Mastodon, PageParams]) -> Response:
    async with call.app.db.read() as reader:
        found = await blocks_page(reader, call.user_id, page_from(call.params, *_PEOPLE))
    return await people_page(call, found)


async def list_mutes(call: Call[Mastodon, PageParams]) -> Response:
    async with call.app.db.read() as reader:
        found = await mutes_page(reader, call.user_id, page_from(call.params, *_PEOPLE))
    until = {row.account_id: row.until_ms for row in found.items}
    entries = await call.app.presenter.load_accounts(until)
    bodies = [_muted_body(entry, until[entry.id]) for entry in entries if not entry.account.gone]
    return Response(200, b"[" + b",".join(bodies) + b"]", headers=link_header(call, call.app.settings.url, found))


def _muted_body(entry: AccountEntry, until_ms: int | None) -> bytes:
    """The account's encoded entity with one more key."""
    ends = b'"' + rfc3339(until_ms).encode() + b'"' if until_ms is not None else b"null"
    return entry.body[:-1] + b',"mute_expires_at":' + ends + b"}"


async def people_page(call: Call[Mastodon, Any], found: Paged[Entry]) -> Response:
    """A page of accounts whose cursors are row ids that only the header shows."""
    body = await call.app.presenter.accounts([row.account_id for row in found.items])
    return Response(200, body, headers=link_header(call, call.app.settings.url, found))


class DomainParams(msgspec.Struct):
    domain: str = ""


class DomainTies(msgspec.Struct):
    following_count: int
    followers_count: int


async def list_domains(call: Call[Mastodon, PageParams]) -> Response:
    async with call.app.db.read() as reader:
        found = await host_blocks_page(reader, call.user_id, page_from(call.params, *_DOMAINS))
    return as_json(found.items, headers=link_header(call, call.app.settings.url, found))


async def block_domain(call: Call[Mastodon, DomainParams]) -> Response:
    await block_host(call.app.db, call.user_id, call.params.domain)
    return as_json({})


async def unblock_domain(call: Call[Mastodon, DomainParams]) -> Response:
    await unblock_host(call.app.db, call.user_id, call.params.domain)
    return as_json({})


async def preview_domain(call: Call[Mastodon, DomainParams]) -> Response:
    return as_json(DomainTies(*await count_host_ties(call.app.db, call.user_id, call.params.domain)))


# ---------------------------------------------------------------------------------------------------- marks


class NoteParams(msgspec.Struct):
    comment: str = ""


async def note_account(call: Call[Mastodon, NoteParams]) -> Response:
    target_id = await _target(call)
    await set_comment(call.app.db, call.user_id, target_id, clean_text(call.params.comment))
    return await _relationship(call, target_id)


async def endorse_account(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await endorse(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


async def unendorse_account(call: Call[Mastodon, None]) -> Response:
    target_id = await _target(call)
    await unendorse(call.app.db, call.user_id, target_id)
    return await _relationship(call, target_id)


class RelationshipsParams(msgspec.Struct):
    id: list[str] = []
    with_suspended: bool = False


async def relationships(call: Call[Mastodon, RelationshipsParams]) -> Response:
    params = call.params
    wanted = [id_ for text in params.id[:_MOST_ASKED] if (id_ := parse_id(text)) is not None]
    entries = await call.app.presenter.load_accounts(dict.fromkeys(wanted))
    known = [entry.id for entry in entries if params.with_suspended or not entry.account.gone]
    async with call.app.db.read() as reader:
        found = await load_relationships(reader, call.user_id, known)
    return as_json([present_relationship(each) for each in found])


_get = partial(Route, method="GET", auth=Auth.USER, sees=Sees.OWN, rate=API, body=0)
_post = partial(
    Route, method="POST", auth=Auth.USER, sees=Sees.OWN, rate=API, body=SMALL_BODY, returns=Relationship, tag="accounts"
)
_people = partial(
    Route, method="GET", auth=Auth.USER, sees=Sees.OWN, rate=API, body=0, params=PageParams, returns=list[e.Account]
)
_FOLLOWS, _BLOCKS, _MUTES, _ACCOUNTS = ("write:follows",), ("write:blocks",), ("write:mutes",), ("write:accounts",)
_ONE = "/api/v1/accounts/:id"
_DOMAIN_PATH = "/api/v1/domain_blocks"

ROUTES: tuple[Route, ...] = (
    _get(
        path="/api/v1/accounts/relationships", handler=relationships, scopes=("read:follows",),
        params=RelationshipsParams, returns=list[Relationship], tag="accounts",
    ),
    Route(
        method="POST", path=f"{_ONE}/follow", handler=follow_account, auth=Auth.USER, scopes=_FOLLOWS, sees=Sees.OWN,
        rate=FOLLOW, body=SMALL_BODY, params=FollowParams, returns=Relationship, tag="accounts",
    ),
    _post(path=f"{_ONE}/unfollow", handler=unfollow_account, scopes=_FOLLOWS),
    _post(path=f"{_ONE}/remove_from_followers", handler=remove_from_followers, scopes=_FOLLOWS),
    _post(path=f"{_ONE}/block", handler=block_account, scopes=_BLOCKS),
    _post(path=f"{_ONE}/unblock", handler=unblock_account, scopes=_BLOCKS),
    _post(path=f"{_ONE}/mute", handler=mute_account, scopes=_MUTES, params=MuteParams),
    _post(path=f"{_ONE}/unmute", handler=unmute_account, scopes=_MUTES),
    _post(path=f"{_ONE}/note", handler=note_account, scopes=_ACCOUNTS, params=NoteParams),
    _post(path=f"{_ONE}/endorse", handler=endorse_account, scopes=_ACCOUNTS),
    _post(path=f"{_ONE}/unendorse", handler=unendorse_account, scopes=_ACCOUNTS),
    _post(path=f"{_ONE}/pin", handler=endorse_account, scopes=_ACCOUNTS, summary="The older name of endorse"),
    _post(path=f"{_ONE}/unpin", handler=unendorse_account, scopes=_ACCOUNTS, summary="The older name of unendorse"),
    _people(path="/api/v1/follow_requests", handler=list_requests, scopes=("read:follows",), tag="follow_requests"),
    _post(path="/api/v1/follow_requests/:account_id/authorize", handler=authorize, scopes=_FOLLOWS),
    _post(path="/api/v1/follow_requests/:account_id/reject", handler=reject, scopes=_FOLLOWS),
    _people(path="/api/v1/blocks", handler=list_blocks, scopes=("read:blocks",), tag="blocks"),
    _get(
        path="/api/v1/mutes", handler=list_mutes, scopes=("read:mutes",), params=PageParams,
        returns=list[e.MutedAccount], tag="mutes",
    ),
    _get(
        path=_DOMAIN_PATH, handler=list_domains, scopes=("read:blocks",), params=PageParams, returns=list[str],
        tag="blocks",
    ),
    _get(
        path=f"{_DOMAIN_PATH}/preview", handler=preview_domain, scopes=("read:blocks",), params=DomainParams,
        returns=DomainTies, tag="blocks",
    ),
    Route(
        method="POST", path=_DOMAIN_PATH, handler=block_domain, auth=Auth.USER, scopes=_BLOCKS, sees=Sees.OWN,
        rate=API, body=SMALL_BODY, params=DomainParams, returns=e.Empty, tag="blocks",
    ),
    Route(
        method="DELETE", path=_DOMAIN_PATH, handler=unblock_domain, auth=Auth.USER, scopes=_BLOCKS, sees=Sees.OWN,
        rate=API, body=SMALL_BODY, params=DomainParams, returns=e.Empty, tag="blocks",
    ),
)  # fmt: skip
