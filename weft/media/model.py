"""What an attachment is, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from weft.kernel.ids import AccountId, MediaId, PostId

MediaState = Literal["processing", "ready", "failed"]
MediaKind = Literal["image", "gifv", "video", "audio", "unknown"]

MAX_DESCRIPTION = 1500
MAX_ATTACHMENTS = 4
CAPTIONS = "captions:"
"""Begins the name of a file's role that holds captions; the language follows."""


class Media(msgspec.Struct, frozen=True, kw_only=True):
    id: MediaId
    account_id: AccountId
    post_id: PostId | None = None
    state: MediaState
    kind: MediaKind = "unknown"
    description: str | None = None
    focus: tuple[float, float] | None = None
    meta: Mapping[str, Any] = {}
    """The ``original`` and ``small`` parts of the client API's ``meta``; the focus is kept apart."""
    blurhash: str | None = None
    files: Mapping[str, str] = {}
    """Blob name by role: ``original``, ``small``, and ``captions:`` with a language."""

    @property
    def captions(self) -> dict[str, str]:
        """Blob names of captions by language."""
        return {role.removeprefix(CAPTIONS): name for role, name in self.files.items() if role.startswith(CAPTIONS)}
