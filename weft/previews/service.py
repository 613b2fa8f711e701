"""The door of the link cards: reading them."""

from weft.previews.queries import HISTORY_DAYS, load_cards, trending_cards

__all__ = ["HISTORY_DAYS", "load_cards", "trending_cards"]
