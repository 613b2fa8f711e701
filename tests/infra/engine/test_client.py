"""The client against a scripted server: every way in which a model's server may fail or lie."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from tests.infra.outside import reply, site
from tests.support.scripted_model import ScriptedModel, scripted_model
from weft.infra.engine.client import Models
from weft.infra.engine.model import Ask, Bounds, Delta, Endpoint, Message, Usage
from weft.infra.http import Fetcher
from weft.kernel.errors import Invalid, Unavailable, WeftError

HASTY = Bounds(first_s=2, between_s=1, total_s=10)
ASK = Ask((Message("system", "be short"), Message("user", "hello there")), max_tokens=20)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as model:
        yield model


@pytest.fixture
async def client(scripted: ScriptedModel) -> AsyncIterator[Models]:
    fetcher = Fetcher(frozenset({scripted.peer}), None, "weft-test", per_host=64)
    made = Models(fetcher)
    yield made
    await made.aclose()
    await fetcher.aclose()


async def whole(client: Models, endpoint: Endpoint, ask: Ask = ASK, bounds: Bounds = HASTY) -> tuple[str, Usage]:
    given = [piece async for piece in client.stream(endpoint, ask, bounds)]
    usage = given.pop()
    assert isinstance(usage, Usage)
    return "".join(piece.text for piece in given if isinstance(piece, Delta)), usage


async def test_an_answer_comes_in_pieces_and_then_what_it_took(client: Models, scripted: ScriptedModel) -> None:
    text, usage = await whole(client, Endpoint(scripted.url, "plain", key="k"))
    assert text == "This is what the scripted model says."
    assert (usage.prompt, usage.output, usage.known) == (4, 7, True)
    assert scripted.calls[0].headers["authorization"] == "Bearer k"
    assert scripted.bodies[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("behaviour", ["odd", "no-stream", "paced"])
async def test_an_unusual_answer_is_understood(client: Models, scripted: ScriptedModel, behaviour: str) -> None:
    text, usage = await whole(client, Endpoint(scripted.url, behaviour))
    assert text == "This is what the scripted model says." and usage.known


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("slow-first", "model.slow"),
        ("slow", "model.slow"),
        ("dies", "model.broken"),
        ("full", "model.full"),
        ("broken", "model.broken"),
        ("endless", "model.broken"),
        ("long-line", "model.broken"),
        ("garbage", "model.broken"),
    ],
)
async def test_a_failing_server_is_a_refusal_in_time(
    client: Models, scripted: ScriptedModel, behaviour: str, code: str
) -> None:
    with pytest.raises(Unavailable) as refusal:
        async with asyncio.timeout(10):
            await whole(client, Endpoint(scripted.url, behaviour))
    assert refusal.value.code == code
    assert "secret" not in str(refusal.value.values)


async def test_a_full_server_says_when_to_come_back(client: Models, scripted: ScriptedModel) -> None:
    scripted.retry_after = 10**9
    with pytest.raises(Unavailable) as refusal:
        await whole(client, Endpoint(scripted.url, "full"))
    assert refusal.value.values["retry_after"] == 3600


@pytest.mark.parametrize("behaviour", ["lies", "mute"])
async def test_a_count_that_cannot_be_is_unknown(client: Models, scripted: ScriptedModel, behaviour: str) -> None:
    _, usage = await whole(client, Endpoint(scripted.url, behaviour))
    assert not usage.known and 0 < usage.prompt < 1000 and 0 < usage.output <= ASK.max_tokens


async def test_a_server_that_is_not_there_is_away(client: Models, scripted: ScriptedModel) -> None:
    for endpoint in (Endpoint("http://127.0.0.1:1/v1", "plain"), Endpoint("", "x", socket="/nowhere.sock")):
        with pytest.raises(Unavailable, match=r"model\.away"):
            await whole(client, endpoint)


async def test_only_servers_that_the_operator_named_may_be_private(scripted: ScriptedModel) -> None:
    fetcher = Fetcher(frozenset(), None, "weft-test")
    with pytest.raises(Unavailable, match=r"model\.away"):
        await whole(Models(fetcher), Endpoint(scripted.url, "plain"))
    await fetcher.aclose()
    assert not scripted.calls


async def test_whoever_stops_listening_hangs_up_at_once(client: Models, scripted: ScriptedModel) -> None:
    async with aclosing(client.stream(Endpoint(scripted.url, "slow"), ASK)) as answer:
        async for _ in answer:
            break
    await gone(scripted)


async def test_a_cancelled_call_hangs_up_at_once(client: Models, scripted: ScriptedModel) -> None:
    call = asyncio.create_task(whole(client, Endpoint(scripted.url, "slow-first"), bounds=Bounds()))
    await until(lambda: scripted.in_flight == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await gone(scripted)


async def gone(scripted: ScriptedModel) -> None:
    await until(lambda: scripted.in_flight == 0)
    assert scripted.calls[-1].ended == "gone"


async def until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true within two seconds")


async def test_a_slow_listener_is_not_cut_off_in_its_own_work(client: Models, scripted: ScriptedModel) -> None:
    bounds = Bounds(first_s=2, between_s=0.2, total_s=5)
    seen = 0
    async for _ in client.stream(Endpoint(scripted.url, "plain"), ASK, bounds):
        await asyncio.sleep(0.25)
        seen += 1
    assert seen == 8


async def test_numbers_are_brought_within_bounds(client: Models, scripted: ScriptedModel) -> None:
    wild = Ask(ASK.messages, max_tokens=-5, temperature=float("nan"), stop=("x" * 999,) * 99, grammar="root ::= x")
    await whole(client, Endpoint(scripted.url, "no-stream"), wild)
    sent = scripted.bodies[0]
    assert (sent["max_tokens"], sent["temperature"], len(sent["stop"])) == (1, 0.0, 4)
    assert "grammar" not in sent
    assert set(sent) <= {"model", "messages", "max_tokens", "temperature", "stream", "stream_options", "stop"}


@pytest.mark.parametrize("messages", [(), (Message("user", "x" * 2_000_000),), (Message("user", "x"),) * 1000])
async def test_what_is_too_much_is_not_sent(
    client: Models, scripted: ScriptedModel, messages: tuple[Message, ...]
) -> None:
    with pytest.raises(Invalid, match=r"model\.too_long"):
        await whole(client, Endpoint(scripted.url, "plain"), Ask(messages, max_tokens=5))
    assert not scripted.calls


async def test_a_form_and_a_picture_are_sent_as_the_protocol_has_them(client: Models, scripted: ScriptedModel) -> None:
    schema = {"type": "object"}
    ask = Ask((Message("user", "what is this?", image="data:image/png;base64,AAAA"),), max_tokens=20, schema=schema)
    await whole(client, Endpoint(scripted.url, "plain"), ask)
    sent: dict[str, Any] = scripted.bodies[0]
    assert sent["response_format"]["json_schema"]["schema"] == schema
    assert sent["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png")


async def test_a_prompt_beyond_the_models_context_is_too_long(client: Models) -> None:
    body = json.dumps({"error": {"type": "exceed_context_size_error", "message": "..."}}).encode()
    async with site(lambda _: reply(body, 400, content_type="application/json")) as outside:
        fetcher = Fetcher(frozenset({outside.peer}), None, "weft-test")
        with pytest.raises(Unavailable, match=r"model\.too_long"):
            await whole(Models(fetcher), Endpoint(outside.url, "x"))
        await fetcher.aclose()


async def test_a_compressed_or_redirected_answer_is_not_followed(client: Models) -> None:
    answers = [reply(b"x", 200, content_encoding="gzip"), reply(b"", 302, location="http://127.0.0.1:1/")]
    async with site(lambda _: answers.pop()) as outside:
        fetcher = Fetcher(frozenset({outside.peer}), None, "weft-test")
        for _ in range(2):
            with pytest.raises(WeftError, match=r"model\.(away|broken)"):
                await whole(Models(fetcher), Endpoint(outside.url, "x"))
        assert len(outside.asked) == 2
        await fetcher.aclose()


async def test_texts_become_vectors_in_batches(client: Models, scripted: ScriptedModel) -> None:
    texts = [f"word{number} same" for number in range(70)]
    vectors, usage = await client.embed(Endpoint(scripted.url, "plain", context=512), texts)
    assert vectors.shape == (70, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert [len(body["input"]) for body in scripted.bodies] == [32, 32, 6]
    assert usage.known and usage.prompt == 140 and usage.output == 0


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [("garbage", "model.broken"), ("dies", "model.away"), ("slow", "model.slow"), ("full", "model.full")],
)
async def test_failing_vectors_are_a_refusal(
    client: Models, scripted: ScriptedModel, behaviour: str, code: str
) -> None:
    with pytest.raises(Unavailable) as refusal:
        await client.embed(Endpoint(scripted.url, behaviour), ["a"], HASTY)
    assert refusal.value.code == code
