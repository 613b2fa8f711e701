"""The addresses of things: pages, identities and files, from the base URL and the names in the rows."""

from __future__ import annotations

import datetime
from urllib.parse import quote

from weft.accounts.model import Account
from weft.kernel.text.entities import tag_key
from weft.posts.model import Post
from weft.settings import Settings

VISIBILITIES = ("public", "unlisted", "private", "direct")


class Addresses:
    """Built once per worker; every method is a pure function of its arguments."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.url
        self.domain = settings.domain.lower()
        self.media_base = (settings.media_url or settings.url).rstrip("/") + "/media/"
        self.tag_base = f"{self.base}/tags/"
        self.missing_avatar = f"{self.base}/avatars/original/missing.png"
        self.missing_header = f"{self.base}/headers/original/missing.png"

    def profile(self, account: Account) -> str:
        return f"{self.base}/@{account.handle}"

    def actor(self, account: Account) -> str:
        return f"{self.base}/users/{account.username}"

    def post(self, post: Post, author: Account) -> str:
        return f"{self.base}/@{author.handle}/{post.id}"

    def post_object(self, post: Post, author: Account) -> str:
        return f"{self.base}/users/{author.username}/statuses/{post.id}"

    def tag(self, name: str) -> str:
        """Spelled exactly as in a post's HTML: apps find the tag of a link by its address."""
        return self.tag_base + quote(tag_key(name), safe="")

    def file(self, name: str) -> str:
        return f"{self.media_base}{name}"


def day(ms: int) -> str:
    """``YYYY-MM-DD``"""
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).date().isoformat()
