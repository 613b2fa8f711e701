"""From filtered posts to what a model learns and what it is measured on: doubles out, shares capped, threads split.

Pure. The rules hold for whatever comes in, and are tested on random communities.
"""

from __future__ import annotations

import heapq
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
import regex

from weft.kernel.errors import Invalid
from weft.kernel.ids import ms_of

SHARE: Final = 0.05
"""Of all characters, at most this part is one author's, in a community that is large enough."""
HELD_OUT: Final = 0.1

_SIGNS = regex.compile(r"[\W_]+")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One filtered post. `thread` is the id of the thread's first post, whether that is exported or not."""

    post_id: int
    author_id: int
    thread: int
    text: str
    language: str = ""

    @property
    def begun_ms(self) -> int:
        """When its thread began."""
        return min(ms_of(self.thread), self.at_ms)

    @property
    def at_ms(self) -> int:
        return ms_of(self.post_id)


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in `train` is older than everything in `held_out`, and no thread has a post in both."""

    train: tuple[Sample, ...]
    held_out: tuple[Sample, ...]
    cut_ms: int
    dropped: int
    """Later posts of threads that began before the cut: they may be in neither part."""


def sameness(text: str) -> str:
    """What two texts share that are the same but for case, signs, spaces and the width of letters."""
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def without_doubles(samples: Iterable[Sample]) -> list[Sample]:
    """The oldest of each text, in the order of time."""
    kept: dict[str, Sample] = {}
    for sample in sorted(samples, key=lambda sample: sample.post_id):
        kept.setdefault(sameness(sample.text), sample)
    return list(kept.values())


def share_for(authors: int, share: float = SHARE) -> float:
    """The cap that so few authors can keep: twice an even part, where that is more than the cap itself."""
    return min(1.0, max(share, 2 / authors)) if authors else 1.0


def with_capped_shares(samples: Sequence[Sample], share: float = SHARE) -> list[Sample]:
    """Without the oldest posts of those who wrote too large a part. Everybody keeps their newest post."""
    own: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: -sample.post_id):
        own[sample.author_id].append(sample)
    cap = share_for(len(own), share)
    sizes = Counter({author: sum(len(sample.text) for sample in written) for author, written in own.items()})
    total = sizes.total()
    largest = [(-size, author) for author, size in sizes.items()]
    heapq.heapify(largest)
    while largest and -largest[0][0] > cap * total:
        negative, author = heapq.heappop(largest)
        if len(own[author]) == 1:
            continue
        gone = len(own[author].pop().text)
        total -= gone
        heapq.heappush(largest, (negative + gone, author))
    return sorted((sample for written in own.values() for sample in written), key=lambda sample: sample.post_id)


def capped_for_learning(parts: Split, share: float = SHARE) -> Split:
    """The same with shares capped in what is learnt: of whoever wrote little there the split may have left more out."""
    return msgspec.structs.replace(parts, train=tuple(with_capped_shares(parts.train, share)))


def split(samples: Sequence[Sample], part: float = HELD_OUT) -> Split:
    """Hold the newest threads out.

    Raises:
        Invalid: there are not two threads of different times.
    """
    begun: dict[int, int] = {}
    for sample in samples:
        begun[sample.thread] = min(begun.get(sample.thread, sample.begun_ms), sample.begun_ms)
    sizes = Counter(begun[sample.thread] for sample in samples)
    wanted, held = max(1.0, part * len(samples)), 0
    cut_ms = 0
    for start in sorted(_possible(samples, begun), reverse=True):
        cut_ms, held = start, held + sizes[start]
        if held >= wanted:
            break
    train = tuple(sample for sample in samples if begun[sample.thread] < cut_ms and sample.at_ms < cut_ms)
    held_out = tuple(sample for sample in samples if begun[sample.thread] >= cut_ms > 0)
    if not train or not held_out:
        raise Invalid("training.too_little", samples=len(samples))
    return Split(train=train, held_out=held_out, cut_ms=cut_ms, dropped=len(samples) - len(train) - len(held_out))


def _possible(samples: Sequence[Sample], begun: Mapping[int, int]) -> Iterator[int]:
    """The times at which a thread began and before which something was written in an older one."""
    first: dict[int, int] = {}
    for sample in samples:
        start = begun[sample.thread]
        first[start] = min(first.get(start, sample.at_ms), sample.at_ms)
    oldest: int | None = None
    for start in sorted(first):
        if oldest is not None and oldest < start:
            yield start
        oldest = first[start] if oldest is None else min(oldest, first[start])


def documents(samples: Iterable[Sample]) -> list[str]:
    """What is read in one go: the posts of a thread, in their order, threads in the order of their beginning."""
    threads: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.post_id):
        threads[sample.thread].append(sample)
    return ["\n\n".join(sample.text for sample in threads[thread]) for thread in sorted(threads)]
