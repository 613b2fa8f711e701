"""The application behind a real uvicorn, talked to in raw bytes: what no client library would send."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
import uvicorn
import websockets

from tests.infra.routing.sample import BASE, ROUTES, TOKENS, Calls, bearer
from weft.infra.admit import Admit
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.table import Grant
from weft.kernel.clock import Clock


async def authenticate(token: str) -> Grant | None:
    return TOKENS.get(token)


async def greet(scope: object, receive: object, send: object) -> None:
    await receive()  # type: ignore[operator]
    await send({"type": "websocket.accept"})  # type: ignore[operator]
    await send({"type": "websocket.send", "text": "hello"})  # type: ignore[operator]
    await send({"type": "websocket.close", "code": 1000})  # type: ignore[operator]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[int, Calls]]:
    calls, clock = Calls(), Clock()
    serving = Serving(
        authenticate=authenticate,
        admit=Admit(None, clock, enabled=False),
        clock=clock,
        base_url=BASE,
        sockets={"/api/v1/streaming": greet},
    )
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        config = uvicorn.Config(
            Application(ROUTES, calls, serving),
            http="httptools",
            loop="asyncio",
            log_level="critical",
            access_log=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        yield listener.getsockname()[1], calls
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


def talk(port: int, data: bytes) -> bytes:
    """Everything the server says to these bytes until it closes or falls silent."""
    said = b""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=0.5)) as line:
        try:
            line.sendall(data)
            while chunk := line.recv(65536):
                said += chunk
        except OSError:
            pass
    return said


def statuses(said: bytes) -> list[int]:
    return [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]


GET = b"GET /api/v1/open HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /api/v1/statuses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann\r\nContent-Type: application/json\r\n"


def test_requests_on_one_connection_are_answered_in_turn(served: tuple[int, Calls]) -> None:
    assert statuses(talk(served[0], (GET + b"\r\n") * 3)) == [200, 200, 200]


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (
            POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
            [400],
        ),
        (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", [400]),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", [400]),
        (POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}", [400]),
        (POST + b"Content-Length: +2\r\n\r\n{}", [400]),
        (POST + b"Content-Length: -2\r\n\r\n{}", [400]),
        (POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}", [400]),
        (POST + b"Content-Length : 2\r\n\r\n{}", [400]),
        (GET + b"X-A: b\rX-C: d\r\n\r\n", [400]),
        (GET + b"X-A: b\0c\r\n\r\n", [400]),
        (b"GET /api/v1/open\0 HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
        (b"GET /api/v1/statuses/%FF HTTP/1.1\r\nHost: x\r\n\r\n", [404]),
        (b"GET /api/v1/statuses/%00 HTTP/1.1\r\nHost: x\r\n\r\n", [404]),
        (b"GET /api/v1/open?limit=%00 HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
        (b"GET /api/v1/open?limit=\xff HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
        (b"GET /api/v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", [404]),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", [200]),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(served: tuple[int, Calls], sent: bytes, answers: list[int]) -> None:
    assert statuses(talk(served[0], sent)) == answers


def test_bytes_that_are_no_path_break_nothing(served: tuple[int, Calls]) -> None:
    assert statuses(talk(served[0], b"GET /api/v1/statuses/\xff HTTP/1.1\r\nHost: x\r\n\r\n")) in ([400], [404], [])
    assert statuses(talk(served[0], GET + b"\r\n")) == [200]


def test_ten_megabytes_are_refused_before_they_are_sent(served: tuple[int, Calls]) -> None:
    said = talk(served[0], POST + b"Content-Length: 10485760\r\nExpect: 100-continue\r\n\r\n")
    assert statuses(said) == [413]


def test_a_client_that_sends_ten_megabytes_all_the_same_reads_the_answer(served: tuple[int, Calls]) -> None:
    for _ in range(3):
        answer = httpx.post(
            f"http://127.0.0.1:{served[0]}/api/v1/statuses", content=b"x" * 10_485_760, headers=bearer("ann")
        )
        assert answer.status_code == 413


def test_a_chunked_body_over_the_limit_is_cut_and_its_connection_ends(served: tuple[int, Calls]) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    said = talk(served[0], POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3)
    assert statuses(said) == [413]
    assert b"connection: close" in said.lower()


def test_half_a_body_changes_nothing(served: tuple[int, Calls]) -> None:
    port, calls = served
    before = len(calls.seen)
    assert statuses(talk(port, POST + b'Content-Length: 20\r\n\r\n{"status"')) == []
    assert len(calls.seen) == before


def test_a_stream_is_closed_when_its_reader_leaves(served: tuple[int, Calls]) -> None:
    port, calls = served
    before = len(calls.seen)
    with httpx.stream("GET", f"http://127.0.0.1:{port}/api/v1/streaming/user", headers=bearer("ann")) as answer:
        assert next(answer.iter_bytes()).startswith(b":)")
    for _ in range(100):
        if len(calls.seen) > before:
            return
        threading.Event().wait(0.02)
    raise AssertionError("the stream's source was not closed")


def test_head_sends_no_body_on_the_line(served: tuple[int, Calls]) -> None:
    said = talk(served[0], b"HEAD /api/v1/statuses/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = said.partition(b"\r\n\r\n")
    assert body == b""
    assert b"content-length: " in head.lower()


def test_json_of_a_hundred_thousand_levels_is_refused(served: tuple[int, Calls]) -> None:
    body = b"[" * 60_000
    answer = httpx.post(
        f"http://127.0.0.1:{served[0]}/api/v1/statuses",
        content=body,
        headers={**bearer("ann"), "Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"]


async def test_a_socket_is_served_and_an_unknown_one_refused(served: tuple[int, Calls]) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{served[0]}/api/v1/streaming/") as line:
        assert await line.recv() == "hello"
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(f"ws://127.0.0.1:{served[0]}/elsewhere")
