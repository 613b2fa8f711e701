"""Invitations that people give: their links, how many there may be, and the mail that carries one."""

from __future__ import annotations

from weft.accounts.events import InvitationWanted
from weft.accounts.mail_texts import mail_text
from weft.accounts.model import Account, Invite
from weft.accounts.queries import find_account, find_user
from weft.accounts.sign_up import create_invite
from weft.infra.db import Db, Reader
from weft.infra.mail import Mail, Mailer, check_address
from weft.kernel.errors import Conflict, Forbidden
from weft.kernel.ids import AccountId, bucket_of
from weft.settings import Settings

MOST_OPEN = 50
MAIL_LIVES_S = 14 * 86_400
_STAFF = ("owner", "admin", "moderator")

LIST = """
SELECT code, account_id, uses, max_uses, expires_ms, created_ms FROM invites  -- shared
 WHERE account_id = $1 AND (max_uses IS NULL OR uses < max_uses) AND (expires_ms IS NULL OR expires_ms > $2)
 ORDER BY created_ms DESC LIMIT 200
"""


async def list_invites(reader: Reader, account_id: AccountId, now_ms: int) -> list[Invite]:
    """An account's invitations that still let somebody in, newest first."""
    rows = await reader.rows(LIST, account_id, now_ms)
    return [Invite(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def check_may_invite(settings: Settings, inviter: Account) -> None:
    """Refuse where nobody may sign up; where somebody reads each request, an invitation would go around that person,
    so only they may give one.

    Raises:
        Forbidden: no invitation of this account would let anybody in.
    """
    if settings.signup == "closed":
        raise Forbidden("sign_up.closed")
    if settings.signup == "approval" and inviter.role not in _STAFF:
        raise Forbidden("invite.staff")


async def give_invite(
    db: Db, settings: Settings, account_id: AccountId, *, max_uses: int | None, lives_s: int | None
) -> Invite:
    """A new invitation of somebody who is here.

    Raises:
        Forbidden: see ``check_may_invite``.
        Conflict: too many of theirs are open.
    """
    async with db.read() as reader:
        inviter = await find_account(reader, account_id)
        held = await list_invites(reader, account_id, db.clock.now_ms())
    if inviter is None:
        raise Forbidden("action.forbidden")
    check_may_invite(settings, inviter)
    if len(held) >= MOST_OPEN:
        raise Conflict("invite.too_many", limit=MOST_OPEN)
    return await create_invite(db, account_id, max_uses, lives_s)


async def mail_invite(db: Db, settings: Settings, account_id: AccountId, email: str) -> Invite:
    """An invitation for one person, sent to this address. Nobody learns whether the address is known here."""
    address = check_address(email.strip())
    invite = await give_invite(db, settings, account_id, max_uses=1, lives_s=MAIL_LIVES_S)
    async with db.tx(bucket_of(account_id)) as tx:
        tx.emit(InvitationWanted(account_id=account_id, email=address, code=invite.code))
    return invite


REVOKE = "DELETE FROM invites WHERE code = $1 AND account_id = $2 RETURNING code  -- shared"


async def revoke_invite(db: Db, account_id: AccountId, code: str) -> bool:
    """Let nobody in by this invitation any more, where it is the account's own."""
    async with db.once(0) as run:
        return await run.value(REVOKE, code, account_id) is not None


def invite_address(settings: Settings, code: str) -> str:
    return f"{settings.url}/auth/sign_up?invite={code}"


async def send_invitation(db: Db, mailer: Mailer, settings: Settings, event: InvitationWanted) -> None:
    """Write to whom somebody invited, unless the invitation was taken back. A second run sends the same link again."""
    async with db.read() as reader:
        inviter = await find_account(reader, event.account_id)
        user = await find_user(reader, event.account_id)
        held = await list_invites(reader, event.account_id, db.clock.now_ms())
    if inviter is None or inviter.gone or user is None or event.code not in {invite.code for invite in held}:
        return
    link = invite_address(settings, event.code)
    values = {"title": settings.title, "name": f"@{inviter.username}", "link": link}
    subject, text = mail_text("invitation", user.locale, values)
    await mailer.send(Mail(event.email, subject, text))
