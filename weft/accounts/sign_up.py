"""Sign-up: who may have an account here, in the four modes, and the invitations and the queue that belong to them."""

from __future__ import annotations

import secrets
from datetime import date

import msgspec

from weft.accounts.creation import create_account
from weft.accounts.events import MailWanted
from weft.accounts.model import Account, Invite, NewAccount, UserState, Waiting
from weft.accounts.names import email_name, find_name, handle_name, is_name_known
from weft.accounts.passwords import Passwords
from weft.accounts.profile import delete_account, set_user_state
from weft.accounts.queries import find_user, waiting_rows
from weft.infra.db import Db, Reader, Tx
from weft.infra.mail import check_address
from weft.kernel.errors import Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.kernel.text.names import ERR_BLANK, ERR_INVALID, ERR_TOO_LONG, check_username
from weft.settings import Settings

ERR_TAKEN = "ERR_TAKEN"
ERR_ACCEPTED = "ERR_ACCEPTED"
ERR_TOO_SHORT = "ERR_TOO_SHORT"
ERR_BELOW_LIMIT = "ERR_BELOW_LIMIT"
ERR_BREACHED = "ERR_BREACHED"
MAX_REASON = 500
MAX_INVITE = 64
LOCALES = ("en", "vi", "ko")

Problems = dict[str, list[str]]


class SignUp(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody fills in to get an account."""

    username: str = ""
    email: str = ""
    password: str = ""
    agreement: bool = False
    locale: str = "en"
    reason: str = ""
    invite: str = ""
    date_of_birth: str = ""


def refused(problems: Problems) -> Invalid:
    """All that is wrong at once, by field, so that people correct a form once."""
    return Invalid("sign_up.refused", problems=problems)


async def sign_up(db: Db, passwords: Passwords, settings: Settings, form: SignUp) -> Account:
    """Make an account for somebody who chose a password.

    Raises:
        Forbidden: nobody may sign up now, or the invitation is not valid.
        Invalid: ``sign_up.refused`` with ``problems`` by field.
    """
    check_mode(settings, form.invite)
    problems = check_form(form, passwords, settings, db.clock.now().date())
    async with db.read() as reader:
        await _check_names(reader, form, settings, problems)
    if problems:
        raise refused(problems)
    hashed = await passwords.hash(form.password)
    invited_by = await take_invite(db, form.invite) if form.invite else None
    new = NewAccount(
        username=form.username,
        email=check_address(form.email.strip()),
        password_hash=hashed,
        state=first_state(settings, confirmed=not settings.confirm_email, invited=invited_by is not None),
        confirmed=not settings.confirm_email,
        locale=form.locale if form.locale in LOCALES else "en",
        reason=form.reason,
        invited_by=invited_by,
    )
    account = await create_or_give_back(db, new, form.invite)
    if settings.confirm_email:
        await write_to_new(db, account.id, new.email)
    return account


def check_mode(settings: Settings, invite: str) -> None:
    """Refuse everybody when sign-ups are closed, and those without a code where one is needed."""
    if settings.signup == "closed":
        raise Forbidden("sign_up.closed")
    if settings.signup == "invite" and not invite:
        raise Forbidden("invite.needed")


def first_state(settings: Settings, *, confirmed: bool, invited: bool) -> UserState:
    """What a new login may do: first the address is confirmed, then somebody approves."""
    if not confirmed:
        return "unconfirmed"
    return "pending" if settings.signup == "approval" and not invited else "active"


def check_form(form: SignUp, passwords: Passwords, settings: Settings, today: date) -> Problems:
    """What is wrong with a form by itself, without looking anybody up."""
    problems: Problems = {}
    if wrong := check_username(form.username):
        problems["username"] = [wrong]
    if wrong := _email_problem(form.email):
        problems["email"] = [wrong]
    if wrong := _password_problem(form.password, passwords):
        problems["password"] = [wrong]
    if not form.agreement:
        problems["agreement"] = [ERR_ACCEPTED]
    if len(form.reason) > MAX_REASON:
        problems["reason"] = [ERR_TOO_LONG]
    elif settings.signup == "approval" and not form.invite and not form.reason.strip():
        problems["reason"] = [ERR_BLANK]
    if settings.min_age and (wrong := age_problem(form.date_of_birth, settings.min_age, today)):
        problems["date_of_birth"] = [wrong]
    return problems


def _email_problem(email: str) -> str:
    if not email.strip():
        return ERR_BLANK
    try:
        check_address(email.strip())
    except Invalid:
        return ERR_INVALID
    return ""


def _password_problem(password: str, passwords: Passwords) -> str:
    if not password:
        return ERR_BLANK
    codes = {"password.too_short": ERR_TOO_SHORT, "password.too_long": ERR_TOO_LONG, "password.breached": ERR_BREACHED}
    try:
        passwords.check_password(password)
    except Invalid as error:
        return codes[error.code]
    return ""


def age_problem(text: str, min_age: int, today: date) -> str:
    if not text.strip():
        return ERR_BLANK
    try:
        born = date.fromisoformat(text.strip()[:10])
    except ValueError:
        return ERR_INVALID
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return ERR_BELOW_LIMIT if age < min_age else ""


async def _check_names(reader: Reader, form: SignUp, settings: Settings, problems: Problems) -> None:
    if "username" not in problems and await is_name_known(reader, handle_name(form.username)):
        problems["username"] = [ERR_TAKEN]
    # With confirmation a used address is not told: its owner learns of it by mail.
    if "email" in problems or settings.confirm_email:
        return
    if await find_name(reader, email_name(form.email)) is not None:
        problems["email"] = [ERR_TAKEN]


async def create_or_give_back(db: Db, new: NewAccount, invite: str) -> Account:
    """Make the account; where somebody was quicker with its name, give the invitation back and tell it like a form."""
    try:
        return await create_account(db, new)
    except Invalid as error:
        if invite:
            await give_invite_back(db, invite)
        field = error.values.get("field")
        if isinstance(field, str) and error.code in ("username.taken", "email.taken"):
            raise refused({field: [ERR_TAKEN]}) from None
        raise


async def write_to_new(db: Db, account_id: AccountId, email: str) -> None:
    """Send the link to confirm the address, or tell its owner that somebody used it."""
    async with db.read() as reader:
        owner = await find_name(reader, email_name(email))
    wanted = MailWanted(account_id=account_id, kind="confirm")
    if owner is not None:
        wanted = MailWanted(account_id=owner, kind="address_used")
    async with db.tx(bucket_of(wanted.account_id)) as tx:
        tx.emit(wanted)


INSERT_INVITE = """
INSERT INTO invites (code, account_id, max_uses, expires_ms, created_ms) VALUES ($1, $2, $3, $4, $5)  -- shared
"""


async def create_invite(db: Db, account_id: AccountId, max_uses: int | None = 1, lives_s: int | None = None) -> Invite:
    """A code by which others may sign up; None is without end."""
    code = secrets.token_urlsafe(12)
    now_ms = db.clock.now_ms()
    expires_ms = now_ms + lives_s * 1000 if lives_s is not None else None
    async with db.once(0) as run:
        await run.execute(INSERT_INVITE, code, account_id, max_uses, expires_ms, now_ms)
    return Invite(code, account_id, 0, max_uses, expires_ms, now_ms)


TAKE_INVITE = """
UPDATE invites SET uses = uses + 1  -- shared
 WHERE code = $1 AND (max_uses IS NULL OR uses < max_uses) AND (expires_ms IS NULL OR expires_ms > $2)
RETURNING account_id
"""


async def take_invite(db: Db, code: str) -> AccountId:
    """Use a code once; gives back who invited."""
    async with db.once(0) as run:
        found: int | None = await run.value(TAKE_INVITE, code[:MAX_INVITE], db.clock.now_ms())
    if found is None:
        raise Forbidden("invite.invalid")
    return AccountId(found)


GIVE_BACK = "UPDATE invites SET uses = uses - 1 WHERE code = $1 AND uses > 0  -- shared"


async def give_invite_back(db: Db, code: str) -> None:
    async with db.once(0) as run:
        await run.execute(GIVE_BACK, code[:MAX_INVITE])


async def list_waiting(reader: Reader, limit: int = 100) -> list[Waiting]:
    """Who waits for approval, longest first."""
    rows = await waiting_rows(reader, limit)
    return [Waiting(row[0], row[1], row[2], row[3], row[4]) for row in rows]


async def approve(tx: Tx, account_id: AccountId) -> None:
    """Let somebody in who waits."""
    user = await find_user(tx, account_id)
    if user is None or user.state != "pending":
        raise NotFound("account.absent")
    await set_user_state(tx, account_id, "active")
    tx.emit(MailWanted(account_id=account_id, kind="approved"))


async def reject(db: Db, account_id: AccountId) -> None:
    """Turn somebody away who waits; the handle is free again."""
    async with db.read() as reader:
        user = await find_user(reader, account_id)
    if user is None or user.state != "pending":
        raise NotFound("account.absent")
    await delete_account(db, account_id, keep_handle=False)
