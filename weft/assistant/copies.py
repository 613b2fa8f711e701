"""Finds the same post from many hands: the same words, or nearly the same meaning, from several accounts in a day.

Pure. Short texts are left out: that many people wish a good morning means nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import regex

from weft.assistant.marks import weight
from weft.assistant.vectors import Floats
from weft.kernel.ids import AccountId, PostId, ms_of
from weft.kernel.text.terms import fold

ALIKE: Final = 0.95
"""Cosine from which two posts are the same with other words in between."""
WINDOW_MS: Final = 24 * 3_600_000
LEAST_ACCOUNTS: Final = 3
"""That wrote the same before a person is asked; of new ones two are enough."""
LEAST_WEIGHT: Final = 40
"""Letters of a text that is long enough to be compared; a syllable of Hangul counts as two."""
_ADDRESSES = regex.compile(r"https?://\S+|(?<![\w/])@[\w.@-]+")


class Written(msgspec.Struct, frozen=True):
    """A post as it is compared."""

    post_id: PostId
    author_id: AccountId
    is_new: bool
    """Its author is new here."""
    mark: bytes

    @property
    def at_ms(self) -> int:
        return ms_of(self.post_id)


def mark_of(text: str) -> bytes:
    """The same for texts that differ in case, marks, links and who is called; empty for what is too short."""
    bare = fold(_ADDRESSES.sub(" ", text))
    return hashlib.blake2b(bare.encode(), digest_size=16).digest() if weight(bare) >= LEAST_WEIGHT else b""


def copies_of(at: int, posts: Sequence[Written], vectors: Floats) -> list[int]:
    """Places of the posts that say what the one at ``at`` says, itself among them; empty where that is no crowd.

    A row of zeros is a post that no model read. One account that repeats itself is annoying and no crowd.
    """
    post = posts[at]
    if not post.mark:
        return []
    near = vectors @ vectors[at] >= ALIKE if vectors.shape[1] else np.zeros(len(posts), bool)
    group = [
        place
        for place, other in enumerate(posts)
        if other.mark and (other.mark == post.mark or near[place]) and abs(other.at_ms - post.at_ms) <= WINDOW_MS
    ]
    authors = {posts[place].author_id for place in group}
    least = 2 if all(posts[place].is_new for place in group) else LEAST_ACCOUNTS
    return group if len(authors) >= least else []
