"""The signed-in person's own account: the first call of every app, and the profile they edit."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.accounts.model import Account as Person
from weft.accounts.model import Field, PreferencesEdit, ProfileEdit, User
from weft.accounts.service import edit_preferences, edit_profile, find_account, find_user
from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Upload, as_json
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import bucket_of
from weft.kernel.text.clean import clean_line, clean_text
from weft.kernel.text.language import check_language
from weft.mastodon import entities as e
from weft.mastodon.addresses import VISIBILITIES
from weft.mastodon.context import Mastodon
from weft.media.service import LIMITS, Want
from weft.relationships.service import count_follow_requests

_ROLE_NUMBERS = {
    "owner": ("3", "1048575"),
    "admin": ("2", "1048575"),
    "moderator": ("1", "1308"),
    "advertiser": ("4", "0"),
    "member": ("-99", "0"),
}
"""Role ids and permission bits as clients know them: everything, the moderator's share, or nothing."""


class FieldParams(msgspec.Struct):
    name: str = ""
    value: str = ""


class SourceParams(msgspec.Struct, kw_only=True):
    privacy: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    quote_policy: str | None = None


class UpdateParams(msgspec.Struct, kw_only=True):
    display_name: str | None = None
    note: str | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_collections: bool | None = None
    attribution_domains: list[str] | None = None
    fields_attributes: list[FieldParams] | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    source: SourceParams | None = None


class Profile(msgspec.Struct, kw_only=True):
    """Raw texts, for an editor."""

    id: str
    display_name: str
    note: str
    fields: list[e.AccountField]
    avatar: str | None
    avatar_static: str | None
    avatar_description: str
    header: str | None
    header_static: str | None
    header_description: str
    locked: bool
    bot: bool
    hide_collections: bool
    discoverable: bool
    indexable: bool
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    attribution_domains: list[str]
    featured_tags: list[str] = []


async def credentials(app: Mastodon, call: Call[Mastodon, Any]) -> e.CredentialAccount:
    """The caller's account with what only the caller may know."""
    account_id = call.user_id
    await app.viewers.get(account_id)  # waits for the caller's own last write
    (entry,) = await app.presenter.load_accounts((account_id,))
    async with app.db.read() as reader:
        user = await find_user(reader, account_id)
        requests = await count_follow_requests(reader, account_id)
    if user is None:
        raise NotFound("record.absent")
    public = app.presenter.shaper.account(entry)
    return e.CredentialAccount(
        **{name: getattr(public, name) for name in e.Account.__struct_fields__},
        source=source_of(entry.account, user, requests),
        role=role_of(entry.account),
    )


def source_of(account: Person, user: User, requests: int) -> e.Source:
    return e.Source(
        note=account.bio,
        fields=[e.AccountField(field.name, field.value, None) for field in account.fields],
        privacy=VISIBILITIES[user.post_visibility],
        sensitive=user.post_sensitive,
        language=user.post_language or None,
        follow_requests_count=requests,
        hide_collections=account.hide_collections,
        discoverable=account.discoverable,
        indexable=account.indexable,
        attribution_domains=list(account.attribution_domains),
        quote_policy=user.quote_policy,
    )


def role_of(account: Person) -> e.Role:
    number, permissions = _ROLE_NUMBERS[account.role]
    return e.Role(
        id=number,
        name=account.role.capitalize() if account.role != "member" else "",
        permissions=permissions,
        color="",
        highlighted=account.role in ("owner", "admin", "moderator"),
    )


async def verify(call: Call[Mastodon, None]) -> Response:
    return as_json(await credentials(call.app, call))


async def update(call: Call[Mastodon, UpdateParams]) -> Response:
    """Change what was sent of the profile and the defaults for posts; pictures come as files."""
    app, account_id, params = call.app, call.user_id, call.params
    profile = await profile_edit(call)
    preferences = preferences_edit(params.source)
    async with app.db.tx(bucket_of(account_id)) as tx:
        await edit_profile(tx, account_id, profile)
        if preferences is not None:
            await edit_preferences(tx, account_id, preferences)
    return as_json(await credentials(app, call))


def _text(text: str | None) -> str | None:
    return clean_text(text) if text is not None else None


async def profile_edit(call: Call[Mastodon, UpdateParams]) -> ProfileEdit:
    params = call.params
    fields = None
    if params.fields_attributes is not None:
        fields = tuple(
            Field(clean_line(field.name, 300), clean_line(field.value, 300))
            for field in params.fields_attributes
            if field.name.strip() or field.value.strip()
        )
    return ProfileEdit(
        display_name=clean_line(params.display_name, 100) if params.display_name is not None else None,
        bio=_text(params.note),
        fields=fields,
        avatar=await _picture(call, "avatar", Want.AVATAR),
        header=await _picture(call, "header", Want.HEADER),
        avatar_description=_text(params.avatar_description),
        header_description=_text(params.header_description),
        kind=None if params.bot is None else "bot" if params.bot else "person",
        locked=params.locked,
        discoverable=params.discoverable,
        indexable=params.indexable,
        hide_collections=params.hide_collections,
        attribution_domains=tuple(params.attribution_domains) if params.attribution_domains is not None else None,
    )


async def _picture(call: Call[Mastodon, Any], name: str, want: Want) -> tuple[str, str] | None:
    file: Upload | None = call.files.get(name)
    if file is None or not file.data:
        return None
    return await call.app.workshop.picture(file.data, want)


def preferences_edit(source: SourceParams | None) -> PreferencesEdit | None:
    """The defaults for posts that were sent.

    Raises:
        Invalid: a visibility, language or quote policy that nobody knows.
    """
    if source is None:
        return None
    visibility = None
    if source.privacy is not None:
        if source.privacy not in VISIBILITIES[:3]:
            raise Invalid("param.type", field="source[privacy]")
        visibility = VISIBILITIES.index(source.privacy)
    language = source.language
    if language:
        language = check_language(language)
        if language is None:
            raise Invalid("param.type", field="source[language]")
    if source.quote_policy not in (None, "public", "followers", "nobody"):
        raise Invalid("param.type", field="source[quote_policy]")
    return PreferencesEdit(
        post_visibility=visibility,
        post_sensitive=source.sensitive,
        post_language=language,
        quote_policy=source.quote_policy,
    )


async def _profile(call: Call[Mastodon, Any]) -> Profile:
    async with call.app.db.read() as reader:
        account = await find_account(reader, call.user_id)
    if account is None:
        raise NotFound("record.absent")
    at = call.app.presenter.addresses
    return Profile(
        id=str(account.id),
        display_name=account.display_name,
        note=account.bio,
        fields=[e.AccountField(field.name, field.value, None) for field in account.fields],
        avatar=at.file(account.avatar) if account.avatar else None,
        avatar_static=at.file(account.avatar_static or account.avatar) if account.avatar else None,
        avatar_description=account.avatar_description,
        header=at.file(account.header) if account.header else None,
        header_static=at.file(account.header_static or account.header) if account.header else None,
        header_description=account.header_description,
        locked=account.locked,
        bot=account.kind == "bot",
        hide_collections=account.hide_collections,
        discoverable=account.discoverable,
        indexable=account.indexable,
        attribution_domains=list(account.attribution_domains),
    )


async def show_profile(call: Call[Mastodon, None]) -> Response:
    return as_json(await _profile(call))


async def update_profile(call: Call[Mastodon, UpdateParams]) -> Response:
    await update(call)
    return as_json(await _profile(call))


async def remove_avatar(call: Call[Mastodon, None]) -> Response:
    return await _remove(call, ProfileEdit(avatar=("", ""), avatar_description=""))


async def remove_header(call: Call[Mastodon, None]) -> Response:
    return await _remove(call, ProfileEdit(header=("", ""), header_description=""))


async def _remove(call: Call[Mastodon, None], edit: ProfileEdit) -> Response:
    async with call.app.db.tx(bucket_of(call.user_id)) as tx:
        await edit_profile(tx, call.user_id, edit)
    return as_json(await credentials(call.app, call))


_PICTURES = 2 * LIMITS.image_bytes + SMALL_BODY
_READ, _WRITE = ("profile", "read:accounts"), ("write:accounts",)

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/accounts/verify_credentials",
        handler=verify,
        auth=Auth.USER,
        scopes=_READ,
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=e.CredentialAccount,
        tag="accounts",
    ),
    Route(
        method="PATCH",
        path="/api/v1/accounts/update_credentials",
        handler=update,
        auth=Auth.USER,
        scopes=_WRITE,
        sees=Sees.OWN,
        rate=API,
        body=_PICTURES,
        params=UpdateParams,
        returns=e.CredentialAccount,
        tag="accounts",
    ),
    Route(
        method="GET",
        path="/api/v1/profile",
        handler=show_profile,
        auth=Auth.USER,
        scopes=_READ,
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=Profile,
        tag="accounts",
    ),
    Route(
        method="PATCH",
        path="/api/v1/profile",
        handler=update_profile,
        auth=Auth.USER,
        scopes=_WRITE,
        sees=Sees.OWN,
        rate=API,
        body=_PICTURES,
        params=UpdateParams,
        returns=Profile,
        tag="accounts",
    ),
    Route(
        method="DELETE",
        path="/api/v1/profile/avatar",
        handler=remove_avatar,
        auth=Auth.USER,
        scopes=_WRITE,
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=e.CredentialAccount,
        tag="accounts",
    ),
    Route(
        method="DELETE",
        path="/api/v1/profile/header",
        handler=remove_header,
        auth=Auth.USER,
        scopes=_WRITE,
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=e.CredentialAccount,
        tag="accounts",
    ),
)
