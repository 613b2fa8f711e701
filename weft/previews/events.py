"""What link cards ask for, and what others learn of them."""

from __future__ import annotations

from weft.infra.events import Event
from weft.kernel.ids import PostId


class CardWanted(Event):
    """A page is to be asked what it says of itself. An errand fetches it."""

    card_id: int


class CardsChanged(Event):
    """The cards of these posts came, changed or went. A signal, never stored."""

    post_ids: tuple[PostId, ...]
