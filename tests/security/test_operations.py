"""What an operator relies on: nothing is open at the start, logs tell of no one, seams move targets and no checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.security.test_tokens import hidden
from tests.support.postgres import Servers
from tests.support.server import LiveServer, start_server
from weft.infra.http import Fetcher, FetchRequest
from weft.infra.mail import Mail, Mailer
from weft.kernel.clock import Clock
from weft.kernel.errors import Unavailable
from weft.operations.doctor import examine
from weft.settings import Settings

PASSWORD = "mountain-lake-7"
OWNER = re.compile(r"(http://\S+/auth/owner/\S+)")


class Fresh:
    """A server that nobody has used, as `weft up` starts it."""

    def __init__(self, server: LiveServer, log: Path) -> None:
        self.server, self.log = server, log


@pytest.fixture(scope="module")
def fresh(
    servers: Servers, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fresh]:
    folder = tmp_path_factory.mktemp("fresh")
    environ = {"WEFT_LIMITS": "on", "WEFT_LOG_LEVEL": "debug", "WEFT_LOG_FORMAT": "json"}
    with servers.database(str(request.config.getoption("--postgres")), migrated=True) as url:
        server = start_server(folder / "data", environ, database_url=url)
        try:
            yield Fresh(server, folder / "data.log")
        finally:
            server.stop()


def test_a_fresh_server_has_no_account_and_no_open_door(fresh: Fresh) -> None:
    visitor = fresh.server.visitor
    for login in ("admin", "root", "owner", "weft"):
        page = visitor.get("/auth/sign_in").text
        for password in ("admin", "weft", "password", ""):
            form = {**hidden(page), "login": login, "password": password}
            assert visitor.post("/auth/sign_in", data=form).status_code in (403, 422, 429)
    assert visitor.get("/auth/sign_up").status_code == 403
    for path in ("/admin", "/setup", "/install", "/debug", "/metrics", "/docs", "/_profiler", "/auth/owner/", "/.env"):
        assert visitor.get(path).status_code == 404, path
    assert visitor.get("/auth/owner/" + "x" * 43).status_code == 404


def test_the_owners_link_is_told_once_and_works_once(fresh: Fresh) -> None:
    (link,) = [found[1] for line in fresh.server.said if (found := OWNER.search(line))]
    assert link.rpartition("/")[2] not in fresh.log.read_text()
    with httpx.Client() as browser:
        page = browser.get(link)
        form = {"username": "boss", "email": "boss@private.example", "password": PASSWORD}
        assert browser.post(link, data={**hidden(page.text), **form}).status_code == 303
    with httpx.Client() as second:
        assert second.get(link).status_code == 404


def test_a_fault_and_a_refusal_tell_nothing_of_the_inside(fresh: Fresh) -> None:
    visitor = fresh.server.visitor
    answers = [
        visitor.get("/api/v1/statuses/999999999999999999999999"),
        visitor.post("/api/v1/statuses", content=b"{"),
        visitor.get("/api/v1/accounts/lookup", params={"acct": "\ud7ff'; DROP TABLE posts --"}),
        visitor.get("/nothing", headers={"accept": "text/html"}),
        visitor.get("/%00"),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.request.url
        assert not re.search(r"Traceback|asyncpg|\.py\b|SELECT |site-packages|/weft/", answer.text), answer.text
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers


def test_logs_hold_no_texts_no_tokens_and_nobodys_address(fresh: Fresh) -> None:
    """Also at the level of debugging, and after everything that people may do wrong."""
    server = fresh.server
    ann = server.person()
    ann.say("a very private text", visibility="direct")
    ann.http.put("/api/v1/statuses/1", json={"status": "another private text\nlevel=error forged=1"})
    ann.http.get("/api/v1/streaming/health", params={"access_token": ann.token})
    server.visitor.get("/api/v1/timelines/home", headers={"authorization": "Bearer guessed-secret\x1b[31m"})
    server.visitor.get(f"/api/v1/streaming/user/nothing?access_token={ann.token}")
    page = server.visitor.get("/auth/password/new").text
    server.visitor.post("/auth/password", data={**hidden(page), "email": "boss@private.example"})
    server.settle()
    lines = fresh.log.read_text()
    for secret in (ann.token, "private text", "guessed-secret", PASSWORD, "127.0.0.1", "\x1b"):
        assert secret not in lines, secret
    for line in lines.splitlines():
        assert line.startswith("{") is False or json.loads(line)["event"]


def test_seams_are_shown(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path), fetch_allow=("127.0.0.1:9",), dns="127.0.0.1:53", clock_offset=3600.0)
    warned = {finding.about: finding for finding in examine(settings, {}) if finding.level == "warning"}
    assert "127.0.0.1:9" in warned["fetch_allow"].words
    assert "127.0.0.1:53" in warned["dns"].words
    assert "3600" in warned["clock_offset"].words
    plain = {finding.about for finding in examine(Settings(data=str(tmp_path)), {})}
    assert not plain & {"fetch_allow", "dns", "clock_offset"}


def test_a_moved_clock_moves_what_is_written_and_nothing_else() -> None:
    assert abs(Clock(3600.0).now_ms() - Clock().now_ms() - 3_600_000) < 5_000


@pytest.mark.parametrize("url", ["http://127.0.0.1:8/", "http://127.0.0.2:9/", "http://[::1]:9/", "http://10.0.0.1/"])
async def test_a_listed_peer_opens_no_other_door(url: str) -> None:
    fetcher = Fetcher(frozenset({"127.0.0.1:9"}), None, "Weft")
    with pytest.raises(Unavailable) as refused:
        await fetcher.fetch(FetchRequest("GET", url))
    assert refused.value.code == "fetch.refused"
    await fetcher.aclose()


async def test_each_dependency_outside_can_be_switched_off() -> None:
    """Other machines' web servers and the mail server; of PostgreSQL the drills stop the real one."""

    def away(peer: str) -> None:
        raise Unavailable("drill", peer=peer)

    fetcher = Fetcher(frozenset({"127.0.0.1:9"}), None, "Weft", away)
    with pytest.raises(Unavailable) as broken:
        await fetcher.fetch(FetchRequest("GET", "http://127.0.0.1:9/"))
    assert broken.value.code == "drill"
    mailer = Mailer("smtp://127.0.0.1:9", "weft@example.com", Clock(), fault=away)
    with pytest.raises(Unavailable) as silent:
        await mailer.send(Mail(to="ann@example.com", subject="x", text="x"))
    assert silent.value.code == "drill"
    mailer.close()
