"""What an owner, or staff, changes of an account: profile, preferences, role, state and its end."""

from __future__ import annotations

import msgspec

from weft.accounts.events import AccountEdited, AccountStateChanged, MailWanted, PicturesDropped, UserChanged
from weft.accounts.model import (
    MAX_BIO,
    MAX_DISPLAY_NAME,
    MAX_FIELD_NAME,
    MAX_FIELD_VALUE,
    MAX_FIELDS,
    MAX_IMAGE_DESCRIPTION,
    ROLES,
    AccountState,
    PreferencesEdit,
    ProfileEdit,
    Role,
    UserState,
)
from weft.accounts.names import Name, email_name, handle_name, release_names, retire_name
from weft.accounts.queries import find_account
from weft.accounts.tokens import end_access
from weft.infra.db import Db, Tx
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of

_encode = msgspec.json.Encoder().encode


def check_profile(edit: ProfileEdit) -> None:
    """Refuse what is longer than profiles are. The edge has cleaned the texts before."""
    lengths = (
        ("display_name", edit.display_name, MAX_DISPLAY_NAME),
        ("note", edit.bio, MAX_BIO),
        ("avatar_description", edit.avatar_description, MAX_IMAGE_DESCRIPTION),
        ("header_description", edit.header_description, MAX_IMAGE_DESCRIPTION),
    )
    for field, text, limit in lengths:
        if text is not None and len(text) > limit:
            raise Invalid("profile.too_long", field=field, limit=limit)
    fields = edit.fields or ()
    if len(fields) > MAX_FIELDS:
        raise Invalid("profile.too_many_fields", field="fields", limit=MAX_FIELDS)
    for line in fields:
        if len(line.name) > MAX_FIELD_NAME or len(line.value) > MAX_FIELD_VALUE:
            raise Invalid("profile.too_long", field="fields", limit=MAX_FIELD_VALUE)


UPDATE = """
UPDATE accounts SET
       display_name = coalesce($3, display_name), bio = coalesce($4, bio), fields = coalesce($5::jsonb, fields),
       avatar = coalesce($6, avatar), avatar_static = coalesce($7, avatar_static),
       avatar_description = coalesce($8, avatar_description),
       header = coalesce($9, header), header_static = coalesce($10, header_static),
       header_description = coalesce($11, header_description),
       kind = coalesce($12, kind), locked = coalesce($13, locked), discoverable = coalesce($14, discoverable),
       indexable = coalesce($15, indexable), hide_collections = coalesce($16, hide_collections),
       attribution_domains = coalesce($17::text[], attribution_domains), version = version + 1
 WHERE bucket = $1 AND id = $2 AND state IN ('active', 'limited')
"""


PICTURES = """
SELECT avatar, avatar_static, header, header_static FROM accounts WHERE bucket = $1 AND id = $2 FOR UPDATE
"""


async def _drop_pictures(tx: Tx, account_id: AccountId, *, avatar: bool, header: bool) -> None:
    """Let the pictures that are about to be replaced go, once and only if the transaction ends well."""
    row = await tx.row(PICTURES, bucket_of(account_id), account_id)
    if row is None:
        return
    old = (*(row[:2] if avatar else ()), *(row[2:] if header else ()))
    names = tuple(dict.fromkeys(name for name in old if name))
    if names:
        tx.emit(PicturesDropped(names=names))


async def edit_profile(tx: Tx, account_id: AccountId, edit: ProfileEdit) -> None:
    """Change what was given of a profile."""
    check_profile(edit)
    fields = _encode(edit.fields).decode() if edit.fields is not None else None
    avatar, avatar_static = edit.avatar or (None, None)
    header, header_static = edit.header or (None, None)
    if edit.avatar is not None or edit.header is not None:
        await _drop_pictures(tx, account_id, avatar=edit.avatar is not None, header=edit.header is not None)
    changed = await tx.execute(
        UPDATE,
        bucket_of(account_id),
        account_id,
        edit.display_name,
        edit.bio,
        fields,
        avatar,
        avatar_static,
        edit.avatar_description,
        header,
        header_static,
        edit.header_description,
        edit.kind,
        edit.locked,
        edit.discoverable,
        edit.indexable,
        edit.hide_collections,
        edit.attribution_domains,
    )
    if not changed:
        raise NotFound("account.absent")
    tx.emit(AccountEdited(account_id=account_id))


PREFER = """
UPDATE users SET locale = coalesce($3, locale), post_visibility = coalesce($4, post_visibility),
       post_sensitive = coalesce($5, post_sensitive), post_language = coalesce($6, post_language),
       quote_policy = coalesce($7, quote_policy)
 WHERE bucket = $1 AND account_id = $2
"""


async def edit_preferences(tx: Tx, account_id: AccountId, edit: PreferencesEdit) -> None:
    """Change a user's defaults for posts."""
    await tx.execute(
        PREFER,
        bucket_of(account_id),
        account_id,
        edit.locale,
        edit.post_visibility,
        edit.post_sensitive,
        edit.post_language,
        edit.quote_policy,
    )
    tx.emit(UserChanged(account_id=account_id))


SET_ROLE = "UPDATE accounts SET role = $3, version = version + 1 WHERE bucket = $1 AND id = $2 AND state <> 'deleted'"


async def set_role(tx: Tx, account_id: AccountId, role: Role) -> None:
    """Give a role; whatever was signed in with the old one is signed out."""
    if role not in ROLES:
        raise Invalid("role.unknown", field="role")
    if not await tx.execute(SET_ROLE, bucket_of(account_id), account_id, role):
        raise NotFound("account.absent")
    await end_access(tx, account_id)
    tx.emit(AccountEdited(account_id=account_id))


SET_STATE = """
UPDATE accounts SET state = $3, version = version + 1 WHERE bucket = $1 AND id = $2 AND state <> 'deleted'
"""


async def set_state(tx: Tx, account_id: AccountId, state: AccountState) -> None:
    """Limit, suspend or restore. A suspension ends every session and token; a restored user signs in again."""
    assert state != "deleted", "delete_account deletes"
    if not await tx.execute(SET_STATE, bucket_of(account_id), account_id, state):
        raise NotFound("account.absent")
    if state == "suspended":
        await end_access(tx, account_id)
    tx.emit(AccountStateChanged(account_id=account_id, state=state))


SET_USER_STATE = "UPDATE users SET state = $3 WHERE bucket = $1 AND account_id = $2"


async def set_user_state(tx: Tx, account_id: AccountId, state: UserState) -> None:
    """Let a login in, or keep it out; keeping it out ends what is signed in."""
    if not await tx.execute(SET_USER_STATE, bucket_of(account_id), account_id, state):
        raise NotFound("account.absent")
    if state == "disabled":
        await end_access(tx, account_id)
    tx.emit(UserChanged(account_id=account_id))


SET_PASSWORD = "UPDATE users SET password_hash = $3 WHERE bucket = $1 AND account_id = $2"
END_LINKS = "DELETE FROM mail_tokens WHERE bucket = $1 AND account_id = $2 AND kind = 'reset'"


async def set_password(tx: Tx, account_id: AccountId, password_hash: str, *, keep_session: bytes = b"") -> None:
    """Change a password: all else is signed out, links to change it are void, and a mail tells the owner."""
    if not await tx.execute(SET_PASSWORD, bucket_of(account_id), account_id, password_hash):
        raise NotFound("account.absent")
    await tx.execute(END_LINKS, bucket_of(account_id), account_id)
    await end_access(tx, account_id, keep_session=keep_session)
    tx.emit(UserChanged(account_id=account_id))
    tx.emit(MailWanted(account_id=account_id, kind="password_changed"))


EMPTY = """
UPDATE accounts SET state = 'deleted', display_name = '', bio = '', fields = '[]', avatar = '', avatar_static = '',
       avatar_description = '', header = '', header_static = '', header_description = '', attribution_domains = '{}',
       discoverable = false, indexable = false, role = 'member', version = version + 1
 WHERE bucket = $1 AND id = $2 AND state <> 'deleted'
"""
FORGET_USER = """
UPDATE users SET email = '', password_hash = NULL, state = 'disabled', sign_up_reason = '', notification_policy = '{}'
 WHERE bucket = $1 AND account_id = $2
"""
FORGET_LINKS = "DELETE FROM mail_tokens WHERE bucket = $1 AND account_id = $2"
EMAIL = "SELECT email FROM users WHERE bucket = $1 AND account_id = $2"
IDENTITIES = """
SELECT name FROM directory WHERE kind = 'oidc' AND target_id = $1  -- all buckets: an account is deleted once
"""


async def delete_account(db: Db, account_id: AccountId, *, keep_handle: bool = True) -> None:
    """End an account: nobody sees it or its posts from now on. Its handle stays kept; a job removes its posts."""
    bucket = bucket_of(account_id)
    async with db.read() as reader:
        account = await find_account(reader, account_id)
        email: str = await reader.value(EMAIL, bucket, account_id) or ""
        identities: list[str] = await reader.values(IDENTITIES, account_id)
    if account is None:
        raise NotFound("account.absent")
    async with db.tx(bucket) as tx:
        await _drop_pictures(tx, account_id, avatar=True, header=True)
        if await tx.execute(EMPTY, bucket, account_id):
            await tx.execute(FORGET_USER, bucket, account_id)
            await tx.execute(FORGET_LINKS, bucket, account_id)
            await end_access(tx, account_id)
            tx.emit(AccountStateChanged(account_id=account_id, state="deleted"))
    freed: list[Name] = [("oidc", name) for name in identities]
    if email:
        freed.append(email_name(email))
    if keep_handle:
        await retire_name(db, handle_name(account.username), account_id)
    else:
        freed.append(handle_name(account.username))
    await release_names(db, freed, account_id)


TOUCH = "UPDATE users SET seen_day = $3 WHERE bucket = $1 AND account_id = $2 AND seen_day < $3"


async def touch(tx: Tx, account_id: AccountId, day: int) -> None:
    """Count a user among those who were here on that day."""
    await tx.execute(TOUCH, bucket_of(account_id), account_id, day)
