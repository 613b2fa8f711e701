"""Mastodon.py is let in: registration, the pages in between, PKCE, and the end of a token."""

from __future__ import annotations

import pytest
from mastodon import Mastodon, MastodonIllegalArgumentError, MastodonUnauthorizedError

from tests.contract.client import (
    SCOPES,
    Browser,
    Proving,
    code_in,
    proof,
    registered,
    with_password,
)
from tests.support.server import LiveServer

CALLBACK = "https://app.example/back"


@pytest.fixture(scope="module")
def login(server: LiveServer) -> str:
    with_password(server, "lan_dang_nhap")
    return "lan_dang_nhap"


def test_an_app_is_let_in_with_the_code_read_off_the_page(server: LiveServer, login: str) -> None:
    client = registered(server)
    url = client.auth_request_url(scopes=SCOPES, allow_http=True)
    code = code_in(Browser(server).let_in(url, login))
    token = client.log_in(code=code, scopes=SCOPES, allow_http=True)
    assert token
    assert client.me().username == login
    assert client.app_verify_credentials().name == "Reader"


def test_an_app_proves_with_pkce_that_the_code_is_its_own(server: LiveServer, login: str) -> None:
    verifier, shown = proof()
    client = registered(server, CALLBACK, Proving(verifier))
    url = client.auth_request_url(redirect_uris=CALLBACK, scopes=SCOPES, state="s1", allow_http=True)
    answer = Browser(server).let_in(f"{url}&code_challenge={shown['code_challenge']}&code_challenge_method=S256", login)
    assert answer.headers["location"].startswith(CALLBACK)
    assert "state=s1" in answer.headers["location"]
    client.log_in(code=code_in(answer), redirect_uri=CALLBACK, scopes=SCOPES, allow_http=True)
    assert client.account_verify_credentials().acct == login


def test_a_code_without_its_proof_opens_nothing(server: LiveServer, login: str) -> None:
    _, shown = proof()
    client = registered(server, CALLBACK, Proving("w" * 50))
    url = client.auth_request_url(redirect_uris=CALLBACK, scopes=SCOPES, allow_http=True)
    answer = Browser(server).let_in(f"{url}&code_challenge={shown['code_challenge']}&code_challenge_method=S256", login)
    with pytest.raises(MastodonIllegalArgumentError, match=r"invalid_grant|400"):
        client.log_in(code=code_in(answer), redirect_uri=CALLBACK, scopes=SCOPES, allow_http=True)


def test_a_code_is_good_for_one_token(server: LiveServer, login: str) -> None:
    client = registered(server)
    code = code_in(Browser(server).let_in(client.auth_request_url(scopes=SCOPES, allow_http=True), login))
    client.log_in(code=code, scopes=SCOPES, allow_http=True)
    with pytest.raises(MastodonIllegalArgumentError):
        client.log_in(code=code, scopes=SCOPES, allow_http=True)


def test_a_browser_that_is_signed_in_is_asked_only_to_agree(server: LiveServer, login: str) -> None:
    browser = Browser(server)
    for _ in range(2):
        client = registered(server)
        code = code_in(browser.let_in(client.auth_request_url(scopes=SCOPES, allow_http=True), login))
        client.log_in(code=code, scopes=SCOPES, allow_http=True)
        assert client.me().username == login


def test_a_revoked_token_opens_nothing(server: LiveServer, login: str) -> None:
    client = registered(server)
    code = code_in(Browser(server).let_in(client.auth_request_url(scopes=SCOPES, allow_http=True), login))
    token = client.log_in(code=code, scopes=SCOPES, allow_http=True)
    client.revoke_access_token(allow_http=True)
    with pytest.raises(MastodonUnauthorizedError, match="The access token is invalid"):
        Mastodon(access_token=token, api_base_url=server.url).me()


def test_an_app_token_registers_nobody_where_sign_up_is_closed(server: LiveServer) -> None:
    client = registered(server)
    answer = server.visitor.post(
        "/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "scope": "read write",
        },
    )
    app = server.client(answer.json()["access_token"])
    fields = {"username": "new_one", "email": "n@example.com", "password": "mountain-lake-7", "agreement": True}
    refused = app.post("/api/v1/accounts", json=fields)
    assert refused.status_code in (403, 422)
    assert app.get("/api/v1/apps/verify_credentials").json()["name"] == "Reader"
    assert server.visitor.get("/api/v1/accounts/lookup", params={"acct": "new_one"}).status_code == 404
