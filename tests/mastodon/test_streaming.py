"""Sockets and event streams, spoken to in raw ASGI: handshakes, frames, what is refused, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest

from tests.support.streaming import World
from weft.accounts.model import Account
from weft.accounts.service import revoke_token
from weft.infra.admit import API_ADDRESS, STREAM_OPEN
from weft.infra.db import Db
from weft.infra.routing.application import Application, Serving
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of
from weft.mastodon import streaming
from weft.mastodon.streaming import ROUTES, sockets_of
from weft.posts.events import PostDeleted
from weft.relationships.model import Visibility
from weft.timelines.events import ReadingChanged
from weft.timelines.service import ListEdit, add_members, create_list


class Server:
    """The application with only the streaming routes."""

    def __init__(self, world: World) -> None:
        self.world = world
        serving = Serving(
            authenticate=world.authenticator,
            admit=world.app.admit,
            clock=world.clock,
            base_url="http://localhost:8000",
            sockets=sockets_of(world.app),
        )
        self._application = Application(ROUTES, world.app, serving)

    @asynccontextmanager
    async def socket(self, path: str = "/api/v1/streaming", *, token: str = "", **values: Any) -> AsyncIterator[Client]:
        """A socket, its handshake done. The token goes into the header unless given elsewhere."""
        client = Client(path, token, values)
        task = asyncio.ensure_future(self._application(client.scope, client.to_server.get, client.from_server.put))
        try:
            client.first = await client.receive()
            yield client
        finally:
            await client.to_server.put({"type": "websocket.disconnect", "code": 1001})
            async with asyncio.timeout(5):
                await task

    @asynccontextmanager
    async def events(self, path: str, *, token: str = "", **query: str) -> AsyncIterator[Client]:
        """A GET under the streaming paths; its head has been received."""
        client = Client(f"/api/v1/streaming{path}", token, {"query": query})
        client.scope |= {"type": "http", "method": "GET"}
        client.to_server = asyncio.Queue()
        task = asyncio.ensure_future(self._application(client.scope, client.to_server.get, client.from_server.put))
        try:
            client.first = await client.receive()
            yield client
        finally:
            await client.to_server.put({"type": "http.disconnect"})
            async with asyncio.timeout(5):
                await task


class Client:
    def __init__(self, path: str, token: str, values: dict[str, Any]) -> None:
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": urlencode(values.get("query", {})).encode(),
            "headers": headers,
            "client": ("203.0.113.9", 5),
            "subprotocols": values.get("subprotocols", []),
            "extensions": {"websocket.http.response": {}},
        }
        self.to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.to_server.put_nowait({"type": "websocket.connect"})
        self.from_server: asyncio.Queue[Any] = asyncio.Queue()
        self.first: dict[str, Any] = {}

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            message: dict[str, Any] = await self.from_server.get()
        return message

    async def frame(self) -> dict[str, Any]:
        message = await self.receive()
        frame: dict[str, Any] = msgspec.json.decode(message["text"])
        return frame

    async def ask(self, **frame: Any) -> None:
        await self.to_server.put({"type": "websocket.receive", "text": msgspec.json.encode(frame).decode()})

    async def chunk(self) -> str:
        return str((await self.receive())["body"].decode())


@pytest.fixture
async def world(db: Db, clock: ManualClock) -> AsyncIterator[World]:
    made = World(db, clock)
    made.start()
    yield made
    await made.streams.stop()


@pytest.fixture
def server(world: World) -> Server:
    return Server(world)


@pytest.fixture
async def ann(world: World) -> Account:
    return await world.person("ann")


@pytest.fixture
async def token(world: World, ann: Account) -> str:
    return (await world.token(ann))[1]


async def until_subscribed(world: World, count: int = 1) -> None:
    async with asyncio.timeout(5):
        while len(world.streams._owners) < count:  # noqa: ASYNC110 - a subscription answers nothing
            await asyncio.sleep(0.001)


async def test_a_socket_takes_its_token_in_three_places_and_repeats_the_protocol(server: Server, token: str) -> None:
    async with server.socket(subprotocols=[token]) as client:
        assert client.first == {"type": "websocket.accept", "subprotocol": token}
    async with server.socket(query={"access_token": token}) as client:
        assert client.first == {"type": "websocket.accept", "subprotocol": None}
    async with server.socket(token=token, subprotocols=["mastodon"]) as client:
        assert client.first == {"type": "websocket.accept", "subprotocol": "mastodon"}


async def test_a_handshake_without_a_good_token_of_a_user_is_refused_with_401(server: Server, world: World) -> None:
    for values in ({}, {"token": "nonsense"}, {"subprotocols": ["x" * 600]}, {"query": {"access_token": "\xff"}}):
        async with server.socket(**values) as client:
            assert client.first["type"] == "websocket.http.response.start" and client.first["status"] == 401
            assert (await client.receive())["body"] == b'{"error":"The access token is invalid"}'
    assert world.streams.open_count == 0


async def test_a_socket_without_the_extension_is_closed_unopened(server: Server) -> None:
    client = Client("/api/v1/streaming", "", {})
    client.scope["extensions"] = {}
    await server._application(client.scope, client.to_server.get, client.from_server.put)
    assert (await client.receive())["type"] == "websocket.close"


async def test_frames_name_their_stream_with_its_argument_and_hold_json_in_a_string(
    server: Server, world: World, ann: Account, token: str
) -> None:
    bob = await world.person("bob")
    await world.follow(ann, bob)
    listed = await create_list(world.db, ann.id, ListEdit(title="friends"))
    await add_members(world.db, ann.id, listed.id, [bob.id])
    async with server.socket(token=token, query={"stream": "user"}) as client:
        for frame in (
            {"stream": "hashtag", "tag": "Tea"},
            {"stream": "hashtag:local", "tag": "tea"},
            {"stream": "list", "list": str(listed.id)},
            {"stream": "public"},
            {"stream": "public:local"},
            {"stream": "public:remote"},
        ):
            await client.ask(type="subscribe", **frame)
        await until_subscribed(world, 7)
        post = await world.say(bob, 'a "quoted" #tea — ✓')
        frames = [await client.frame() for _ in range(6)]
        assert {tuple(frame["stream"]) for frame in frames} == {
            ("user",),
            ("hashtag", "Tea"),
            ("hashtag:local", "tea"),
            ("list", str(listed.id)),
            ("public",),
            ("public:local",),
        }
        assert {frame["event"] for frame in frames} == {"update"}
        status = msgspec.json.decode(frames[0]["payload"])
        assert status["id"] == str(post.id) and "✓" in status["content"] and status["favourited"] is False
        assert len({frame["payload"] for frame in frames}) == 1


async def test_deletes_are_bare_ids_and_filter_changes_bare_names(
    server: Server, world: World, ann: Account, token: str
) -> None:
    async with server.socket(token=token, query={"stream": "user"}) as client:
        await until_subscribed(world)
        world.signals.publish([PostDeleted(post_id=77, author_id=ann.id, visibility=Visibility.PUBLIC)])  # type: ignore[arg-type]
        world.signals.publish([ReadingChanged(account_id=ann.id, filters=True)])
        assert await client.frame() == {"stream": ["user"], "event": "delete", "payload": "77"}
        assert await client.frame() == {"stream": ["user"], "event": "filters_changed"}


async def test_what_cannot_be_subscribed_to_is_told_and_the_socket_stays_open(
    server: Server, world: World, ann: Account, token: str
) -> None:
    theirs = await create_list(world.db, (await world.person("bob")).id, ListEdit(title="theirs"))
    async with server.socket(token=token, query={"stream": "nonsense"}) as client:
        assert await client.frame() == {"error": "Unknown stream type", "status": 400}
        for asked, status in (
            ({"type": "subscribe", "stream": "hashtag"}, 400),
            ({"type": "subscribe", "stream": "hashtag:local", "tag": "  "}, 400),
            ({"type": "subscribe", "stream": "list"}, 400),
            ({"type": "subscribe", "stream": "list", "list": str(theirs.id)}, 404),
            ({"type": "subscribe", "stream": "list", "list": "x"}, 404),
            ({"type": "subscribe", "stream": "user:more"}, 400),
            ({"type": "dance", "stream": "user"}, 400),
            ({"stream": ["user"]}, 400),
        ):
            await client.ask(**asked)
            answer = await client.frame()
            assert answer["status"] == status and answer["error"], asked
        for message in ({"text": "{"}, {"text": "[]"}, {"text": '"\ud800"'}, {"bytes": b"\xff"}, {"text": "[" * 5000}):
            await client.to_server.put({"type": "websocket.receive", **message})
            assert (await client.frame())["status"] == 400, message
        await client.ask(type="subscribe", stream="user")
        await until_subscribed(world)
        await world.say(ann, "still here")
        assert (await client.frame())["event"] == "update"


async def test_unsubscribing_ends_one_stream_of_several(server: Server, world: World, ann: Account, token: str) -> None:
    async with server.socket(token=token, query={"stream": "user"}) as client:
        await client.ask(type="subscribe", stream="public")
        await until_subscribed(world, 2)
        await client.ask(type="unsubscribe", stream="user")
        await client.ask(type="unsubscribe", stream="list", list="5")
        async with asyncio.timeout(5):
            while len(world.streams._owners) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await world.say(ann, "hello")
        assert (await client.frame())["stream"] == ["public"]
        await world.settle()
        assert client.from_server.empty()


async def test_scopes_are_those_of_the_stream(server: Server, world: World, ann: Account) -> None:
    _, narrow = await world.token(ann, "read:statuses")
    async with server.socket(token=narrow) as client:
        await client.ask(type="subscribe", stream="user:notification")
        assert (await client.frame())["status"] == 403
    _, other = await world.token(ann, "read:notifications")
    async with server.socket(token=other) as client:
        await client.ask(type="subscribe", stream="public")
        assert (await client.frame())["status"] == 403
    async with server.events("/user", token=other) as client:
        assert client.first["status"] == 403
    async with server.events("/user/notification", token=other) as client:
        assert client.first["status"] == 200


async def test_a_stream_may_stand_in_the_path_of_the_socket(server: Server, world: World, token: str) -> None:
    async with server.socket("/api/v1/streaming/public/local", token=token) as client:
        await until_subscribed(world)
        (subscription,) = world.streams._owners
        assert subscription.channel.label == ("public:local",)
        assert client.first["type"] == "websocket.accept"


async def test_a_revoked_token_closes_its_sockets_and_event_streams(server: Server, world: World, ann: Account) -> None:
    token_id, text = await world.token(ann)
    async with (
        server.socket(token=text, query={"stream": "user"}) as socket,
        server.events("/user", token=text) as events,
    ):
        await until_subscribed(world, 2)
        assert await events.chunk() == ":)\n\n"
        async with world.db.tx(bucket_of(ann.id)) as tx:
            assert await revoke_token(tx, ann.id, token_id)
        assert (await socket.receive())["type"] == "websocket.close"
        end = await events.receive()
        assert end == {"type": "http.response.body", "body": b""}
    assert world.streams.open_count == 0


async def test_nothing_is_left_when_the_client_leaves(server: Server, world: World, token: str) -> None:
    async with server.socket(token=token, query={"stream": "user"}):
        await until_subscribed(world)
    async with server.events("/public", token=token):
        pass
    assert world.streams.open_count == 0 and not world.streams._owners


async def test_openings_are_counted_per_account(server: Server, world: World, ann: Account, token: str) -> None:
    for _ in range(STREAM_OPEN.limit):
        world.app.admit.check(STREAM_OPEN, ann.id)
    async with server.socket(token=token) as client:
        assert client.first["status"] == 429
    async with server.events("/user", token=token) as client:
        assert client.first["status"] == 429


async def test_guessing_tokens_is_counted_per_address(server: Server, world: World, token: str) -> None:
    for _ in range(301):
        world.app.admit.check(API_ADDRESS, "203.0.113.9")
    async with server.socket(token="guess") as client:
        assert client.first["status"] == 429
    async with server.socket(token=token) as client:
        assert client.first["type"] == "websocket.accept"


async def test_an_event_stream_greets_tells_and_thumps(
    server: Server, world: World, ann: Account, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "THUMP_S", 0.05)
    async with server.events("/hashtag", access_token=token, tag="tea") as client:
        headers = dict(client.first["headers"])
        assert client.first["status"] == 200 and headers[b"content-type"].startswith(b"text/event-stream")
        assert await client.chunk() == ":)\n\n"
        await world.say(ann, "#tea")
        event, data, *rest = (await client.chunk()).split("\n")
        assert event == "event: update" and rest == ["", ""]
        assert msgspec.json.decode(data.removeprefix("data: "))["tags"][0]["name"] == "tea"
        assert await client.chunk() == ":thump\n\n"


async def test_event_streams_refuse_what_they_do_not_know(server: Server, world: World, token: str) -> None:
    for path in ("", "/nonsense", "/user/nonsense", "/public/local/more", "/hashtag/nonsense"):
        async with server.events(path, token=token) as client:
            assert client.first["status"] == 400
            assert msgspec.json.decode(await client.chunk())["error"] == "Unknown channel requested"
    for path, status in (("/hashtag", 400), ("/list", 400), ("/list?list=1", 404)):
        path, _, value = path.partition("?list=")
        async with server.events(path, token=token, **({"list": value} if value else {})) as client:
            assert client.first["status"] == status
    async with server.events("/user") as client:
        assert client.first["status"] == 401
    assert world.streams.open_count == 0


async def test_streaming_says_that_it_is_healthy(server: Server) -> None:
    async with server.events("/health") as client:
        assert client.first["status"] == 200
        assert await client.chunk() == "OK"


async def test_draining_says_goodbye(server: Server, world: World, token: str) -> None:
    async with server.socket(token=token, query={"stream": "user"}) as client:
        await until_subscribed(world)
        await world.streams.close_all()
        assert await client.receive() == {"type": "websocket.close", "code": 1001}
