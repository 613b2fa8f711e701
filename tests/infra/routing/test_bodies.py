"""The same parameters arrive in every encoding; hostile bodies are refused, and large ones unread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.infra.routing.sample import Calls, bearer
from weft.infra.routing import body
from weft.infra.routing.table import SMALL_BODY

Client = httpx.AsyncClient

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"status": "hé", "sensitive": "on", "media_ids[]": ["1", "2"], "poll[options][]": ["a", "b"]}},
        {"json": {"status": "hé", "sensitive": True, "media_ids": [1, "2"], "poll": {"options": ["a", "b"]}}},
        {"params": {"status": "hé", "sensitive": "1", "media_ids[]": ["1", "2"], "poll[options][]": ["a", "b"]}},
        {
            "files": [
                ("status", (None, "hé")),
                ("sensitive", (None, "true")),
                ("media_ids[]", (None, "1")),
                ("media_ids[]", (None, "2")),
                ("poll[options][]", (None, "a")),
                ("poll[options][]", (None, "b")),
            ]
        },
        {
            "params": {"status": "no"},
            "json": {"status": "hé", "sensitive": "t", "media_ids": ["1", "2"], "poll": {"options": ["a", "b"]}},
        },
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/statuses"), ("DELETE", "/api/v1/statuses/1")])
async def test_parameters_mean_the_same_in_every_encoding(
    client: Client, method: str, path: str, sent: dict[str, Any]
) -> None:
    answer = await client.request(method, path, headers=bearer("ann"), **sent)
    found = answer.json()
    assert found["status"] == "hé"
    assert found["sensitive"] is True
    assert found["media_ids"] == ["1", "2"]
    assert found["poll"]["options"] == ["a", "b"]


async def test_files_come_with_their_names_and_types(client: Client, calls: Calls) -> None:
    answer = await client.post(
        "/api/v2/media",
        data={"description": "a cat"},
        files={"file": ("cát.png", b"\x89PNG\0\xff" * 1000, "image/png"), "thumbnail": ("t.gif", b"GIF", "image/gif")},
    )
    assert answer.json() == {
        "description": "a cat",
        "files": {"file": ["cát.png", "image/png", 6000], "thumbnail": ["t.gif", "image/gif", 3]},
    }


async def refused(client: Client, content: Any, content_type: str, **headers: str) -> int:
    all_headers = {**bearer("ann"), "Content-Type": content_type, **headers}
    answer = await client.post("/api/v1/statuses", content=content, headers=all_headers)
    assert set(answer.json()) <= {"error", "weft"}
    return answer.status_code


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"status":"\xff"}', "application/json", 400),
        (rb'{"status":"\u0000"}', "application/json; charset=utf-8", 400),
        (rb'{"status":"\ud800"}', "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"status":5.5}', "application/json", 422),
        (b'{"status":{}}', "application/json", 422),
        (b'{"poll":"x"}', "application/json", 422),
        (b"status=%00", FORM, 400),
        (b"status=%FF", FORM, 400),
        (b"status=\xff", FORM, 400),
        (b"status[a]=x", FORM, 422),
        (b"a" + b"[b]" * 10_000 + b"=1", FORM, 400),
        (b"&".join(b"k%d=1" % number for number in range(1001)), FORM, 400),
        (b"&".join(b"a[]=%d" % number for number in range(1001)), FORM, 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=", 400),
        (b"x", "multipart/form-data; boundary=" + "b" * 500, 400),
        (b"x", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n", "multipart/form-data; boundary=b", 400),
        (b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nx', "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\n\xff\0\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
        ),
        (b"--b\r\n" + b"X: y\r\n" * 100 + b"\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 400),
        (b"--b\r\nX: " + b"y" * 10_000 + b"\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1001 + b"--b--\r\n",
            "multipart/form-data; boundary=b",
            400,
        ),
    ],
)
async def test_a_hostile_body_is_refused(
    client: Client, calls: Calls, content: bytes, content_type: str, status: int
) -> None:
    assert await refused(client, content, content_type) == status
    assert calls.seen == []


@pytest.mark.parametrize("name", ["file", "f{number}"])
async def test_more_files_than_any_form_has_are_refused(client: Client, name: str) -> None:
    files = [(name.format(number=number), (f"{number}", b"x", "image/png")) for number in range(40)]
    assert (await client.post("/api/v2/media", files=files)).status_code == 400


@pytest.mark.parametrize("content_type", ["application/json", FORM, "multipart/form-data; boundary=b", "text/plain"])
async def test_ten_megabytes_are_refused_unread(client: Client, content_type: str) -> None:
    class Unread(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            raise AssertionError("the body was read")
            yield b""

    length = str(10 * 1024 * 1024)
    assert await refused(client, Unread(), content_type, **{"Content-Length": length}) == 413


async def test_a_body_without_a_length_is_cut_at_the_limit(client: Client) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1000
            yield b"a" * 1000

    assert await refused(client, endless(), FORM) == 413
    assert given <= SMALL_BODY + 2000


async def test_a_body_that_never_comes_is_not_waited_for(
    client: Client, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "PATIENCE_S", -10)

    async def silent() -> AsyncIterator[bytes]:
        yield b"status="
        await asyncio.sleep(60)

    assert await refused(client, silent(), FORM) == 400
    assert calls.seen == []


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "+5", " ", "9" * 40, "1, 1", "²"])
async def test_an_impossible_length_is_malformed(client: Client, length: str) -> None:
    status = await refused(client, b"{}", "application/json", **{"Content-Length": length.encode()})  # type: ignore[arg-type]
    assert status == 400


async def test_a_small_body_is_let_through_where_none_is_declared(client: Client) -> None:
    answer = await client.request("GET", "/api/v1/statuses/7", json={"x": 1})
    assert answer.status_code == 200
    answer = await client.request("GET", "/api/v1/statuses/7", content=b"x" * (SMALL_BODY + 1))
    assert answer.status_code == 413


async def test_our_own_api_refuses_what_it_does_not_know(client: Client) -> None:
    answer = await client.post("/api/weft/v1/notes", json={"text": "hi", "owner": 1})
    assert (answer.status_code, answer.json()["weft"]) == (422, {"code": "param.unknown", "field": "owner"})
    answer = await client.post("/api/weft/v1/notes", json={})
    assert answer.json()["error"] == "Validation failed: text can't be blank"
