"""Signs what a browser keeps for us between two pages, so that nobody can make or change it, and it does not last."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import TypeVar

import msgspec

from weft.infra.db import Db

T = TypeVar("T", bound=msgspec.Struct)

MAKE_KEY = """
INSERT INTO server_values (name, value) VALUES ('seal_key', $1)  -- shared
ON CONFLICT (name) DO UPDATE SET value = server_values.value RETURNING value
"""


class Seal:
    """Seals values under one key. The type's name is part of the seal: one kind of value does not pass for another."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def close(self, value: msgspec.Struct, until_ms: int) -> str:
        body = base64.urlsafe_b64encode(msgspec.json.encode((until_ms, value))).decode()
        return f"{body}.{self._sign(type(value).__name__, body)}"

    def open(self, text: str, kind: type[T], now_ms: int) -> T | None:
        """What was sealed; None where it is too old, of another kind, or not ours."""
        body, _, signature = text.partition(".")
        if not text.isascii() or not hmac.compare_digest(signature, self._sign(kind.__name__, body)):
            return None
        try:
            raw = base64.urlsafe_b64decode(body)
        except binascii.Error:
            return None
        until_ms, value = msgspec.json.decode(raw, type=tuple[int, kind])  # type: ignore[valid-type]
        return value if until_ms > now_ms else None

    def _sign(self, kind: str, body: str) -> str:
        return hmac.new(self._key, f"{kind}|{body}".encode(), hashlib.sha256).hexdigest()


async def load_seal(db: Db) -> Seal:
    """The server's seal; its key is made at the first start and shared by all workers."""
    async with db.once(0) as run:
        key: str = await run.value(MAKE_KEY, secrets.token_hex(32))
    return Seal(bytes.fromhex(key))
