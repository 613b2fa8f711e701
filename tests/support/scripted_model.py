"""A stand-in for a big model's server: it speaks the OpenAI protocol on loopback and does what the test says.

How it behaves is chosen by the name of the model that is asked for (`Behaviour`), so that one server serves a whole
test: `async with scripted_model() as model: ...` and then `Endpoint(model.url, "slow", key="")`, with `model.peer`
among the allowed peers. What it says is `model.say`, a function of the request's body. Every request is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Behaviour = Literal[
    "plain",  # streams its words, then the usage
    "paced",  # the same, after `call_s` (50 ms)
    "slow-first",  # the first word only after `pause_s`
    "slow",  # `pause_s` between the words
    "dies",  # closes the connection after the second word
    "full",  # 429 with Retry-After
    "broken",  # 500
    "lies",  # usage of absurd and negative numbers
    "mute",  # no usage at all
    "endless",  # never stops saying it
    "long-line",  # one line without an end
    "garbage",  # an answer that is not the protocol's
    "odd",  # events of the wrong shapes, then the words and the usage
    "no-stream",  # one JSON object although a stream was asked for
]
BEHAVIOURS: tuple[str, ...] = get_args(Behaviour)
DIMENSIONS = 384
MAX_BODY = 16 << 20
WORD = re.compile(r"\w+")


@dataclass
class Call:
    """One request as it arrived; `ended` is how it went: ok, refused, died or gone (the caller hung up)."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    started: float
    ended: str = ""
    seconds: float = 0.0

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def text(self) -> str:
        """Everything that the caller sent for the model to read, as one text."""
        messages = self.body.get("messages", [])
        given = self.body.get("input", [])
        return "\n".join([str(message["content"]) for message in messages] + [given] * isinstance(given, str)) or (
            "\n".join(map(str, given))
        )


def plainly(body: dict[str, Any]) -> str:
    return "This is what the scripted model says."


@dataclass
class ScriptedModel:
    peer: str
    say: Callable[[dict[str, Any]], str] = plainly
    """What it answers to a request's body; may be hostile."""
    behave: Callable[[dict[str, Any]], str] | None = None
    """Chooses the behaviour instead of the model's name."""
    calls: list[Call] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    call_s: float = 0.05
    pause_s: float = 5.0
    retry_after: int = 7
    connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://{self.peer}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [call.body for call in self.calls]

    async def answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path.endswith("/models"):
            names = [{"id": name, "object": "model"} for name in BEHAVIOURS]
            return await send_json(writer, 200, {"object": "list", "data": names})
        behaviour = self.behave(call.body) if self.behave else call.model
        if behaviour == "full":
            call.ended = "refused"
            return await send_json(writer, 429, failure("busy"), f"Retry-After: {self.retry_after}\r\n")
        if behaviour == "broken":
            call.ended = "refused"
            return await send_json(writer, 500, failure("Traceback: secret of the server"))
        if call.path.endswith("/embeddings"):
            return await self.embed(call, behaviour, writer)
        if call.path.endswith("/chat/completions"):
            return await self.chat(call, behaviour, writer)
        await send_json(writer, 404, failure("no such path"))

    async def chat(self, call: Call, behaviour: str, writer: asyncio.StreamWriter) -> None:
        words = re.findall(r"\S+\s*|\s+", self.say(call.body))
        if behaviour == "garbage":
            return await send(writer, 200, b"<html>not a model</html>", "text/html")
        if not call.body.get("stream") or behaviour == "no-stream":
            message = {"role": "assistant", "content": "".join(words)}
            await self.pause(behaviour)
            return await send_json(
                writer,
                200,
                {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage(call, words)},
            )
        await send_head(writer, 200, "text/event-stream", "Transfer-Encoding: chunked\r\n")
        await self.stream(call, behaviour, words, writer)

    async def stream(self, call: Call, behaviour: str, words: list[str], writer: asyncio.StreamWriter) -> None:
        if behaviour == "long-line":
            await chunk(writer, b'data: {"choices": [{"delta": {"content": "')
            while True:
                await chunk(writer, b"x" * 65536)
        if behaviour == "odd":
            for odd in ODD:
                await chunk(writer, odd)
        if behaviour == "slow-first":
            await asyncio.sleep(self.pause_s)
        if behaviour == "paced":
            await asyncio.sleep(self.call_s)
        number = 0
        while behaviour == "endless" or number < len(words):
            await chunk(writer, event(delta(words[number % len(words)])))
            number += 1
            if behaviour == "dies" and number == 2:
                call.ended = "died"
                return
            await asyncio.sleep(self.pause_s if behaviour == "slow" else 0)
        await chunk(writer, event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
        if behaviour == "lies":
            await chunk(writer, event({"choices": [], "usage": LIES}))
        elif behaviour != "mute" and call.body.get("stream_options", {}).get("include_usage"):
            await chunk(writer, event({"choices": [], "usage": usage(call, words)}))
        await chunk(writer, b"data: [DONE]\n\n")
        await chunk(writer, b"")

    async def pause(self, behaviour: str) -> None:
        if behaviour in ("slow", "slow-first"):
            await asyncio.sleep(self.pause_s)
        elif behaviour == "paced":
            await asyncio.sleep(self.call_s)

    async def embed(self, call: Call, behaviour: str, writer: asyncio.StreamWriter) -> None:
        given = call.body.get("input", [])
        texts = [given] if isinstance(given, str) else given
        await self.pause(behaviour)
        if behaviour == "garbage":
            return await send_json(writer, 200, {"data": [{"index": 0, "embedding": ["x", None]}]})
        if behaviour == "dies":
            call.ended = "died"
            return
        rows = [{"index": number, "embedding": embedding(text)} for number, text in enumerate(texts)]
        counted: dict[str, Any] = {"prompt_tokens": sum(tokens(text) for text in texts)}
        if behaviour == "lies":
            counted = LIES
        answer = {"object": "list", "data": rows} | ({} if behaviour == "mute" else {"usage": counted})
        await send_json(writer, 200, answer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while await self.serve_one(reader, writer):
                pass
        self.connections.discard(writer)
        writer.close()

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False when the connection is at its end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        raw = await reader.readexactly(min(int(headers.get("content-length", "0")), MAX_BODY))
        loop = asyncio.get_running_loop()
        call = Call(path, headers, json.loads(raw) if raw else {}, loop.time())
        if method == "POST":
            self.calls.append(call)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.answer_while_there(call, reader, writer)
        finally:
            self.in_flight -= 1
            call.seconds = loop.time() - call.started
            call.ended = call.ended or "gone"
        return call.ended == "ok"

    async def answer_while_there(self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer, and stop the moment the caller hangs up, as a real server does."""
        answering = asyncio.ensure_future(self.answer(call, writer))
        leaving = asyncio.ensure_future(hung_up(reader))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
                call.ended = call.ended or "ok"
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)


async def hung_up(reader: asyncio.StreamReader) -> None:
    # Looked at, not read: the next request's first byte may be what comes.
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


LIES: dict[str, Any] = {"prompt_tokens": -5, "completion_tokens": 10**30, "total_tokens": "many"}
ODD = (
    b": a comment\n\n",
    b"event: ping\ndata: {}\n\n",
    b"data: {not json\n\n",
    b"data: [1, 2]\n\n",
    b'data: {"choices": "none"}\n\n',
    b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
    b'data: {"choices": [{"delta": {"content": null, "role": "assistant"}}]}\n\n',
    b'data: {"choices": [{"delta": null}]}\n\n',
    b"data: " + b"[" * 5000 + b"\n\n",
)


def tokens(text: str) -> int:
    """As many as words: a number that a test can count by itself."""
    return len(text.split())


def usage(call: Call, words: list[str]) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens(call.text),
        "completion_tokens": len(words),
        "total_tokens": tokens(call.text) + len(words),
        "prompt_tokens_details": {"cached_tokens": 0},
    }


def embedding(text: str) -> list[float]:
    """A unit vector that texts with words in common have partly in common."""
    vector = [0.0] * DIMENSIONS
    for word in WORD.findall(text.lower()):
        place = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        vector[place % DIMENSIONS] += 1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def delta(text: str) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]}


def failure(words: str) -> dict[str, Any]:
    return {"error": {"message": words, "type": "server_error"}}


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


async def chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()


async def send_head(writer: asyncio.StreamWriter, status: int, media_type: str, more: str = "") -> None:
    writer.write(f"HTTP/1.1 {status} Said\r\nContent-Type: {media_type}\r\n{more}\r\n".encode())
    await writer.drain()


async def send(writer: asyncio.StreamWriter, status: int, body: bytes, media_type: str, more: str = "") -> None:
    await send_head(writer, status, media_type, f"Content-Length: {len(body)}\r\n{more}")
    writer.write(body)
    await writer.drain()


async def send_json(writer: asyncio.StreamWriter, status: int, value: dict[str, Any], more: str = "") -> None:
    await send(writer, status, json.dumps(value).encode(), "application/json", more)


@asynccontextmanager
async def scripted_model(say: Callable[[dict[str, Any]], str] = plainly) -> AsyncIterator[ScriptedModel]:
    """A running one, on a free port of 127.0.0.1."""
    made = ScriptedModel("", say)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=MAX_BODY)
    made.peer = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        for connection in list(made.connections):
            connection.transport.abort()
        await asyncio.sleep(0.05)
