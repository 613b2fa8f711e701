"""What other slices learn of media."""

from __future__ import annotations

from weft.accounts.events import OfAccount
from weft.infra.events import Event
from weft.kernel.ids import PostId


class EmojisChanged(Event):
    """The server's own emojis are others than before. A signal, never stored."""


class MediaChanged(OfAccount):
    """An attachment of a post changed without an edit: captions came or went. A signal, never stored."""

    post_id: PostId
