"""Links to files: ranges, going on after a cut, and every link that must lead nowhere."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from tests.hub.files import small_gguf
from tests.hub.town import HUB, asked, publish
from tests.support.server import LiveServer

DATA = small_gguf(300_000)


@pytest.fixture(scope="module")
def offer(server: LiveServer) -> Any:
    model = publish(server, files={"m.gguf": DATA})
    return asked(server, model.name)["files"][0]


def test_a_file_comes_whole_with_its_hash_as_its_tag(server: LiveServer, offer: Any) -> None:
    got = server.visitor.get(offer["url"])
    assert got.headers["etag"] == f'"sha256-{hashlib.sha256(DATA).hexdigest()}"'
    assert got.headers["content-length"] == str(len(DATA)) == str(offer["size"])
    assert got.headers["content-disposition"] == 'attachment; filename="m.gguf"'
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["cache-control"] == "private, no-store"
    assert got.content == DATA
    head = server.visitor.head(offer["url"])
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(DATA)), b"")
    same = server.visitor.get(offer["url"], headers={"if-none-match": got.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked_range", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-99", 5, 99),
        ("bytes=1000000-", 1_000_000, len(DATA) - 1),
        ("bytes=-10", len(DATA) - 10, len(DATA) - 1),
        (f"bytes=10-{10**15}", 10, len(DATA) - 1),
    ],
)
def test_a_range_is_answered_with_just_that(
    server: LiveServer, offer: Any, asked_range: str, first: int, last: int
) -> None:
    got = server.visitor.get(offer["url"], headers={"range": asked_range})
    assert got.status_code == 206
    assert got.headers["content-range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert got.content == DATA[first : last + 1]


@pytest.mark.parametrize("outside", [f"bytes={len(DATA)}-", "bytes=-0", f"bytes={10**17}-{10**17 + 1}"])
def test_a_range_outside_the_file_is_416(server: LiveServer, offer: Any, outside: str) -> None:
    got = server.visitor.get(offer["url"], headers={"range": outside})
    assert (got.status_code, got.headers["content-range"]) == (416, f"bytes */{len(DATA)}")


@pytest.mark.parametrize(
    "odd", ["bytes=a-b", "bytes=5", "lines=1-2", "bytes=1-2,4-5", "bytes=9-3", "bytes=--", "9" * 900]
)
def test_what_is_no_range_is_answered_whole(server: LiveServer, offer: Any, odd: str) -> None:
    got = server.visitor.get(offer["url"], headers={"range": odd})
    assert (got.status_code, len(got.content)) == (200, len(DATA))


def test_a_download_that_was_cut_goes_on_and_ends_with_the_right_hash(server: LiveServer, offer: Any) -> None:
    """As a download program does it: hang up somewhere, ask for the rest with the tag, until it is whole."""
    held, tag, cuts = bytearray(), "", 0
    while len(held) < offer["size"]:
        headers = {"range": f"bytes={len(held)}-", "if-range": tag} if held else {}
        with httpx.stream("GET", offer["url"], headers=headers) as answer:
            assert answer.status_code == (206 if held else 200)
            tag = answer.headers["etag"]
            limit = len(held) + 400_000
            for piece in answer.iter_bytes(50_000):
                held += piece
                if len(held) >= limit:
                    cuts += 1
                    break
    assert cuts >= 2
    assert hashlib.sha256(held).hexdigest() == offer["sha256"]


def test_a_range_of_another_version_is_answered_whole(server: LiveServer, offer: Any) -> None:
    for tag in ('"sha256-0000"', 'W/"sha256-0000"', "Wed, 21 Oct 2015 07:28:00 GMT"):
        got = server.visitor.get(offer["url"], headers={"range": "bytes=5-9", "if-range": tag})
        assert (got.status_code, len(got.content)) == (200, len(DATA))


def test_a_link_is_good_for_its_file_alone(server: LiveServer, offer: Any) -> None:
    one = publish(server, files={"m.gguf": DATA, "other.json": b"{}"})
    two = publish(server, files={"m.gguf": small_gguf(9)})
    files = {each["name"]: each["url"] for each in asked(server, one.name)["files"]}
    token = urlsplit(files["m.gguf"]).query
    assert server.visitor.get(files["other.json"]).content == b"{}"
    for path in (f"{one.name}/files/other.json", f"{two.name}/files/m.gguf", f"{one.name}/files/none.gguf"):
        assert server.visitor.get(f"{HUB}/models/{path}?{token}").status_code == 404


def test_a_changed_or_invented_link_leads_nowhere(server: LiveServer, offer: Any) -> None:
    parts = urlsplit(offer["url"])
    (token,) = parse_qs(parts.query)["token"]
    body, _, signature = token.partition(".")
    until, value = json.loads(base64.urlsafe_b64decode(body))
    longer = base64.urlsafe_b64encode(json.dumps([until + 10**9, value]).encode()).decode()
    wrong = [
        "", ".", "x", body, f"{body}.", f".{signature}", f"{body}.{'0' * 64}", f"{longer}.{signature}", f"{token}x",
        token[:-1], f"{body}.{signature}.{signature}", "é" * 40, "A" * 30_000, "\x7f", "%00", "../../etc/passwd",
    ]  # fmt: skip
    for each in wrong:
        got = server.visitor.get(f"{parts.path}?token={quote(each, safe='')}")
        assert got.status_code in (400, 404), (each, got.status_code)
    assert server.visitor.get(parts.path).status_code == 404


def test_another_version_of_the_file_ends_the_links_to_the_old_one(server: LiveServer) -> None:
    old = publish(server, files={"m.gguf": small_gguf(9)})
    request = asked(server, old.name)
    new = small_gguf(10)
    publish(server, name=old.name, files={"m.gguf": new})
    assert server.visitor.get(request["files"][0]["url"]).status_code == 404
    (fresh,) = server.visitor.get(request["url"]).json()["files"]
    assert server.visitor.get(fresh["url"]).content == new
