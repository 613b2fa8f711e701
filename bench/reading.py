"""The scenarios that read: home, cold home, public, one post, context, notifications."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bench.bars import OTHER
from bench.measure import Refused, Series, Target, Value, measure
from bench.report import Result
from bench.wire import Answer, Request
from weft.infra.events import Event
from weft.infra.signals import publish_now
from weft.kernel.ids import AccountId
from weft.timelines.events import ReadingChanged

READS = 20_000
COLD_VIEWERS = 800
REPLIES = 20
NOTIFICATIONS = 40
HOME = "/api/v1/timelines/home?limit=20"


class Entity(msgspec.Struct):
    id: str
    acct: str = ""


def entity(answer: Answer) -> Entity:
    return msgspec.json.decode(answer.body, type=Entity)


def posting(token: str, text: str, **more: str) -> Request:
    return Request(method="POST", path="/api/v1/statuses", token=token, form={"status": text, **more})


def home(target: Target) -> list[Result]:
    series = measure(target, "home", [Request(path=HOME, token=target.viewer_token)], count=READS)
    bar = OTHER["home requests/s"]
    rate = Value(
        name="home requests/s",
        value=series.rate,
        unit="/s",
        bar=str(bar),
        passed=bar.holds(series.rate) if target.is_own else None,
        note="generator and nothing else on the machine; a free machine is meant",
    )
    return [series, rate]


def home_cold(target: Target) -> list[Result]:
    """Each of many viewers once, whose facts the server has just forgotten; rings and fragments are warm."""
    server = target.server
    if server is None:
        return []
    requests = [Request(path=HOME, token=token) for token in target.tokens[:COLD_VIEWERS]]
    target.ask(requests)
    forget: list[Event] = [ReadingChanged(account_id=AccountId(id_)) for id_ in target.ids[:COLD_VIEWERS]]
    server.run(publish_now(server.url, forget))
    target.ask([Request(path="/api/v1/apps/verify_credentials", token=target.viewer_token)])
    return [measure(target, "home_cold", requests, count=len(requests), warm_up=0)]


def public(target: Target) -> list[Result]:
    request = Request(path="/api/v1/timelines/public?limit=20", token=target.viewer_token)
    return [measure(target, "public", [request], count=READS)]


def post_one(target: Target) -> list[Result]:
    made = entity(target.ask([posting(target.viewer_token, _text("one"))])[0])
    target.settle()
    request = Request(path=f"/api/v1/statuses/{made.id}", token=target.viewer_token)
    return [measure(target, "post_one", [request], count=READS)]


def context(target: Target) -> list[Result]:
    root = entity(target.ask([posting(target.viewer_token, _text("root"))])[0])
    replies = [
        posting(target.tokens[n % len(target.tokens)], _text(f"reply {n}"), in_reply_to_id=root.id)
        for n in range(REPLIES)
    ]
    target.ask(replies)
    target.settle()
    request = Request(path=f"/api/v1/statuses/{root.id}/context", token=target.viewer_token)
    if target.ask([request])[0].body.count(b'"in_reply_to_id"') < REPLIES:
        raise Refused("context does not show all replies")
    return [measure(target, "context", [request], count=READS)]


def notifications(target: Target) -> list[Result]:
    """The newest 20 of a viewer whom many mentioned and whose post many liked."""
    viewer = entity(target.ask([Request(path="/api/v1/accounts/verify_credentials", token=target.viewer_token)])[0])
    liked = entity(target.ask([posting(target.viewer_token, _text("liked"))])[0])
    others: Sequence[str] = target.tokens[:NOTIFICATIONS]
    like = f"/api/v1/statuses/{liked.id}/favourite"
    wanted = [posting(token, f"@{viewer.acct} {_text('hello')}") for token in others[::2]]
    target.ask([*wanted, *(Request(method="POST", path=like, token=token) for token in others[1::2])])
    target.settle()
    request = Request(path="/api/v1/notifications?limit=20", token=target.viewer_token)
    series: Series = measure(target, "notifications", [request], count=READS)
    return [series]


def _text(what: str) -> str:
    return f"The benchmark writes {what} about #weft: {'a plain sentence that makes it long enough, ' * 2}and ends."
