"""Secrets that people and apps carry: tokens, cookies, codes and links. Each text begins with three hex digits of the
bucket its row lies in, so that one look-up finds it; only its hash is stored.
"""

from __future__ import annotations

import hashlib
import secrets

from weft.kernel.ids import BUCKETS

LENGTH = 46


def new_secret(bucket: int) -> str:
    return f"{bucket:03x}{secrets.token_urlsafe(32)}"


def bucket_in(text: str) -> int | None:
    """Where the secret's row would lie; None for a text that is no secret of ours."""
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        bucket = int(text[:3], 16)
    except ValueError:
        return None
    return bucket if 0 <= bucket < BUCKETS else None


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
