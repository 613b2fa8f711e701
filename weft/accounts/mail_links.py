"""Links sent by mail: they confirm an address or let somebody choose a new password. Each works once, for a while."""

from __future__ import annotations

from weft.accounts.events import MailWanted, UserChanged
from weft.accounts.mail_texts import mail_text
from weft.accounts.model import User
from weft.accounts.names import email_name, find_name, place_of, release_names, reserve_names, take_names
from weft.accounts.passwords import Passwords
from weft.accounts.profile import set_password
from weft.accounts.queries import find_account, find_user
from weft.accounts.secrets import bucket_in, digest, new_secret
from weft.infra.db import Db, Reader, Row, Tx
from weft.infra.mail import Mail, Mailer
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.settings import Settings

CONFIRM_MS = 2 * 86_400_000
RESET_MS = 3_600_000
NOBODY = AccountId(0)

INSERT = """
INSERT INTO mail_tokens (bucket, hash, account_id, kind, email, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def _new_link(db: Db, account_id: AccountId, kind: str, email: str) -> str:
    bucket = bucket_of(account_id)
    text = new_secret(bucket)
    lives_ms = CONFIRM_MS if kind == "confirm" else RESET_MS
    async with db.once(bucket) as run:
        await run.execute(INSERT, bucket, digest(text), account_id, kind, email, db.clock.now_ms() + lives_ms)
    return text


PATHS = {"confirm": "/auth/confirm?token=", "reset": "/auth/password/edit?token="}


async def send_mail(db: Db, mailer: Mailer, settings: Settings, event: MailWanted) -> None:
    """Write to somebody: the outbox's handler of ``MailWanted``. A second run sends a second link; both work."""
    async with db.read() as reader:
        account = await find_account(reader, event.account_id)
        user = await find_user(reader, event.account_id)
        holder = await find_name(reader, email_name(user.email)) if user is not None and user.email else None
    if account is None or account.gone or user is None or not user.email:
        return
    if holder not in (None, account.id):
        return  # the address is somebody else's, who was told when it was used
    path = "/auth/sign_in"
    if event.kind in PATHS:
        path = PATHS[event.kind] + await _new_link(db, account.id, event.kind, user.email)
    elif event.kind == "password_changed":
        path = "/auth/password/new"
    values = {"title": settings.title, "name": f"@{account.username}", "link": settings.url + path}
    subject, text = mail_text(event.kind, user.locale, values)
    await mailer.send(Mail(user.email, subject, text))


FIND = "SELECT account_id, kind, email, expires_ms FROM mail_tokens WHERE bucket = $1 AND hash = $2"


async def _require_link(reader: Reader, text: str, kind: str, now_ms: int) -> Row:
    bucket = bucket_in(text)
    row = await reader.row(FIND, bucket, digest(text)) if bucket is not None else None
    if row is None or row["kind"] != kind or row["expires_ms"] <= now_ms:
        raise NotFound("link.expired")
    return row


DELETE = "DELETE FROM mail_tokens WHERE bucket = $1 AND account_id = $2 AND kind = $3"
CONFIRM = "UPDATE users SET email = $3, confirmed_ms = $4, state = $5 WHERE bucket = $1 AND account_id = $2"
INVITED = "SELECT invited_by FROM users WHERE bucket = $1 AND account_id = $2"


async def confirm_email(db: Db, settings: Settings, text: str) -> AccountId:
    """Claim the address that a link was sent to, for the account that it was sent for.

    Raises:
        NotFound: no such link, or it was used, or it is too old.
        Invalid: another account claimed the address in the meantime.
    """
    async with db.read() as reader:
        link = await _require_link(reader, text, "confirm", db.clock.now_ms())
        account_id = AccountId(link["account_id"])
        user = await find_user(reader, account_id)
        invited_by = await reader.value(INVITED, bucket_of(account_id), account_id)
        name = email_name(link["email"])
        holder = await find_name(reader, name)
    if user is None:
        raise NotFound("link.expired")
    if holder != account_id:
        await reserve_names(db, [name], account_id)
    async with db.tx(bucket_of(account_id)) as tx:
        waits = settings.signup == "approval" and invited_by is None
        state = user.state if user.state != "unconfirmed" else "pending" if waits else "active"
        await tx.execute(CONFIRM, bucket_of(account_id), account_id, link["email"], tx.now_ms, state)
        await tx.execute(DELETE, bucket_of(account_id), account_id, "confirm")
        tx.emit(UserChanged(account_id=account_id))
    await take_names(db, [name], account_id)
    if user.confirmed_ms is not None and user.email and email_name(user.email) != name:
        await release_names(db, [email_name(user.email)], account_id)
    return account_id


async def want_reset(db: Db, email: str) -> None:
    """Send a link for a new password to whoever has the address; the same work is done where nobody has it."""
    name = email_name(email)
    async with db.read() as reader:
        account_id = await find_name(reader, name)
    async with db.tx(place_of(name)) as tx:
        tx.emit(MailWanted(account_id=account_id or NOBODY, kind="reset"))


async def check_reset(reader: Reader, text: str, now_ms: int) -> AccountId:
    """Whose password the link may change."""
    link = await _require_link(reader, text, "reset", now_ms)
    return AccountId(link["account_id"])


async def reset_password(db: Db, passwords: Passwords, text: str, password: str) -> AccountId:
    """Set the password that somebody chose by a mailed link. All that was signed in is signed out."""
    async with db.read() as reader:
        account_id = await check_reset(reader, text, db.clock.now_ms())
    passwords.check_password(password)
    hashed = await passwords.hash(password)
    async with db.tx(bucket_of(account_id)) as tx:
        await _require_link(tx, text, "reset", tx.now_ms)
        await set_password(tx, account_id, hashed)
    return account_id


CHANGE_EMAIL = "UPDATE users SET email = $3 WHERE bucket = $1 AND account_id = $2 AND state = 'unconfirmed'"


async def want_confirmation(tx: Tx, user: User, email: str | None = None) -> None:
    """Send the link again, to another address if one is given and none was confirmed yet."""
    if user.confirmed_ms is not None:
        raise Invalid("email.confirmed", field="email")
    bucket = bucket_of(user.account_id)
    if email:
        await tx.execute(DELETE, bucket, user.account_id, "confirm")
        await tx.execute(CHANGE_EMAIL, bucket, user.account_id, email)
        tx.emit(UserChanged(account_id=user.account_id))
    tx.emit(MailWanted(account_id=user.account_id, kind="confirm"))
