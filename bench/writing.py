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
LIKES = 3000
FOLLOWS = 1500
PAGES = 80
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
    """Request and commit; what likes cause is counted apart, with the dispatcher held back until they are in."""
    posts = _public_ids(target)
    tokens = target.tokens[AUTHORS : AUTHORS + 500] or target.tokens
    chosen = [(posts[n % len(posts)], tokens[(n * 13 + n // len(posts)) % len(tokens)]) for n in range(LIKES)]
    requests = [Request(method="POST", path=f"/api/v1/statuses/{id_}/favourite", token=token) for id_, token in chosen]
    if len(requests) > len(posts) * len(tokens):
        requests = requests[: len(posts) * len(tokens)]
    warm, requests = requests[:300], requests[300:]
    if not requests:
        warm, requests = [], warm
    target.ask(warm)
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


def _public_ids(target: Target) -> list[str]:
    """Ids of public posts, page after page."""
    found: list[str] = []
    for _ in range(PAGES):
        path = "/api/v1/timelines/public?limit=40" + (f"&max_id={found[-1]}" if found else "")
        page = msgspec.json.decode(
            target.ask([Request(path=path, token=target.viewer_token)])[0].body, type=list[Entity]
        )
        if not page:
            break
        found += [each.id for each in page]
    return found
