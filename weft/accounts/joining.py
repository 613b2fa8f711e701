"""Sign-up with an account one has elsewhere. The identity makes a new account, or signs in to the one it made; it is
never tied to an account that was there before, unless its owner asks for it, signed in and with the password.
"""

from __future__ import annotations

from datetime import date

import msgspec

from weft.accounts.creation import create_account
from weft.accounts.model import MAX_DISPLAY_NAME, Account, NewAccount
from weft.accounts.names import email_name, find_name, reserve_names, take_names
from weft.accounts.oidc import Identity
from weft.accounts.sign_up import (
    ERR_ACCEPTED,
    MAX_REASON,
    Problems,
    age_problem,
    check_mode,
    create_or_give_back,
    first_state,
    refused,
    take_invite,
    write_to_new,
)
from weft.infra.db import Db, Reader
from weft.infra.mail import check_address
from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId
from weft.kernel.text.clean import clean_line
from weft.kernel.text.names import ERR_BLANK, ERR_TOO_LONG, MAX_USERNAME, check_username
from weft.settings import Settings


class Joining(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who comes with an identity fills in."""

    username: str
    agreement: bool = False
    reason: str = ""
    invite: str = ""
    date_of_birth: str = ""
    locale: str = "en"


async def find_identity(reader: Reader, identity: Identity) -> AccountId | None:
    """Whose identity it is."""
    return await find_name(reader, ("oidc", identity.key))


async def join(db: Db, settings: Settings, identity: Identity, form: Joining) -> Account:
    """Make an account for somebody who proved an identity elsewhere.

    Raises:
        Forbidden: nobody may sign up now, or the invitation is not valid.
        Invalid: ``sign_up.refused`` with ``problems`` by field, or ``oidc.taken``.
    """
    check_mode(settings, form.invite)
    problems = _problems_of(settings, form, db.clock.now().date())
    if problems:
        raise refused(problems)
    invited_by = await take_invite(db, form.invite) if form.invite else None
    email = _email_of(identity)
    # An address that the provider did not check is asked about, as with any other sign-up.
    confirmed = identity.email_verified or not email or not settings.confirm_email
    if not confirmed and await _is_used(db, email):
        email, confirmed = "", True
    new = NewAccount(
        username=form.username,
        email=email,
        display_name=clean_line(identity.name, MAX_DISPLAY_NAME),
        state=first_state(settings, confirmed=confirmed, invited=invited_by is not None),
        confirmed=confirmed,
        locale=form.locale,
        reason=form.reason,
        invited_by=invited_by,
        oidc=identity.key,
        picture=identity.picture if identity.picture.startswith(("https://", "http://")) else "",
    )
    account = await _create(db, new, form.invite)
    if not confirmed:
        await write_to_new(db, account.id, email)
    return account


def _problems_of(settings: Settings, form: Joining, today: date) -> Problems:
    """What is wrong with the form by itself. Whether the name is free is found out by reserving it."""
    problems: Problems = {}
    if wrong := check_username(form.username):
        problems["username"] = [wrong]
    if not form.agreement:
        problems["agreement"] = [ERR_ACCEPTED]
    if len(form.reason) > MAX_REASON:
        problems["reason"] = [ERR_TOO_LONG]
    elif settings.signup == "approval" and not form.invite and not form.reason.strip():
        problems["reason"] = [ERR_BLANK]
    if settings.min_age and (wrong := age_problem(form.date_of_birth, settings.min_age, today)):
        problems["date_of_birth"] = [wrong]
    return problems


async def _create(db: Db, new: NewAccount, invite: str) -> Account:
    """The account, without its address where somebody here has it: that account is not this person's for it. Taking
    the address tells whether it is free, so that nobody has to look first: a twelfth of a sign-up's CPU."""
    if new.email and new.confirmed:
        try:
            return await create_account(db, new)
        except Invalid as error:
            if error.code == "email.taken":
                new = msgspec.structs.replace(new, email="")
            # Anything else is found again below, and answered there.
    return await create_or_give_back(db, new, invite)


async def _is_used(db: Db, email: str) -> bool:
    async with db.read() as reader:
        return await find_name(reader, email_name(email)) is not None


def _email_of(identity: Identity) -> str:
    """The identity's address, if it is one."""
    if not identity.email:
        return ""
    try:
        return check_address(identity.email)
    except Invalid:
        return ""


async def link_identity(db: Db, account_id: AccountId, identity: Identity) -> None:
    """Let an identity sign in to an account whose owner has just proved to be it.

    Raises:
        Invalid: ``oidc.taken``: it signs in to another account.
    """
    async with db.read() as reader:
        if await find_identity(reader, identity) == account_id:
            return
    await reserve_names(db, [("oidc", identity.key)], account_id)
    await take_names(db, [("oidc", identity.key)], account_id)


def suggest_username(identity: Identity) -> str:
    """A user name like the one elsewhere, as far as names here allow it."""
    source = identity.username or identity.email.partition("@")[0] or identity.name
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in source.partition("@")[0])
    return kept.strip("_")[:MAX_USERNAME]
