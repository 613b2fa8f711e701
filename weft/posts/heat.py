"""Which posts are liked so often at the moment that the likes would wait for one another at one counter's row."""

from __future__ import annotations

from weft.kernel.ids import PostId

HOT_RATE = 20
"""Changes a second, as one process sees them, beyond which a post is hot."""


class Heat:
    """One per process. It remembers no more than what changed within two seconds."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: dict[PostId, int] = {}
        self._hot: frozenset[PostId] = frozenset()
        """The posts that were hot in the second before."""

    def note(self, post_id: PostId, now_ms: int) -> bool:
        """Count one more change of the post; whether it is hot."""
        second = now_ms // 1000
        if second != self._second:
            follows = second == self._second + 1
            hot = (id_ for id_, count in self._counts.items() if count > HOT_RATE)
            self._hot = frozenset(hot) if follows else frozenset()
            self._second, self._counts = second, {}
        count = self._counts[post_id] = self._counts.get(post_id, 0) + 1
        return count > HOT_RATE or post_id in self._hot
