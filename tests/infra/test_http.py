"""The fetch gate against real servers on loopback and a real name server: where it goes, and what it refuses to do."""

import asyncio
import gzip
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.infra.certificates import certificate
from tests.infra.outside import Asked, names, reply, site
from weft.infra.http import Fetcher, FetchRequest
from weft.kernel.errors import Unavailable


@asynccontextmanager
async def fetching(*peers: str, dns: str | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Fetcher]:
    made = Fetcher(frozenset(peers), dns, "Weft/test", tls=tls)
    try:
        yield made
    finally:
        await made.aclose()


async def refusal(fetcher: Fetcher, request: FetchRequest) -> tuple[str, object]:
    with pytest.raises(Unavailable) as caught:
        await fetcher.fetch(request)
    return caught.value.code, caught.value.values.get("reason")


def get(url: str) -> FetchRequest:
    return FetchRequest("GET", url)


async def test_a_listed_peer_is_asked_with_our_headers_and_nothing_else() -> None:
    async with site(lambda _: reply(b"hello", content_type="text/plain; charset=utf-8")) as there:
        async with fetching(there.peer) as fetcher:
            fetched = await fetcher.fetch(FetchRequest("GET", f"{there.url}/a%20b?q=1&r=ü#part", accept="text/plain"))
    assert (fetched.status, fetched.body, fetched.media_type) == (200, b"hello", "text/plain")
    assert there.asked[0].target == "/a%20b?q=1&r=%C3%BC"
    assert there.asked[0].headers == {
        "host": there.peer,
        "accept": "text/plain",
        "accept-encoding": "gzip",
        "user-agent": "Weft/test",
    }


async def test_a_peer_that_is_not_listed_is_refused_on_loopback_and_never_connected_to() -> None:
    async with site(lambda _: reply()) as there, fetching() as fetcher:
        assert await refusal(fetcher, get(there.url)) == ("fetch.refused", "port")
        for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"):
            assert await refusal(fetcher, get(f"http://{host}/")) == ("fetch.refused", "address")
    assert there.asked == []


async def test_a_listed_peer_lends_nothing_to_its_neighbours() -> None:
    async with site(lambda _: reply()) as listed, site(lambda _: reply()) as other:
        async with fetching(listed.peer) as fetcher:
            assert await refusal(fetcher, get(other.url)) == ("fetch.refused", "port")
            assert await refusal(fetcher, get(f"http://localhost:{listed.port}")) == ("fetch.refused", "port")
    assert other.asked == []


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    async with names({"mixed.example": [["8.8.8.8", "10.0.0.1"]], "six.example": [["8.8.8.8", "fd00::1"]]}) as dns:
        async with fetching(dns=dns.address) as fetcher:
            assert await refusal(fetcher, get("http://mixed.example/")) == ("fetch.refused", "address")
            assert await refusal(fetcher, get("http://six.example/")) == ("fetch.refused", "address")
            assert await refusal(fetcher, get("http://absent.example/")) == ("fetch.failed", "name")


async def test_a_name_that_turns_private_between_two_connections_is_refused_the_second_time() -> None:
    async with site(lambda _: reply()) as there:
        peer = f"rebind.example:{there.port}"
        async with names({"rebind.example": [["127.0.0.1"]]}) as dns, fetching(peer, dns=dns.address) as fetcher:
            assert (await fetcher.fetch(get(f"http://{peer}/"))).status == 200
            assert await refusal(fetcher, get("http://rebind.example/")) == ("fetch.refused", "address")
            assert there.asked[0].headers["host"] == peer


async def test_each_connection_asks_for_the_name_once_and_goes_to_what_was_checked() -> None:
    """A name server that answers publicly first and privately afterwards finds no second question to answer."""
    async with names({"rebind.example": [["192.0.2.1"], ["127.0.0.1"]]}) as dns:
        async with fetching(dns=dns.address) as fetcher:
            assert await refusal(fetcher, get("http://rebind.example/")) == ("fetch.refused", "address")
        assert sorted(dns.questions) == [("rebind.example", 1), ("rebind.example", 28)]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/", "address"),
        ("http://[::ffff:10.0.0.1]/", "address"),
        ("http://169.254.169.254/latest/meta-data/", "address"),
        ("//10.0.0.1/", "address"),
        ("http://0x7f000001/", "host"),
        ("http://127.0.0.1:22/", "port"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1/", "scheme"),
        ("http://user:pass@127.0.0.1/", "userinfo"),
        ("http://127.0.0.1\\@example.com/", "url"),
    ],
)
async def test_a_redirect_is_checked_like_a_first_request(location: str, reason: str) -> None:
    async with site(lambda _: reply(status=302, location=location)) as there, fetching(there.peer) as fetcher:
        assert await refusal(fetcher, get(there.url)) == ("fetch.refused", reason)


async def test_three_redirects_are_followed_and_a_fourth_is_refused() -> None:
    def answer(asked: Asked) -> bytes:
        step = int(asked.target.strip("/"))
        return reply(b"end") if step == 0 else reply(status=302, location=f"/{step - 1}")

    async with site(answer) as there, fetching(there.peer) as fetcher:
        fetched = await fetcher.fetch(get(f"{there.url}/3"))
        assert (fetched.body, fetched.url) == (b"end", f"{there.url}/0")
        assert await refusal(fetcher, get(f"{there.url}/4")) == ("fetch.refused", "redirects")
        unfollowed = await fetcher.fetch(FetchRequest("GET", f"{there.url}/4", follow=False))
        assert (unfollowed.status, unfollowed.headers["location"]) == (302, "/3")


async def test_credentials_and_cookies_stay_at_the_origin_they_were_given_for() -> None:
    async with site(lambda _: reply()) as other:
        async with site(lambda _: reply(status=307, location=other.url, set_cookie="a=b")) as there:
            async with fetching(there.peer, other.peer) as fetcher:
                sent = {"Authorization": "Bearer x", "X-Api-Key": "y", "Signature": "z", "Accept-Language": "vi"}
                fetched = await fetcher.fetch(FetchRequest("GET", there.url, headers=sent))
    assert fetched.url == f"{other.url}/"
    assert there.asked[0].headers["authorization"] == "Bearer x"
    arrived = set(other.asked[0].headers)
    assert arrived == {"host", "accept", "accept-encoding", "user-agent", "accept-language"}
    assert "set-cookie" not in fetched.headers


async def test_a_body_follows_within_its_origin_only() -> None:
    async with site(lambda _: reply()) as other:

        def answer(asked: Asked) -> bytes:
            if asked.target == "/away":
                return reply(status=308, location=other.url)
            return reply(status=307, location="/end") if asked.target == "/here" else reply(asked.body)

        async with site(answer) as there, fetching(there.peer, other.peer) as fetcher:
            fetched = await fetcher.fetch(FetchRequest("POST", f"{there.url}/here", body=b"secret"))
            assert fetched.body == b"secret"
            away = FetchRequest("POST", f"{there.url}/away", body=b"secret")
            assert await refusal(fetcher, away) == ("fetch.refused", "redirects")
    assert other.asked == []


async def test_a_redirected_post_becomes_a_get_without_its_body() -> None:
    def answer(asked: Asked) -> bytes:
        return reply(status=303, location="/end") if asked.method == "POST" else reply()

    async with site(answer) as there, fetching(there.peer) as fetcher:
        await fetcher.fetch(FetchRequest("POST", there.url, {"content-type": "text/plain"}, b"text"))
    assert (there.asked[1].method, there.asked[1].body) == ("GET", b"")
    assert "content-type" not in there.asked[1].headers


@pytest.mark.parametrize("told", [True, False])
async def test_a_large_body_is_refused_whether_its_length_is_told_or_not(told: bool) -> None:
    body = b"x" * 2_000_000
    raw = reply(body) if told else b"HTTP/1.1 200 Said\r\nconnection: close\r\n\r\n" + body
    async with site(lambda _: raw) as there, fetching(there.peer) as fetcher:
        assert await refusal(fetcher, get(there.url)) == ("fetch.too_large", None)
        whole = await fetcher.fetch(FetchRequest("GET", there.url, max_bytes=2_000_000))
        assert whole.body == body


async def test_a_packed_body_is_unpacked_and_a_bomb_is_refused() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    packs = {"/good": gzip.compress(b"hello"), "/bomb": bomb, "/cut": gzip.compress(b"hello")[:-4], "/junk": b"no gzip"}
    packs["/tail"] = packs["/good"] + b"tail"
    async with site(lambda asked: reply(packs[asked.target], content_encoding="gzip")) as there:
        async with fetching(there.peer) as fetcher:
            assert (await fetcher.fetch(get(f"{there.url}/good"))).body == b"hello"
            start = time.process_time()
            assert await refusal(fetcher, get(f"{there.url}/bomb")) == ("fetch.too_large", None)
            assert time.process_time() - start < 0.5
            for path in ("/cut", "/junk", "/tail"):
                assert await refusal(fetcher, get(there.url + path)) == ("fetch.failed", "encoding")


async def test_an_encoding_we_did_not_ask_for_is_refused() -> None:
    async with site(lambda _: reply(content_encoding="gzip, gzip")) as there, fetching(there.peer) as fetcher:
        assert await refusal(fetcher, get(there.url)) == ("fetch.failed", "encoding")


async def test_a_server_that_never_answers_is_given_up_at_the_deadline() -> None:
    async with site(lambda _: reply()) as there, fetching(there.peer) as fetcher:
        there.hold = asyncio.Event()
        request = FetchRequest("GET", there.url, deadline_s=0.2)
        assert await refusal(fetcher, request) == ("fetch.timeout", None)


async def test_the_deadline_counts_for_all_redirects_together() -> None:
    async with site(lambda _: reply(status=302, location="/again")) as there, fetching(there.peer) as fetcher:
        there.hold = asyncio.Event()
        asyncio.get_running_loop().call_later(0.15, there.hold.set)
        loop_request = FetchRequest("GET", there.url, deadline_s=0.16)
        code, _ = await refusal(fetcher, loop_request)
        assert code in ("fetch.timeout", "fetch.refused")


@pytest.mark.parametrize(
    "raw", [b"", b"junk\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", b"HTTP/9 x"]
)
async def test_a_broken_answer_is_a_failure_like_any_other(raw: bytes) -> None:
    async with site(lambda _: raw) as there, fetching(there.peer) as fetcher:
        assert await refusal(fetcher, get(there.url)) == ("fetch.failed", "connection")


async def test_a_closed_port_is_a_failure() -> None:
    async with site(lambda _: reply()) as there:
        pass
    async with fetching(there.peer) as fetcher:
        assert await refusal(fetcher, get(there.url)) == ("fetch.failed", "connect")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil"}, {"x": "a\r\nb: c"}, {"x y": "z"}, {"Cookie": "a=b"}, {"x": "\u0100"}, {"Content-Length": "5"}],
)
async def test_headers_that_would_change_the_request_itself_are_refused(headers: dict[str, str]) -> None:
    async with site(lambda _: reply()) as there, fetching(there.peer) as fetcher:
        assert await refusal(fetcher, FetchRequest("GET", there.url, headers)) == ("fetch.refused", "header")
        assert await refusal(fetcher, FetchRequest("GET /x", there.url)) == ("fetch.refused", "method")
    assert there.asked == []


async def test_proxies_named_in_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(lambda _: reply(b"proxy")) as proxy, site(lambda _: reply(b"direct")) as there:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        async with fetching(there.peer) as fetcher:
            assert (await fetcher.fetch(get(there.url))).body == b"direct"
    assert proxy.asked == []


async def test_one_peer_gets_four_requests_at_a_time() -> None:
    async with site(lambda _: reply()) as there, fetching(there.peer) as fetcher:
        there.hold = asyncio.Event()
        tasks = [asyncio.create_task(fetcher.fetch(get(there.url))) for _ in range(40)]
        async with asyncio.timeout(20):
            while there.open < 4:  # noqa: ASYNC110 - the site tells nobody
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert there.open == 4
        there.hold.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert there.most_open <= 5
        assert [str(result) for result in results if isinstance(result, Exception)] == ["overloaded"] * 4


async def test_a_slow_peer_does_not_hold_up_another() -> None:
    async with site(lambda _: reply()) as slow, site(lambda _: reply(b"quick")) as quick:
        async with fetching(slow.peer, quick.peer) as fetcher:
            slow.hold = asyncio.Event()
            waiting = [asyncio.create_task(fetcher.fetch(get(slow.url))) for _ in range(20)]
            await asyncio.sleep(0.05)
            assert (await fetcher.fetch(get(quick.url))).body == b"quick"
            slow.hold.set()
            await asyncio.gather(*waiting)


async def test_a_fault_can_be_switched_on_for_drills() -> None:
    def away(peer: str) -> None:
        raise Unavailable("fetch.failed", reason="drill", peer=peer)

    async with site(lambda _: reply()) as there:
        fetcher = Fetcher(frozenset([there.peer]), None, "Weft/test", fault=away)
        assert await refusal(fetcher, get(there.url)) == ("fetch.failed", "drill")
        await fetcher.aclose()
    assert there.asked == []


async def test_json_and_forms_as_identity_providers_speak_them() -> None:
    def answer(asked: Asked) -> bytes:
        match asked.target:
            case "/discovery":
                return reply(b'{"issuer": "x"}')
            case "/token":
                return reply(b'{"error": "invalid_grant"}' if b"code=a%26b" in asked.body else b"{}", status=400)
            case "/list":
                return reply(b"[1]")
        return reply(b"{}", status=404)

    async with site(answer) as there, fetching(there.peer) as fetcher:
        assert await fetcher.get_json(f"{there.url}/discovery") == {"issuer": "x"}
        token = await fetcher.post_form(f"{there.url}/token", {"code": "a&b"}, {"authorization": "Basic x"})
        assert (token.status, token.json()) == (400, {"error": "invalid_grant"})
        assert there.asked[1].headers["content-type"] == "application/x-www-form-urlencoded"
        for path, reason in (("/list", "body"), ("/absent", "status")):
            with pytest.raises(Unavailable) as caught:
                await fetcher.get_json(there.url + path)
            assert caught.value.values["reason"] == reason


async def test_tls_verifies_the_name_although_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "good.example")
    seen: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: seen.append(name)
    async with site(lambda _: reply(b"safe"), tls=server) as there:
        peers = [f"{name}:{there.port}" for name in ("good.example", "other.example")]
        records = {"good.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
        async with names(records) as dns, fetching(*peers, dns=dns.address, tls=trust) as fetcher:
            fetched = await fetcher.fetch(get(f"https://{peers[0]}/"))
            assert fetched.body == b"safe"
            assert await refusal(fetcher, get(f"https://{peers[1]}/")) == ("fetch.failed", "connection")
    assert seen == ["good.example", "other.example"]
    assert there.asked[0].headers["host"] == peers[0]


async def test_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    server, _ = certificate(tmp_path, "good.example")
    async with site(lambda _: reply(), tls=server) as there, names({"good.example": [["127.0.0.1"]]}) as dns:
        peer = f"good.example:{there.port}"
        async with fetching(peer, dns=dns.address) as fetcher:
            assert await refusal(fetcher, get(f"https://{peer}/")) == ("fetch.failed", "connection")


async def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "good.example")
    async with site(lambda _: reply()) as plain, names({"good.example": [["127.0.0.1"]]}) as dns:
        async with site(lambda _: reply(status=301, location=plain.url), tls=server) as there:
            peer = f"good.example:{there.port}"
            async with fetching(peer, plain.peer, dns=dns.address, tls=trust) as fetcher:
                assert await refusal(fetcher, get(f"https://{peer}/")) == ("fetch.refused", "downgrade")
    assert plain.asked == []


async def test_a_listed_ipv6_peer_is_asked_with_brackets_in_its_name() -> None:
    async with site(lambda _: reply(), host="::1") as there:
        async with fetching(f"[::1]:{there.port}") as fetcher:
            assert (await fetcher.fetch(get(f"http://[0:0::1]:{there.port}/"))).status == 200
    assert there.asked[0].headers["host"] == f"[{ipaddress.ip_address('::1')}]:{there.port}"
