"""The hub's pages for the staff: who sees them, deciding without script, what was counted, showing and hiding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.hub.town import HUB, ask, asked, publish
from tests.support.postgres import run
from tests.support.server import LiveServer
from weft.accounts.model import Role
from weft.accounts.service import create_session
from weft.infra.db import open_db
from weft.kernel.clock import Clock
from weft.kernel.ids import AccountId
from weft.web.texts.hub_staff import STAFF

CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
OVERVIEW = "/hub/staff"

SignedIn = Callable[[Role], httpx.Client]


@pytest.fixture
def signed_in(server: LiveServer) -> Iterator[SignedIn]:
    """A browser that somebody with this role is signed in to."""
    made: list[httpx.Client] = []

    def browser(role: Role) -> httpx.Client:
        session = run(session_of(server, int(server.person(role=role).id)))
        made.append(httpx.Client(base_url=server.url, timeout=30, cookies={"weft_session": session}))
        return made[-1]

    yield browser
    for each in made:
        each.close()


async def session_of(server: LiveServer, account_id: int) -> str:
    db = await open_db(server.database_url, Clock(), size=1)
    try:
        return await create_session(db, AccountId(account_id), "a browser")
    finally:
        await db.close()


def csrf_on(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    found = CSRF.search(page.text)
    assert found is not None
    return found[1]


def id_of(token: str) -> str:
    return token.partition("-")[0]


def test_the_staff_decides_on_the_page_and_the_counts_are_there(server: LiveServer, signed_in: SignedIn) -> None:
    model, other = publish(server, "manual", title="River <1>"), publish(server, "manual")
    first = asked(server, model.name, name="<b>Lan</b>", purpose="To read <i>", email="lan@example.org")
    second, third = asked(server, model.name, name="Binh"), asked(server, other.name, name="Chau")
    browser = signed_in("moderator")
    page = browser.get(OVERVIEW)
    proof = csrf_on(page)
    assert "River &lt;1&gt;" in page.text and "&lt;b&gt;Lan&lt;/b&gt;" in page.text and "lan@example.org" in page.text
    assert "<script" not in page.text and first["token"] not in page.text
    assert "(Vietnam)" in page.text
    assert page.text.index("Lan") < page.text.index("Binh"), "who waited longest comes first"

    def decide(token: str, **more: str) -> httpx.Response:
        return browser.post(f"{OVERVIEW}/requests/{id_of(token)}", data={"csrf": proof, **more})

    assert decide(first["token"], decision="approve").headers["location"] == OVERVIEW
    said = decide(second["token"], decision="reject")
    assert said.status_code == 422 and STAFF["en"]["problem.hub.blank"] in said.text
    sent = decide(second["token"], decision="reject", reason="No <room>", model=model.name)
    assert sent.headers["location"] == f"{OVERVIEW}/models/{model.name}"
    assert decide(third["token"], decision="forget").status_code == 303
    assert server.visitor.get(first["url"]).json()["state"] == "approved"
    assert server.visitor.get(second["url"]).json()["reason"] == "No <room>"
    assert server.visitor.get(third["url"]).status_code == 404
    whole = browser.get(f"{OVERVIEW}/models/{model.name}").text
    assert "Lan" in whole and "Binh" not in whole, "those that are approved and open are listed"
    day = re.search(r"<td class=\"number\">20\d\d-\d\d-\d\d</td>\s*" + r"<td class=\"number\">(\d+)</td>\s*" * 3, whole)
    assert day is not None and day.groups() == ("2", "1", "1")


def test_nobody_else_sees_the_pages_or_decides(server: LiveServer, signed_in: SignedIn) -> None:
    model = publish(server, "manual")
    token = asked(server, model.name, name="Lan of the secret")["token"]
    member, visitor = signed_in("member"), httpx.Client(base_url=server.url)
    paths = (OVERVIEW, f"{OVERVIEW}/models/{model.name}")
    for path in paths:
        assert visitor.get(path).headers["location"] == f"/auth/sign_in?return_to={OVERVIEW}"
        refused = member.get(path)
        assert refused.status_code == 403 and "Lan of the secret" not in refused.text
    for browser in (member, visitor):
        proof = csrf_on(browser.get(f"/hub/{model.name}"))
        sent = browser.post(f"{OVERVIEW}/requests/{id_of(token)}", data={"csrf": proof, "decision": "approve"})
        changed = browser.post(f"{OVERVIEW}/models/{model.name}", data={"csrf": proof, "change": "hide"})
        assert (sent.status_code, changed.status_code) == (403, 403)
    visitor.close()
    assert server.visitor.get(f"{HUB}/requests/{token}").json()["state"] == "waiting"
    assert server.visitor.get(f"/hub/{model.name}").status_code == 200


def test_a_form_without_our_proof_decides_nothing(server: LiveServer, signed_in: SignedIn) -> None:
    token = asked(server, publish(server, "manual").name)["token"]
    browser = signed_in("owner")
    assert browser.get(OVERVIEW).status_code == 200
    path = f"{OVERVIEW}/requests/{id_of(token)}"
    for proof in ("", "0" * 64):
        assert browser.post(path, data={"csrf": proof, "decision": "approve"}).status_code == 403
    assert server.visitor.get(f"{HUB}/requests/{token}").json()["state"] == "waiting"


def test_owner_and_admins_show_and_hide_models_and_moderators_do_not(server: LiveServer, signed_in: SignedIn) -> None:
    model = publish(server, "manual")
    path = f"{OVERVIEW}/models/{model.name}"
    admin, moderator = signed_in("admin"), signed_in("moderator")
    assert 'name="change"' not in moderator.get(path).text

    def change(browser: httpx.Client, what: str) -> int:
        return browser.post(path, data={"csrf": csrf_on(browser.get(OVERVIEW)), "change": what}).status_code

    asked(server, model.name)
    assert change(moderator, "hide") == 403
    assert change(admin, "hide") == 303
    assert server.visitor.get(f"/hub/{model.name}").status_code == 404
    assert admin.get(path).status_code == 200, "the staff sees hidden ones"
    assert change(admin, "show") == 303
    assert change(admin, "automatic") == 303
    assert ask(server, model.name).json()["state"] == "approved"
    assert admin.get(f"{OVERVIEW}/models/no-such-model").status_code == 404
    assert admin.get(f"{OVERVIEW}/models/{'%0d%0aset-cookie:x'}").status_code == 404


def test_no_model_can_take_the_name_of_a_page() -> None:
    from tests.hub.town import description
    from weft.hub.model import check_description
    from weft.kernel.errors import Invalid

    for name in ("staff", "requests"):
        with pytest.raises(Invalid, match=r"hub\.name"):
            check_description(description(name))


def test_the_texts_have_the_same_keys_and_places_in_each_language() -> None:
    places = re.compile(r"\{\w+\}")
    for texts in STAFF.values():
        assert texts.keys() == STAFF["en"].keys()
        for key, text in texts.items():
            assert set(places.findall(text)) == set(places.findall(STAFF["en"][key])), key


def test_pages_for_visitors_lead_to_the_hub_where_there_is_something_in_it(server: LiveServer) -> None:
    person = server.person()
    person.say("Good morning")
    publish(server)
    page = httpx.get(f"{server.url}/@{person.name}")
    assert 'href="/hub"' in page.text
    assert 'href="/hub"' in httpx.get(server.url).text
