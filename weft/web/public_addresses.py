"""The addresses that public pages carry, whole as search engines and other sites need them."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from weft.accounts.model import Account
from weft.kernel.ids import parse_id
from weft.kernel.text.entities import tag_key
from weft.posts.model import Post
from weft.settings import Settings


class Addresses:
    """Every method is a pure function of the settings and its arguments."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.url
        self.domain = settings.domain.lower()
        self.tag_base = f"{self.base}/tags/"
        self.media_origin = ""
        """For a content security policy: a space and the origin of the files, where that is not our own."""
        if settings.media_url:
            scheme, _, rest = settings.media_url.partition("://")
            self.media_origin = f" {scheme}://{rest.partition('/')[0]}"
        self._media_base = (settings.media_url or settings.url).rstrip("/") + "/media/"

    def profile(self, account: Account) -> str:
        return f"{self.base}/@{account.handle}"

    def post(self, post: Post, author: Account) -> str:
        return f"{self.base}/@{author.handle}/{post.id}"

    def tag(self, key: str) -> str:
        return self.tag_base + quote(key, safe="")

    def file(self, name: str) -> str:
        return f"{self._media_base}{name}"

    def avatar(self, account: Account) -> str:
        name = account.avatar_static or account.avatar
        return self.file(name) if name else f"{self.base}/avatars/original/missing.png"

    def header(self, account: Account) -> str:
        """The banner; empty where the account has none."""
        name = account.header_static or account.header
        return self.file(name) if name else ""

    def whole_handle(self, account: Account) -> str:
        """``@ann@here.example``: a handle that says everywhere who is meant."""
        return f"@{account.username}@{account.host or self.domain}"

    def find_post(self, url: str) -> tuple[str, int] | None:
        """The handle and the post in one of our own addresses, ``/@ann/1`` or ``/@ann/1/embed``."""
        if not url.startswith(f"{self.base}/@"):
            return None
        segments = unquote(urlsplit(url[len(self.base) :]).path).strip("/").split("/")
        if len(segments) not in (2, 3) or segments[2:] not in ([], ["embed"]):
            return None
        id_ = parse_id(segments[1])
        return (segments[0][1:], id_) if id_ is not None else None


def key_of_tag(name: str) -> str:
    """A tag as somebody typed it into the address, in the form by which tags are compared."""
    return tag_key(name.strip().removeprefix("#"))
