"""Posts with a link get its card: fetched once for everybody, from a site on loopback that may be hostile."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from tests.support.postgres import Servers
from tests.support.server import LiveServer, Person, running_server
from tests.support.web_site import WebSite, web_site


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with web_site() as running:
        yield running


@pytest.fixture(scope="module")
def server(servers: Servers, request: pytest.FixtureRequest, site: WebSite) -> Iterator[LiveServer]:
    kind = str(request.config.getoption("--postgres"))
    with servers.database(kind, migrated=True) as url, running_server(url, {"WEFT_FETCH_ALLOW": site.peer}) as live:
        yield live


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


def card_of(person: Person, status: Any, seconds: float = 10) -> Any:
    """The card of a post once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        card = person.get(f"/api/v1/statuses/{status['id']}")["card"]
        if card is not None:
            return card
        time.sleep(0.05)
    raise AssertionError("no card came")


def settled_after(server: LiveServer, site: WebSite, person: Person) -> None:
    """Wait until what was asked for before is done: a later card is there. Errands run side by side, so a bit more."""
    url = site.put(f"/later/{time.monotonic_ns()}", "<title>Later</title>")
    card_of(person, person.say(url))
    time.sleep(0.3)


def picture(size: tuple[int, int] = (800, 420)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, "PNG")
    return file.getvalue()


def page(title: str, *metas: str) -> str:
    return f"<html lang=en><head><title>{title}</title>{''.join(metas)}</head><body>text</body></html>"


def test_a_link_gets_a_card_with_a_picture_of_our_own(server: LiveServer, site: WebSite, ann: Person) -> None:
    site.put("/bowl.png", picture(), "image/png")
    url = site.put("/story", page("A story", '<meta property="og:image" content="/bowl.png">'))
    said = ann.say(f"read this: {url}#part-2, it is good")
    assert said["card"] is None
    card = card_of(ann, said)
    assert (card["url"], card["title"], card["type"], card["html"]) == (url, "A story", "link", "")
    assert card["provider_name"] == "127.0.0.1" and card["language"] == "en"
    assert card["image"].startswith(server.url) and card["blurhash"] and card["width"] > card["height"] > 0
    assert server.visitor.get(card["image"]).headers["content-type"] == "image/webp"
    assert ann.get(f"/api/v1/statuses/{said['id']}/card") == card
    assert "Weft/" in site.agents[-1]


def test_a_page_is_asked_once_for_everybody(server: LiveServer, site: WebSite, ann: Person) -> None:
    url = site.put("/once", page("Once"))
    posts = [person.say(f"{url} {number}") for number, person in enumerate((ann, server.person(), server.person()))]
    assert [card_of(ann, post)["title"] for post in posts] == ["Once"] * 3
    later = ann.say(url)
    assert card_of(ann, later)["title"] == "Once"
    assert site.asked.count("/once") == 1


def test_an_edit_brings_the_card_of_the_new_link_and_takes_the_old_one_away(
    server: LiveServer, site: WebSite, ann: Person
) -> None:
    first, second = site.put("/first", page("First")), site.put("/second", page("Second"))
    said = ann.say(first)
    assert card_of(ann, said)["title"] == "First"
    ann.http.put(f"/api/v1/statuses/{said['id']}", json={"status": second})
    assert eventually(lambda: (ann.get(f"/api/v1/statuses/{said['id']}")["card"] or {}).get("title") == "Second")
    ann.http.put(f"/api/v1/statuses/{said['id']}", json={"status": "no link any more"})
    assert eventually(lambda: ann.get(f"/api/v1/statuses/{said['id']}")["card"] is None)


def test_a_failure_is_remembered(server: LiveServer, site: WebSite, ann: Person) -> None:
    url = site.url + "/missing"
    ann.say(url)
    settled_after(server, site, ann)
    ann.say(f"again {url}")
    settled_after(server, site, ann)
    assert site.asked.count("/missing") == 1


def test_our_own_links_get_no_card(server: LiveServer, site: WebSite, ann: Person) -> None:
    said = ann.say(f"{server.url}/@{ann.name}")
    settled_after(server, site, ann)
    assert ann.get(f"/api/v1/statuses/{said['id']}")["card"] is None


def gzipped_zeros(megabytes: int) -> bytes:
    return gzip.compress(b"<title>bomb</title>" + b"\0" * (megabytes << 20))


HOSTILE: dict[str, Callable[[WebSite], dict[str, Any]]] = {
    "no page": lambda _: {"body": "{}", "content_type": "application/json"},
    "a picture": lambda _: {"body": picture(), "content_type": "image/png"},
    "a failure": lambda _: {"body": page("broken"), "status": 500},
    "inwards": lambda _: {"body": "", "status": 302, "headers": {"location": "http://127.0.0.1:9/secret"}},
    "metadata": lambda _: {"body": "", "status": 302, "headers": {"location": "http://169.254.169.254/latest"}},
    "a file": lambda _: {"body": "", "status": 302, "headers": {"location": "file:///etc/passwd"}},
    "in circles": lambda site: {"body": "", "status": 302, "headers": {"location": f"{site.url}/in%20circles"}},
    "slow": lambda _: {"body": page("slow"), "seconds": 7.0},
    "no title": lambda _: {"body": "<body>nothing"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_that_is_none_gives_no_card_and_harms_nothing(
    server: LiveServer, site: WebSite, ann: Person, name: str
) -> None:
    answer = HOSTILE[name](site)
    said = ann.say(site.put("/" + name.replace(" ", "%20"), **answer))
    settled_after(server, site, ann)
    assert ann.get(f"/api/v1/statuses/{said['id']}")["card"] is None


@pytest.mark.parametrize(
    ("name", "body", "headers"),
    [
        ("huge", page("Big").encode() + b"x" * (5 << 20), {}),
        ("bomb", gzipped_zeros(200), {"content-encoding": "gzip"}),
    ],
)
def test_of_a_page_without_end_only_the_beginning_is_read(
    server: LiveServer, site: WebSite, ann: Person, name: str, body: bytes, headers: dict[str, str]
) -> None:
    card = card_of(ann, ann.say(site.put(f"/{name}", body, headers=headers)))
    assert card["title"] in ("Big", "bomb")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x.png", "/not-a-picture", "/tiny.png", "//169.254.169.254/x"])
def test_a_picture_that_cannot_be_had_is_left_out(server: LiveServer, site: WebSite, ann: Person, address: str) -> None:
    site.put("/not-a-picture", "<script>", "image/png")
    site.put("/tiny.png", picture((16, 16)), "image/png")
    name = f"/with{abs(hash(address))}"
    card = card_of(ann, ann.say(site.put(name, page("P", f'<meta property="og:image" content="{address}">'))))
    assert card["title"] == "P" and card["image"] is None


def test_only_names_are_taken_of_an_oembed_answer(server: LiveServer, site: WebSite, ann: Person) -> None:
    site.put(
        "/oembed",
        '{"type":"video","html":"<script>alert(1)</script>","author_name":"Mina <b>","author_url":"javascript:1",'
        '"provider_name":"Films"}',
        "application/json",
    )
    link = '<link rel=alternate type="application/json+oembed" href="/oembed">'
    card = card_of(ann, ann.say(site.put("/film", page("A film", link))))
    assert (card["author_name"], card["author_url"], card["provider_name"]) == ("Mina", "", "Films")
    assert card["html"] == "" and card["embed_url"] == "" and card["type"] == "link"


def test_links_that_several_people_share_trend(server: LiveServer, site: WebSite, ann: Person) -> None:
    url, alone = site.put("/trend", page("Trend")), site.put("/alone", page("Alone"))
    ann.say(alone)
    ann.say(f"{alone} again")
    card_of(ann, ann.say(url))
    other = server.person()
    gone = other.say(url)
    other.say(f"{url} secretly", visibility="unlisted")

    def trending() -> dict[str, Any]:
        return {link["title"]: link for link in server.visitor.get("/api/v1/trends/links").json()}

    assert eventually(lambda: "Trend" in trending())
    link = trending()["Trend"]
    assert "Alone" not in trending()
    assert len(link["history"]) == 7 and (link["history"][0]["accounts"], link["history"][0]["uses"]) == ("2", "2")
    other.delete(f"/api/v1/statuses/{gone['id']}")
    assert eventually(lambda: "Trend" not in trending())


def eventually(is_so: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return False
