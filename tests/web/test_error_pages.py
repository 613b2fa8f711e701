"""Error pages speak the visitor's language and look like the other pages; what apps are told stays as it is."""

from __future__ import annotations

import string
from typing import Any

import httpx
import pytest

from tests.web.site import BASE, CALLBACK, Site, register, site_with
from weft.infra.admit import Admit
from weft.infra.db import Db
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.catalogue import STATUS_OF_CODE, STATUS_OF_KIND
from weft.infra.routing.catalogue.en import SENTENCES
from weft.infra.routing.table import Call, Response
from weft.kernel import errors
from weft.kernel.clock import ManualClock
from weft.settings import Settings
from weft.web.page_route import page_route
from weft.web.pages import Pages
from weft.web.texts import LANGUAGES
from weft.web.texts.problems import PROBLEMS

KINDS = {kind.__name__: kind for kind in STATUS_OF_KIND}
NUMBERS = {*STATUS_OF_KIND.values(), *STATUS_OF_CODE.values(), 500}


async def refuse(call: Call[Any, None]) -> Response:
    """Refuse as the address says; a kind that is none is a fault of ours."""
    raise KINDS[call.path["kind"]](call.path["code"])


@pytest.fixture
def refusing(clock: ManualClock) -> httpx.AsyncClient:
    """A browser at a server that refuses everything."""
    admit = Admit(None, clock, False)
    pages = Pages(Settings(base_url=BASE, title="Harbour"))
    no_grant: Any = None
    serving = Serving(authenticate=no_grant, admit=admit, clock=clock, base_url=BASE, render_error=pages.error)
    routes = [page_route(method, "/refuse/:kind/:code", refuse, None) for method in ("GET", "POST")]
    transport = httpx.ASGITransport(Application(routes, None, serving), raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"accept": "text/html"})


@pytest.mark.parametrize("language", ["en", "vi", "ko"])
@pytest.mark.parametrize("kind", [*KINDS, "Broken"])
async def test_every_refusal_is_said_in_the_visitors_language(
    refusing: httpx.AsyncClient, kind: str, language: str
) -> None:
    answer = await refusing.get(f"/refuse/{kind}/never.heard", headers={"accept-language": f"{language}, en;q=0.5"})
    status = STATUS_OF_KIND[KINDS[kind]] if kind in KINDS else 500
    texts = PROBLEMS[language]
    assert answer.status_code == status and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in answer.text
    assert f"<h1>{texts[f'{status}.title']}</h1>" in answer.text and texts[f"{status}.text"] in answer.text
    assert f"<title>{texts[f'{status}.title']} · Harbour</title>" in answer.text


@pytest.mark.parametrize("code", ["form.expired", "origin.foreign", "staff.only", "oidc.failed", "oidc.provider"])
async def test_what_is_known_better_is_said_instead(refusing: httpx.AsyncClient, code: str) -> None:
    answer = await refusing.get(f"/refuse/Forbidden/{code}", headers={"accept-language": "vi"})
    assert PROBLEMS["vi"][f"{code}.text"] in answer.text and PROBLEMS["vi"]["403.text"] not in answer.text


async def test_the_choice_made_in_the_app_goes_before_the_browsers(refusing: httpx.AsyncClient) -> None:
    chosen = {"accept-language": "vi", "cookie": "weft_lang=ko; weft_theme=dark; weft_text=150"}
    answer = await refusing.get("/refuse/NotFound/x", headers=chosen)
    assert '<html lang="ko" data-theme="dark" data-text="150">' in answer.text
    unknown = await refusing.get("/refuse/NotFound/x", headers={"accept-language": "fr", "cookie": "weft_theme=pink"})
    assert '<html lang="en">' in unknown.text


async def test_an_error_page_looks_as_the_others_do_and_breaks_no_policy(refusing: httpx.AsyncClient) -> None:
    answer = await refusing.get("/refuse/Broken/x")
    sheets = [Pages(Settings(base_url=BASE)).assets.address(name) for name in ("tokens.css", "pages.css")]
    assert all(f'<link rel="stylesheet" href="{sheet}">' in answer.text for sheet in sheets)
    assert "<script" not in answer.text and " style=" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"


async def test_asking_again_is_offered_where_it_may_help(refusing: httpx.AsyncClient) -> None:
    again = '<a class="button" href="">Try again</a>'
    for kind, offered in (("Limited", True), ("Unavailable", True), ("Broken", True), ("NotFound", False)):
        assert (again in (await refusing.get(f"/refuse/{kind}/x")).text) == offered, kind
        assert again not in (await refusing.post(f"/refuse/{kind}/x")).text, "a form is not sent by opening its address"


async def test_a_fault_of_ours_names_its_request_and_a_refusal_does_not(refusing: httpx.AsyncClient) -> None:
    broken, absent = await refusing.get("/refuse/Broken/x"), await refusing.get("/refuse/NotFound/x")
    assert f"Request {broken.headers['x-request-id']}" in broken.text
    assert absent.headers["x-request-id"] not in absent.text


async def test_pages_that_a_server_really_refuses(site: Site, browser: httpx.AsyncClient) -> None:
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    korean = {"accept-language": "ko-KR"}
    for answer, said in (
        (await browser.get("/no/such/page", headers=korean), "404"),
        (await browser.get("/%ff%00", headers=korean), "404"),
        (await browser.get("/auth/password", headers=korean), "405"),
        (await browser.post("/auth/password", data={"csrf": "x"}, headers=korean), "form.expired"),
        (await browser.post("/auth/password", headers={**korean, **foreign}), "origin.foreign"),
        (await browser.post("/auth/password", content=b"x" * 300_000, headers=korean), "413"),
    ):
        assert '<html lang="ko">' in answer.text, said
        assert PROBLEMS["ko"][f"{said}.text"] in answer.text, said


async def test_an_apps_mistake_is_told_to_people_and_to_its_makers(site: Site, browser: httpx.AsyncClient) -> None:
    async with site.app() as client:
        app = await register(client)
    asked = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": "https://evil.example/",
        "lang": "vi",
    }
    answer = await browser.get("/oauth/authorize", params=asked)
    assert answer.status_code == 422 and CALLBACK not in answer.text and "evil" not in answer.text
    assert '<html lang="vi">' in answer.text and PROBLEMS["vi"]["oauth.text"] in answer.text
    assert f'<p class="hint" lang="en">{SENTENCES["oauth.redirect_uri"]}</p>' in answer.text


async def test_apps_are_told_what_they_always_were(site: Site) -> None:
    async with site.app() as client:
        for path, accept in (("/api/v1/nothing", "text/html"), ("/no/such/page", "application/json")):
            answer = await client.get(
                path, headers={"accept": accept, "accept-language": "ko", "cookie": "weft_lang=vi"}
            )
            assert answer.headers["content-type"].startswith("application/json")
            assert (answer.status_code, answer.json()["error"]) == (404, "Record not found")


async def test_pages_that_say_one_thing_keep_the_look_too(db: Db) -> None:
    async with site_with(db, signup="closed") as site, site.browser() as browser:
        answer = await browser.get("/auth/sign_up", headers={"cookie": "weft_lang=ko; weft_theme=dark; weft_text=200"})
        assert answer.status_code == 403
        assert '<html lang="ko" data-theme="dark" data-text="200">' in answer.text


def test_every_number_and_every_code_has_its_words_in_each_language() -> None:
    keys = set(PROBLEMS["en"]) - {"again", "number"}
    named = {key.rpartition(".")[0] for key in keys}
    assert keys == {f"{name}.{part}" for name in named for part in ("title", "text")}
    assert {name for name in named if name.isdigit()} == {str(number) for number in NUMBERS}
    known = {*SENTENCES, *(code.partition(".")[0] for code in SENTENCES)}
    assert {name for name in named if not name.isdigit()} <= known
    assert set(PROBLEMS) == set(LANGUAGES)
    for texts in PROBLEMS.values():
        assert set(texts) == set(PROBLEMS["en"]) and all(texts.values())
        for key, text in texts.items():
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} == (
                {"id"} if key == "number" else set()
            )


def test_a_refusal_of_any_kind_has_a_number_with_words() -> None:
    assert set(errors.WeftError.__subclasses__()) == set(STATUS_OF_KIND)
