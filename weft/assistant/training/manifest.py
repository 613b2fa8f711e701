"""What a run was made from, without a word of it: counts, hashes, the window, and by what right."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from weft.assistant.training.consent import BASIS, TERMS
from weft.assistant.training.corpus import Sample, Split
from weft.kernel.clock import rfc3339


class AuthorPart(msgspec.Struct, frozen=True, kw_only=True):
    """One author's part. `author` and `content` are keyed hashes: only who has the run's key can tell whose it is.

    The counts stay with the operator: whoever counts what everybody wrote in public would know the author by them.
    """

    author: str
    posts: int
    characters: int
    content: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    since: str
    until: str
    consent_basis: str = BASIS
    consent_terms: int = TERMS
    agreed: int
    """Accounts that had agreed when the run began; those who wrote nothing that counts are among them."""
    read: int
    """Posts that were looked at; what became of those not taken is in `left_out`."""
    left_out: dict[str, int]
    taken_out: dict[str, int]
    """By kind: secrets, addresses and mentions that were taken out of texts."""
    languages: dict[str, int]
    train_posts: int
    held_out_posts: int
    threads: int
    cut: str
    share: float
    largest_share: float
    """Of what is learnt."""
    sha256: str
    """Of everything that is trained and measured on, in its order, keyed like the others: posts are public, and a plain
    one would tell whoever tries all parts of a small community who agreed."""
    authors: tuple[AuthorPart, ...]

    @property
    def writers(self) -> int:
        return len(self.authors)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What the way to the corpus counted."""

    agreed: int
    read: int
    left_out: Mapping[str, int]
    taken_out: Mapping[str, int]
    share: float


def keyed(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def published(manifest: Manifest) -> dict[str, object]:
    """What anybody may read of it."""
    parts = [{"author": part.author, "content": part.content} for part in manifest.authors]
    return {**msgspec.to_builtins(manifest), "authors": parts}


def manifest_of(split: Split, counts: Counts, window: tuple[int, int], key: bytes) -> Manifest:
    """`key` is drawn for the run and kept by the operator: it says whether somebody was in it, when they ask."""
    samples = (*split.train, *split.held_out)
    own: defaultdict[int, list[Sample]] = defaultdict(list)
    languages: defaultdict[str, int] = defaultdict(int)
    for sample in samples:
        own[sample.author_id].append(sample)
        languages[sample.language or "unknown"] += 1
    parts = [_part(author, written, key) for author, written in own.items()]
    learnt = Counter[int]()
    for sample in split.train:
        learnt[sample.author_id] += len(sample.text)
    return Manifest(
        since=rfc3339(window[0]),
        until=rfc3339(window[1]),
        agreed=counts.agreed,
        read=counts.read,
        left_out=dict(counts.left_out),
        taken_out=dict(counts.taken_out),
        languages=dict(sorted(languages.items())),
        train_posts=len(split.train),
        held_out_posts=len(split.held_out),
        threads=len({sample.thread for sample in samples}),
        cut=rfc3339(split.cut_ms),
        share=counts.share,
        largest_share=round(max(learnt.values(), default=0) / max(learnt.total(), 1), 4),
        sha256=hash_of(split, key),
        authors=tuple(sorted(parts, key=lambda part: part.author)),
    )


def _part(author_id: int, written: Sequence[Sample], key: bytes) -> AuthorPart:
    return AuthorPart(
        author=keyed(key, "author", str(author_id)),
        posts=len(written),
        characters=sum(len(sample.text) for sample in written),
        content=keyed(key, "content", *(sample.text for sample in written)),
    )


def hash_of(split: Split, key: bytes) -> str:
    encoder = msgspec.json.Encoder()
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in (split.train, split.held_out):
        for sample in part:
            digest.update(encoder.encode(sample) + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()
