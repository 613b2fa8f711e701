"""Where browsers and apps want to be pushed to: one target for each token or session. Sending is in ``pushing``.

Also the server's own key pair, which tells push services who sends (RFC 8292): made once, kept in the database.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from weft.infra.db import Db, Reader, Row, Tx
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of

PushPolicy = Literal["all", "followed", "follower", "none"]
MAX_ENDPOINT = 2048
_POINT_BYTES = 65
_AUTH_BYTES = 16


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where one app is pushed to, and for what."""

    id: int
    endpoint: str
    key: str
    auth: str
    standard: bool = False
    alerts: dict[str, bool] = {}
    """By the names that apps use."""
    policy: PushPolicy = "all"


class NewTarget(msgspec.Struct, frozen=True, kw_only=True):
    endpoint: str
    key: str
    auth: str
    standard: bool = False
    listed: bool = False
    """The operator lists the endpoint's peer among those that may be private: it need not have a certificate."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    alerts: dict[str, bool] = {}
    policy: PushPolicy = "all"


def check_target(target: NewTarget) -> None:
    """Refuse an endpoint that is no web address and keys that are none (RFC 8291, section 3)."""
    try:
        parts = urlsplit(target.endpoint)
        secure = parts.scheme == "https" or (target.listed and parts.scheme == "http")
        usable = secure and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or len(target.endpoint) > MAX_ENDPOINT or not target.endpoint.isascii():
        raise Invalid("push.endpoint", field="subscription[endpoint]")
    point = decoded(target.key)
    if len(point) != _POINT_BYTES or point[0] != 4 or not _is_on_curve(point):
        raise Invalid("push.keys", field="subscription[keys][p256dh]")
    if len(decoded(target.auth)) != _AUTH_BYTES:
        raise Invalid("push.keys", field="subscription[keys][auth]")


def decoded(text: str) -> bytes:
    """A key as browsers and apps write it; empty where it is none."""
    plain = text.translate({ord("+"): "-", ord("/"): "_"}).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_on_curve(point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True


FIND = """
SELECT id, endpoint, key, auth, standard, alerts::text, policy FROM push_targets
 WHERE bucket = $1 AND account_id = $2 AND token_id = $3
"""


async def find_target(reader: Reader, account_id: AccountId, token_id: int) -> Target | None:
    row = await reader.row(FIND, bucket_of(account_id), account_id, token_id)
    return _target(row) if row is not None else None


REPLACE = """
INSERT INTO push_targets (bucket, account_id, token_id, id, endpoint, key, auth, standard, alerts, policy)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10)
ON CONFLICT (bucket, account_id, token_id) DO UPDATE SET id = excluded.id, endpoint = excluded.endpoint,
    key = excluded.key, auth = excluded.auth, standard = excluded.standard, alerts = excluded.alerts,
    policy = excluded.policy
RETURNING id, endpoint, key, auth, standard, alerts::text, policy
"""


async def put_target(db: Db, account_id: AccountId, token_id: int, new: NewTarget, wishes: Wishes) -> Target:
    """Push to this place from now on, instead of wherever the token's app was pushed to.

    Raises:
        Invalid: the endpoint or the keys cannot be pushed to.
    """
    check_target(new)
    bucket = bucket_of(account_id)
    place = new.endpoint, new.key, new.auth, new.standard
    async with db.once(bucket) as tx:
        row = await tx.row(
            REPLACE, bucket, account_id, token_id, tx.ids.new(bucket), *place, _text(wishes.alerts), wishes.policy
        )
    assert row is not None
    return _target(row)


CHANGE = """
UPDATE push_targets SET alerts = $4::text::jsonb, policy = $5 WHERE bucket = $1 AND account_id = $2 AND token_id = $3
RETURNING id, endpoint, key, auth, standard, alerts::text, policy
"""


async def change_wishes(db: Db, account_id: AccountId, token_id: int, wishes: Wishes) -> Target:
    """Change what is pushed.

    Raises:
        NotFound: nothing is pushed to the token's app.
    """
    bucket = bucket_of(account_id)
    async with db.once(bucket) as tx:
        row = await tx.row(CHANGE, bucket, account_id, token_id, _text(wishes.alerts), wishes.policy)
    if row is None:
        raise NotFound("record.absent")
    return _target(row)


DROP = """
DELETE FROM push_targets WHERE bucket = $1 AND account_id = $2 AND token_id = $3
"""

DROP_UNHELD = """
DELETE FROM push_targets t  -- all buckets: of a few accounts, or of all once a day
 WHERE ($1::bigint[] IS NULL OR (t.bucket = ANY($2::smallint[]) AND t.account_id = ANY($1)))
   AND NOT EXISTS (SELECT 1 FROM tokens k WHERE k.bucket = t.bucket AND k.id = t.token_id)
   AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.bucket = t.bucket AND s.id = t.token_id)
"""


async def drop_unheld(tx: Tx, accounts: Sequence[int] | None = None) -> None:
    """Forget the targets whose token or session has ended: of these accounts, or of everybody."""
    buckets = [bucket_of(id_) for id_ in accounts] if accounts is not None else None
    await tx.execute(DROP_UNHELD, list(accounts) if accounts is not None else None, buckets)


async def drop_target(db: Db, account_id: AccountId, token_id: int) -> None:
    async with db.once(bucket_of(account_id)) as tx:
        await tx.execute(DROP, bucket_of(account_id), account_id, token_id)


_encode = msgspec.json.Encoder().encode
read_alerts = msgspec.json.Decoder(dict[str, bool]).decode


def _text(alerts: dict[str, bool]) -> str:
    return _encode(alerts).decode()


def _target(row: Row) -> Target:
    names = "id", "endpoint", "key", "auth", "standard"
    values = dict(zip(names, row, strict=False))
    return Target(**values, alerts=read_alerts(row[5]), policy=row[6])


# ------------------------------------------------------------------------------------------------ the server's key

_NAME = "push.private_key"

FIND_VALUE = """
SELECT value FROM server_values WHERE name = $1  -- shared
"""

KEEP_VALUE = """
INSERT INTO server_values (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING  -- shared
"""


async def vapid_private_key(db: Db) -> ec.EllipticCurvePrivateKey:
    """The server's key, made at its first use. Of two processes that make one at once, both go on with the first."""
    async with db.read() as reader:
        text = await reader.value(FIND_VALUE, _NAME)
    if text is None:
        made = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        async with db.job() as tx:
            await tx.execute(KEEP_VALUE, _NAME, f"{made:064x}")
            text = await tx.value(FIND_VALUE, _NAME)
    return ec.derive_private_key(int(text, 16), ec.SECP256R1())


async def vapid_public_key(db: Db) -> str:
    """The public half as browsers want it: the uncompressed point in base64url without padding."""
    key = (await vapid_private_key(db)).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
