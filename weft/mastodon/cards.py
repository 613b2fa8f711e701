"""How link cards look on the wire."""

from __future__ import annotations

import msgspec

from weft.kernel.clock import rfc3339
from weft.mastodon import entities as e
from weft.mastodon.addresses import Addresses
from weft.previews.model import DAY_MS, Card, Trend
from weft.previews.service import HISTORY_DAYS


def preview_card(card: Card, at: Addresses) -> e.PreviewCard:
    page = card.page
    return e.PreviewCard(
        url=page.url,
        title=page.title,
        description=page.description,
        language=page.language or None,
        author_name=page.author,
        author_url=page.author_url,
        provider_name=page.site,
        provider_url=page.site_url,
        width=page.width,
        height=page.height,
        image=at.file(card.picture) if card.picture else None,
        image_description=page.picture_text,
        blurhash=page.blurhash,
        published_at=rfc3339(page.published_ms) if page.published_ms is not None else None,
        authors=[e.CardAuthor(page.author, page.author_url)] if page.author else [],
    )


def trending_link(trend: Trend, at: Addresses, now_ms: int) -> e.TrendingLink:
    """The link with the last seven days, today first."""
    today = now_ms // DAY_MS
    history = []
    for day in range(today, today - HISTORY_DAYS, -1):
        accounts, uses = trend.days.get(day, (0, 0))
        history.append(e.LinkDay(str(day * DAY_MS // 1000), str(accounts), str(uses)))
    return e.TrendingLink(**msgspec.structs.asdict(preview_card(trend.card, at)), history=history)
