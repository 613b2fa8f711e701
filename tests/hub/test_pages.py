"""The hub's pages without script: finding a model, asking by a form, following what became of it, deleting it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest

from tests.hub.town import publish
from tests.support.server import LiveServer
from weft.hub.countries import COUNTRIES
from weft.hub.formats.source import Facts
from weft.hub.model import File
from weft.web.hub_views import commands_of, file_view
from weft.web.texts.countries import countries_in
from weft.web.texts.hub import HUB

CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@pytest.fixture
def browser(server: LiveServer) -> Any:
    with httpx.Client(base_url=server.url, timeout=30) as made:
        yield made


def send(browser: httpx.Client, name: str, /, **more: str) -> httpx.Response:
    page = browser.get(f"/hub/{name}")
    assert page.status_code == 200, page.text
    found = CSRF.search(page.text)
    assert found is not None
    given = {"name": "Lan", "purpose": "To read", "country": "VN", "licence_accepted": "true", "csrf": found[1]}
    return browser.post(f"/hub/{name}", data={**given, **more})


def test_a_visitor_without_script_gets_a_model(server: LiveServer, browser: httpx.Client) -> None:
    card = "# Why\n\nBecause <script>alert(1)</script>."
    model = publish(server, title="River <1>", card=card, languages=("en", "ko", "fr"))
    assert f"/hub/{model.name}" in browser.get("/hub").text
    page = browser.get(f"/hub/{model.name}").text
    assert "River &lt;1&gt;" in page and "<dd>English, Korean, fr</dd>" in page
    assert "<script" not in page
    assert "<h2>Why</h2>" in page
    sent = send(browser, model.name)
    assert sent.status_code == 303
    request = browser.get(sent.headers["location"])
    assert request.status_code == 200
    link = unescape(re.findall(r'<a href="([^"]+)" download>', request.text)[0])
    assert len(browser.get(link).content) == model.files[0].size
    adds = f"weft model add '{link}' --sha256 {model.files[0].sha256} --name {model.name}"
    assert adds in unescape(request.text)
    for command in ("llama-server -m small.gguf", "ollama create", "FROM ./small.gguf"):
        assert command in request.text
    assert model.files[0].sha256 in request.text
    proof = CSRF.search(request.text)
    assert proof is not None
    gone = browser.post(f"{sent.headers['location']}/delete", data={"csrf": proof[1]})
    assert gone.status_code == 200
    assert browser.get(sent.headers["location"]).status_code == 404
    assert browser.get(link).status_code == 404


def test_the_commands_name_the_model_and_not_its_adapter() -> None:
    """In the order of the database: the adapter's name comes first."""
    adapter, model = (
        File(name=name, sha256="0" * 64, size=1, facts=Facts(format="gguf", adapter=is_adapter))
        for name, is_adapter in (("town-lora.gguf", True), ("town.gguf", False))
    )
    commands = commands_of([file_view(adapter, "https://a.example/1"), file_view(model, "https://a.example/2")], "town")
    assert commands.weft == f"weft model add https://a.example/2 --sha256 {'0' * 64} --name town"
    assert commands.llama[-1] == "llama-server -m town.gguf"
    # Without --fail a link that is too old would leave its refusal in the file, and the next try would go on behind it.
    assert all(line.startswith("curl --fail --location --continue-at - ") for line in commands.llama[:-1])
    assert commands.modelfile == "FROM ./town.gguf"
    alone = commands_of([file_view(adapter, "https://a.example/1")], "town")
    assert (alone.weft, alone.ollama) == ("", ()), "nothing runs it by itself"


def test_a_form_with_a_fault_comes_back_filled_in(server: LiveServer, browser: httpx.Client) -> None:
    model = publish(server)
    sent = send(browser, model.name, purpose=" ", name='"><b>x')
    assert sent.status_code == 422
    assert "&#34;&gt;&lt;b&gt;x" in sent.text
    assert "Please write something here." in sent.text
    assert '<option value="VN" selected>' in sent.text
    assert re.search(r'name="licence_accepted"[^>]* checked', sent.text), "what was accepted is not asked for twice"
    assert re.search(r'<textarea id="purpose"[^>]* required', sent.text)
    for wrong in ({"country": "XX"}, {"licence_accepted": "false"}, {"email": "no"}, {"name": "x" * 999}):
        assert send(browser, model.name, **wrong).status_code == 422


def test_a_licence_that_changed_while_somebody_read_it_is_read_again(server: LiveServer, browser: httpx.Client) -> None:
    model = publish(server)
    read = re.search(r'name="licence" value="([0-9a-f]{64})"', browser.get(f"/hub/{model.name}").text)
    assert read is not None
    publish(server, name=model.name, licence_text="Ask me first.")
    sent = send(browser, model.name, licence=read[1])
    assert sent.status_code == 422
    assert HUB["en"]["problem.hub.licence_changed"] in unescape(sent.text)
    assert "Ask me first." in sent.text and read[1] not in sent.text
    accepted = send(browser, model.name).headers["location"]
    publish(server, name=model.name)
    assert HUB["en"]["request.licence"] in browser.get(accepted).text


def test_a_form_without_our_proof_or_from_elsewhere_is_refused(server: LiveServer, browser: httpx.Client) -> None:
    model = publish(server)
    assert send(browser, model.name, csrf="0" * 64).status_code == 403
    browser.headers["origin"] = "https://elsewhere.example"
    assert send(browser, model.name).status_code == 403


def test_a_model_or_request_that_is_not_there_is_a_page_that_says_so(server: LiveServer) -> None:
    for path in ("/hub/none", "/hub/requests/1-x", "/hub/%00", "/hub/requests/" + "9" * 40):
        got = server.visitor.get(path, headers={"accept": "text/html"})
        assert got.status_code == 404, path
        assert got.headers["content-type"].startswith("text/html")


def test_the_pages_speak_three_languages(server: LiveServer, browser: httpx.Client) -> None:
    model = publish(server, "manual")
    for language, texts in HUB.items():
        page = browser.get(f"/hub/{model.name}", headers={"accept-language": language})
        assert texts["ask.manual"] in page.text
        assert f'lang="{language}"' in page.text


def test_the_texts_have_the_same_keys_and_places_in_each_language() -> None:
    places = re.compile(r"\{\w+\}")
    for texts in HUB.values():
        assert texts.keys() == HUB["en"].keys()
        for key, text in texts.items():
            assert set(places.findall(text)) == set(places.findall(HUB["en"][key])), key


def test_every_country_has_a_name_in_each_language() -> None:
    for language in HUB:
        named = countries_in(language)
        assert {code for code, _ in named} == COUNTRIES
        assert all(name for _, name in named)


def test_asking_is_limited_by_address(server: LiveServer) -> None:
    from weft.hub.routes import ROUTES
    from weft.web.routes import ROUTES as PAGES

    forms = [route for route in (*ROUTES, *PAGES) if route.method == "POST" and route.path in _FORMS]
    assert [route.rate.name for route in forms] == ["hub_request", "hub_request"]


_FORMS = ("/api/weft/v1/hub/models/:name/requests", "/hub/:name")
