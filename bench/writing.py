"""The scenarios that write: posts with everything they cause, likes without their notification, follows, sign-ups."""

from __future__ import annotations

import msgspec

from bench.bars import OTHER
from bench.measure import Target, Value, measure
from bench.reading import Entity, posting
from bench.report import Result
from bench.wire import Request

POSTS = 3000
AUTHORS = 200
READERS = 160
FOLLOWS = 1500
WORDS = (
    "river stone morning paper window garden letter bridge winter kitchen lantern harbour meadow copper thunder".split()
)


def text_of(n: int) -> str:
    """About 120 characters with one tag, none like another."""
    words = " ".join(WORDS[(n * 7 + k * (n % 11 + 1)) % len(WORDS)] for k in range(20))
    return f"{n} {words}"[:107].rstrip() + f" #tag{n % 100}"


def post(target: Target) -> list[Result]:
    """Ordinary posts by many accounts, until the outbox is empty; then the same by one that everybody follows."""
    authors = target.tokens[:AUTHORS]
    requests = [posting(authors[n % len(authors)], text_of(n)) for n in range(POSTS)]
    plain = measure(target, "post", requests, count=POSTS, warm_up=200, after=target.settle)
    if not target.celebrity_token or plain.cpu_us is None:
        return [plain]
    requests = [posting(target.celebrity_token, text_of(n)) for n in range(POSTS // 2)]
    loved = measure(target, "post_celebrity", requests, count=POSTS // 2, warm_up=100, after=target.settle)
    ratio = (loved.cpu_us or 0.0) / plain.cpu_us
    bar = OTHER["celebrity / post"]
    return [plain, loved, Value(name="celebrity / post", value=ratio, unit="x", bar=str(bar), passed=bar.holds(ratio))]


def like(target: Target) -> list[Result]:
    """Likes of what people have just read, request and commit. What likes cause is counted apart: the dispatcher is
    held back until they are in."""
    requests = _likes(target)
    target.settle()
    server = target.server
    if server is None:
        return [measure(target, "like", requests, count=len(requests), warm_up=0)]
    with server.dispatcher_held():
        series = measure(target, "like", requests, count=len(requests), warm_up=0)
        waiting = server.backlog()
    before = server.cpu_us()
    server.wake()
    server.drain()
    caused = (server.cpu_us() - before) / max(series.requests, 1)
    return [series, Value(name="like, its effects", value=caused, unit="us", note=f"{waiting} events, counted apart")]


def _likes(target: Target) -> list[Request]:
    """Each of some readers reads a page of the public timeline, and likes everything on it."""
    readers = target.tokens[AUTHORS : AUTHORS + READERS] or target.tokens
    pages: list[list[str]] = []
    for token in readers:
        older = f"&max_id={pages[-1][-1]}" if pages and len(pages) % 20 else ""
        read = Request(path=f"/api/v1/timelines/public?limit=20{older}", token=token)
        pages.append([each.id for each in msgspec.json.decode(target.ask([read])[0].body, type=list[Entity])])
    together = [(token, id_) for token, page in zip(readers, pages, strict=True) for id_ in page]
    # In turn, as people do: not one reader's likes after another's.
    together = [pair for n in range(len(readers)) for pair in together[n :: len(readers)]]
    return [Request(method="POST", path=f"/api/v1/statuses/{id_}/favourite", token=token) for token, id_ in together]


def follow(target: Target) -> list[Result]:
    if not target.ids:
        return []
    count = len(target.ids)
    pairs = [(n % count, (n * 37 + 1 + n // count) % count) for n in range(FOLLOWS)]
    requests = [
        Request(method="POST", path=f"/api/v1/accounts/{target.ids[other]}/follow", token=target.tokens[own])
        for own, other in pairs
        if own != other
    ]
    return [measure(target, "follow", requests, count=len(requests), warm_up=0, after=target.settle)]
