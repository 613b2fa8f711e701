"""A small route table over every rule of the application, and the handlers behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from weft.infra.admit import API, RateClass
from weft.infra.routing.paging import PageParams, link_header, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Grant, Response, Route, Sees, Style, as_json
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId
from weft.kernel.paging import Paged

NOW_MS = 1_767_225_600_000
BASE = "https://weft.example"
ANN = AccountId(101)

TOKENS = {
    "ann": Grant(1, 1, ANN, frozenset({"read", "write", "follow"})),
    "reader": Grant(2, 1, ANN, frozenset({"read:statuses"})),
    "app": Grant(3, 1, None, frozenset({"read", "write"})),
    "disabled": Grant(4, 1, AccountId(102), frozenset({"read", "write"}), problem="login.disabled"),
}


class Poll(msgspec.Struct, kw_only=True):
    options: list[str]
    expires_in: int | None = None
    multiple: bool = False


class FieldParam(msgspec.Struct, kw_only=True):
    name: str = ""
    value: str = ""


class PostParams(msgspec.Struct, kw_only=True):
    status: str = ""
    media_ids: list[str] = []
    sensitive: bool = False
    in_reply_to_id: str | None = None
    poll: Poll | None = None
    fields_attributes: list[FieldParam] = []
    focus: float | None = None
    count: int = 0


class NoteParams(msgspec.Struct, kw_only=True):
    text: str


class TagPage(PageParams, kw_only=True):
    any: list[str] = msgspec.field(default_factory=list)
    local: bool = False


class FileParams(msgspec.Struct, kw_only=True):
    description: str = ""


class Calls:
    """What the handlers saw."""

    def __init__(self) -> None:
        self.seen: list[Call[Any, Any]] = []
        self.authenticated: list[str] = []


async def home(call: Call[Calls, PageParams]) -> Response:
    page = page_from(call.params, default=20, maximum=40)
    paged: Paged[int] = Paged([9, 8], next_id=8, prev_id=9)
    return as_json({"limit": page.limit, "before": page.before}, headers=link_header(call, BASE, paged))


async def echo(call: Call[Calls, Any]) -> Response:
    call.app.seen.append(call)
    return as_json(call.params)


async def show(call: Call[Calls, None]) -> Response:
    return as_json({"id": str(call.id()), "path": dict(call.path)})


async def words(call: Call[Calls, Any]) -> Response:
    return as_json(dict(call.path))


async def upload(call: Call[Calls, FileParams]) -> Response:
    call.app.seen.append(call)
    sizes = {name: [file.filename, file.content_type, len(file.data)] for name, file in call.files.items()}
    return as_json({"description": call.params.description, "files": sizes})


async def fail(call: Call[Calls, None]) -> Response:
    raise RuntimeError("secret-in-message")


async def absent(call: Call[Calls, None]) -> Response:
    raise NotFound("record.absent")


async def page(call: Call[Calls, None]) -> Response:
    return Response(200, b"<p>hello</p>", b"text/html; charset=utf-8")


async def slow_stream(call: Call[Calls, None]) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b":)\n"
            while True:
                await asyncio.sleep(0.01)
                yield b":thump\n"
        finally:
            call.app.seen.append(call)

    return Response(200, content_type=b"text/event-stream", stream=chunks())


async def take_long(call: Call[Calls, PostParams]) -> Response:
    try:
        await asyncio.sleep(3600 if call.params.status == "for ever" else 0)
    except asyncio.CancelledError:
        call.app.seen.append(call)
        raise
    return as_json({"status": call.params.status})


async def short_stream(call: Call[Calls, None]) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return Response(200, content_type=b"text/plain", stream=chunks())


UPLOADS = RateClass("uploads", 2, 1800)
PAGES = RateClass("pages", 1000, 300)


def route(method: str, path: str, handler: Callable[..., Any], **more: Any) -> Route:
    values: dict[str, Any] = {
        "auth": Auth.NONE,
        "scopes": (),
        "sees": Sees.NOTHING,
        "rate": API,
        "body": SMALL_BODY if method in ("POST", "PUT", "PATCH") else 0,
    }
    return Route(method=method, path=path, handler=handler, **(values | more))


ROUTES = [
    route("GET", "/api/v1/timelines/home", home, auth=Auth.USER, scopes=("read:statuses",), params=PageParams),
    route("GET", "/api/v1/timelines/tag/:tag", words, auth=Auth.OPTIONAL, scopes=("read:statuses",)),
    route("GET", "/api/v1/open", echo, params=TagPage),
    route("POST", "/api/v1/statuses", echo, auth=Auth.USER, scopes=("write:statuses",), params=PostParams),
    route("GET", "/api/v1/statuses/:id", show, auth=Auth.OPTIONAL, scopes=("read:statuses",)),
    route("DELETE", "/api/v1/statuses/:id", echo, auth=Auth.USER, scopes=("write:statuses",), params=PostParams),
    route("PATCH", "/api/v1/profile", echo, params=PostParams),
    route("POST", "/api/v1/apps/check", words, auth=Auth.APP, scopes=("read",)),
    route(
        "POST",
        "/api/v2/media",
        upload,
        params=FileParams,
        body=1 << 20,
        rate=UPLOADS,
        statuses=(200, 202),
        files=("file",),
    ),
    route("POST", "/api/weft/v1/notes", echo, params=NoteParams, style=Style.WEFT),
    route("GET", "/api/v1/fail", fail),
    route("GET", "/api/v1/absent", absent),
    route("GET", "/api/v1/streaming/user", slow_stream, auth=Auth.USER, scopes=("read",), token_in_query=True),
    route("GET", "/api/v1/short", short_stream),
    route("POST", "/api/v1/long", take_long, params=PostParams, gives_up=True),
    route("GET", "/settings", page, auth=Auth.OPTIONAL, style=Style.PAGE, rate=PAGES),
    route("POST", "/settings", page, auth=Auth.USER, style=Style.PAGE, rate=PAGES),
]


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}
