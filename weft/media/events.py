"""What other slices learn of media."""

from __future__ import annotations

from weft.infra.events import Event


class EmojisChanged(Event):
    """The server's own emojis are others than before. A signal, never stored."""
