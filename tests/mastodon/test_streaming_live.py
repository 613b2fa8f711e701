"""Streaming against a running server: real handshakes, a real client library, and rights that end while one listens."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import websockets
from mastodon import Mastodon, StreamListener
from websockets.typing import Subprotocol

from tests.support.server import LiveServer, Person
from weft.accounts.service import end_access
from weft.infra.signals import publish_now
from weft.kernel.ids import AccountId, bucket_of

WAIT = 10


def address_of(server: LiveServer) -> str:
    return server.url.replace("http://", "ws://") + "/api/v1/streaming"


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


@pytest.fixture
def bob(server: LiveServer) -> Person:
    return server.person()


async def frame_of(socket: websockets.ClientConnection) -> Any:
    async with asyncio.timeout(WAIT):
        return json.loads(await socket.recv())


async def said(person: Person, text: str, **more: Any) -> Any:
    return await asyncio.to_thread(person.say, text, **more)


async def echo(socket: websockets.ClientConnection) -> None:
    """Wait until the server has obeyed the frames sent before: it answers in order."""
    await socket.send("no frame")
    assert (await frame_of(socket))["status"] == 400


async def test_browsers_and_apps_get_in_and_hear_their_home(server: LiveServer, ann: Person, bob: Person) -> None:
    bob.post(f"/api/v1/accounts/{ann.id}/follow")
    url = address_of(server)
    browser = websockets.connect(url, subprotocols=[Subprotocol(bob.token)])
    older = websockets.connect(f"{url}?access_token={bob.token}&stream=user")
    other = websockets.connect(url, additional_headers={"Authorization": f"Bearer {bob.token}"})
    async with browser as one, older as two, other as three:
        assert one.subprotocol == bob.token
        for socket in (one, three):
            await socket.send(json.dumps({"type": "subscribe", "stream": "user"}))
            await echo(socket)
        status = await said(ann, "hello, live")
        for socket in (one, two, three):
            frame = await frame_of(socket)
            assert frame["stream"] == ["user"] and frame["event"] == "update"
            assert json.loads(frame["payload"])["id"] == status["id"]
        await asyncio.to_thread(ann.delete, f"/api/v1/statuses/{status['id']}")
        assert await frame_of(one) == {"stream": ["user"], "event": "delete", "payload": status["id"]}


async def test_a_bad_token_is_refused_in_the_handshake(server: LiveServer) -> None:
    for offered in (None, [Subprotocol("nonsense")]):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(address_of(server), subprotocols=offered)
        assert refused.value.response.status_code == 401


async def end_access_of(server: LiveServer, person: Person) -> None:
    """What an operator's command does to somebody's tokens while the server runs."""
    db, events = await server._open()
    account_id = AccountId(int(person.id))
    try:
        async with db.tx(bucket_of(account_id)) as tx:
            await end_access(tx, account_id)
    finally:
        await db.close()
    await publish_now(server.database_url, events, server.data)


async def test_an_ended_access_closes_the_socket_and_lets_nobody_in_again(server: LiveServer, ann: Person) -> None:
    url = f"{address_of(server)}?access_token={ann.token}&stream=user"
    async with websockets.connect(url) as socket:
        await end_access_of(server, ann)
        with pytest.raises(websockets.ConnectionClosed):
            async with asyncio.timeout(WAIT):
                await socket.recv()
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(url)


async def test_an_event_stream_carries_a_tag(server: LiveServer, ann: Person) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        query = {"tag": "livetea", "access_token": ann.token}
        async with client.stream("GET", "/api/v1/streaming/hashtag", params=query) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = response.aiter_lines()
            assert await anext(lines) == ":)"
            status = await said(ann, "a cup of #LiveTea")
            found = [line async for line in _until(lines, "data: ")]
            assert found[-2] == "event: update"
            assert json.loads(found[-1].removeprefix("data: "))["id"] == status["id"]


async def _until(lines: Any, start: str) -> Any:
    async for line in lines:
        yield line
        if line.startswith(start):
            return


class Heard(StreamListener):
    def __init__(self) -> None:
        self.updates: list[Any] = []
        self.notifications: list[Any] = []
        self.conversations: list[Any] = []
        self.beats: list[Any] = []
        self.changed = threading.Condition()

    def on_update(self, status: Any) -> None:
        self._note(self.updates, status)

    def on_notification(self, notification: Any) -> None:
        self._note(self.notifications, notification)

    def handle_heartbeat(self) -> None:
        self._note(self.beats, True)

    def on_conversation(self, conversation: Any) -> None:
        self._note(self.conversations, conversation)

    def _note(self, kept: list[Any], item: Any) -> None:
        with self.changed:
            kept.append(item)
            self.changed.notify_all()

    def wait_for(self, kept: list[Any]) -> Any:
        with self.changed:
            assert self.changed.wait_for(lambda: kept, timeout=WAIT)
            return kept[0]


def close(stream: Any, wake: Callable[[], object]) -> None:
    """The library notices that it shall close when it hears the next thing."""
    closing = threading.Thread(target=stream.close)
    closing.start()
    wake()
    closing.join(WAIT)


def test_the_python_client_hears_posts_and_notifications(server: LiveServer, ann: Person, bob: Person) -> None:
    bob.post(f"/api/v1/accounts/{ann.id}/follow")
    client = Mastodon(access_token=bob.token, api_base_url=server.url, version_check_mode="none")
    heard = Heard()
    stream = client.stream_user(heard, run_async=True)
    try:
        assert client.stream_healthy()
        heard.wait_for(heard.beats)
        status = ann.say(f"hi @{bob.name}")
        assert str(heard.wait_for(heard.updates).id) == status["id"]
        notification = heard.wait_for(heard.notifications)
        assert notification.type == "mention" and str(notification.status.id) == status["id"]
    finally:
        close(stream, lambda: ann.say("bye"))


def test_the_python_client_hears_of_conversations(server: LiveServer, ann: Person, bob: Person) -> None:
    client = Mastodon(access_token=bob.token, api_base_url=server.url, version_check_mode="none")
    heard = Heard()
    stream = client.stream_direct(heard, run_async=True)
    try:
        heard.wait_for(heard.beats)
        status = ann.say(f"psst @{bob.name}", visibility="direct")
        conversation = heard.wait_for(heard.conversations)
        assert str(conversation.last_status.id) == status["id"] and conversation.unread
        assert [str(account.id) for account in conversation.accounts] == [ann.id]
    finally:
        close(stream, lambda: ann.say(f"bye @{bob.name}", visibility="direct"))
