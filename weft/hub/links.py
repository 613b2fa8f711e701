"""The secrets of the hub: the token of a request, which its maker keeps, a second one in letters, and signed links to
one file each.

A link is bound to the request, the model, the file's name and its hash, and lasts a day. Whoever follows one is also
looked up: a request that was withdrawn, rejected or deleted ends its links at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

import msgspec

from weft.accounts.service import Seal
from weft.hub.model import LINK_MS, File, Model, Request
from weft.kernel.ids import parse_id

API: Final = "/api/weft/v1/hub"
_SECRET_BYTES: Final = 18
_LONGEST: Final = 1024


class HubLink(msgspec.Struct, frozen=True, array_like=True):
    """What a link says; its seal keeps anybody from saying something else."""

    request_id: int
    model: str
    file: str
    sha256: str


class MailedKey(msgspec.Struct, frozen=True, array_like=True):
    """The key to a request that a letter holds: of the one that its maker got only the hash is kept."""

    request_id: int


class Links:
    """Makes links and opens them."""

    def __init__(self, seal: Seal, url: str) -> None:
        self._seal = seal
        self._url = url

    def file_url(self, request: Request, model: Model, file: File, until_ms: int) -> str:
        link = HubLink(request.id, model.name, file.name, file.sha256)
        token = self._seal.close(link, until_ms)
        return f"{self._url}{API}/models/{quote(model.name)}/files/{quote(file.name)}?token={quote(token, safe='')}"

    def open(self, token: str, model: str, file: str, now_ms: int) -> HubLink | None:
        """What a link for this file says; None where it is too old, for something else, or not ours."""
        if len(token) > _LONGEST or not token.isascii():
            return None
        link = self._seal.open(token, HubLink, now_ms)
        return link if link is not None and (link.model, link.file) == (model, file) else None

    def mailed_token(self, request: Request) -> str:
        """A second key to a request, for the letter that says that it was approved; good until the request ends."""
        return self._seal.close(MailedKey(request.id), request.ends_ms)

    def open_mailed(self, token: str, now_ms: int) -> int | None:
        """The request that a mailed key is for; None where it is too old or not ours."""
        if len(token) > _LONGEST or not token.isascii():
            return None
        key = self._seal.open(token, MailedKey, now_ms)
        return key.request_id if key is not None else None

    def request_url(self, token: str) -> str:
        return f"{self._url}{API}/requests/{quote(token)}"

    def page_url(self, token: str) -> str:
        return f"{self._url}/hub/requests/{quote(token)}"

    def model_url(self, name: str) -> str:
        return f"{self._url}/hub/{quote(name)}"


def link_end_ms(request: Request, now_ms: int) -> int:
    return min(now_ms + LINK_MS, request.ends_ms)


def new_secret() -> tuple[str, bytes]:
    """A secret as its owner gets it, and as it is kept."""
    text = base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return text, hash_of(text)


def hash_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def token_of(request_id: int, secret: str) -> str:
    return f"{request_id}-{secret}"


def read_token(token: str) -> tuple[int, str] | None:
    """The request and the secret that a token names; None for a text that is none."""
    number, _, secret = token.partition("-")
    id_ = parse_id(number)
    return (id_, secret) if id_ is not None and 0 < len(secret) <= 64 and secret.isascii() else None


def is_secret_of(request: Request, secret: str) -> bool:
    return hmac.compare_digest(request.secret, hash_of(secret))
