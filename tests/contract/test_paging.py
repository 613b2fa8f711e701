"""Every list is walked by its Link header to both ends: nothing twice, nothing missing, no id that leads nowhere."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.support.server import LiveServer, Person

MANY = 11
LINK = re.compile(r'<([^>]+)>; rel="(next|prev)"')


def links(answer: httpx.Response) -> dict[str, str]:
    return {rel: url for url, rel in LINK.findall(answer.headers.get("link", ""))}


def rows(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, f"{answer.request.url}: {answer.text}"
    body = answer.json()
    return list(body["notification_groups"] if isinstance(body, dict) else body)


def key(row: Any) -> str:
    if isinstance(row, str):
        return row
    return str(row.get("id") or row.get("name") or row["group_key"])


class Walk:
    """Pages of one list, to the end and back, and the checks that hold on the way."""

    def __init__(self, http: httpx.Client, path: str, limit: int) -> None:
        self.http, self.given = http, {"limit": str(limit)}
        self.pages: list[list[str]] = []
        self.links: list[dict[str, str]] = []
        answer = http.get(path, params=self.given)
        while found := [key(row) for row in rows(answer)]:
            assert len(found) <= limit
            self.pages.append(found)
            self.links.append(links(answer))
            self.check(self.links[-1], str(answer.request.url))
            assert len(self.pages) < 50, "the list has no end"
            if "next" not in self.links[-1]:
                break
            answer = http.get(self.links[-1]["next"])
        else:
            assert links(answer) == {}, "an empty page has no header"

    def check(self, found: dict[str, str], asked: str) -> None:
        assert "prev" in found, f"{asked} has no way back"
        for url in found.values():
            assert url.startswith(str(self.http.base_url).rstrip("/"))
            query = dict(parse_qsl(urlsplit(url).query))
            assert self.given.items() <= query.items(), f"{asked} loses parameters: {url}"
        assert "min_id=" in found["prev"] and "max_id=" not in found["prev"], found["prev"]
        assert "next" not in found or ("max_id=" in found["next"] and "min_id=" not in found["next"])

    @property
    def all(self) -> list[str]:
        return [one for page in self.pages for one in page]

    def back(self) -> list[str]:
        """Everything again, from the last page by `prev` alone."""
        collected = list(self.pages[-1])
        answer = self.http.get(self.links[-1]["prev"])
        while found := [key(row) for row in rows(answer)]:
            collected = found + collected
            assert len(collected) < 200, "the way back has no end"
            answer = self.http.get(links(answer)["prev"])
        return collected


class Town:
    """One person in the middle of everything that lists can hold."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.ann = ann = server.person()
        self.others = [server.person() for _ in range(MANY)]
        self.tag = f"paging{ann.id}"
        self.post = ann.say("look at me")["id"]
        self.list = ann.post("/api/v1/lists", title="all")["id"]
        for n, other in enumerate(self.others):
            self.befriend(other)
            said = other.say(f"post {n} #{self.tag}")["id"]
            for act in ("favourite", "bookmark"):
                ann.post(f"/api/v1/statuses/{said}/{act}")
            other.say("so true", quoted_status_id=self.post)
            other.say(f"@{ann.name} psst", visibility="direct")
            ann.post(f"/api/v1/tags/t{n}x{ann.id}/follow")
            ann.post("/api/v1/domain_blocks", domain=f"n{n}.example")
            ann.say("in a while", scheduled_at=f"2031-01-{n + 1:02}T10:00:00Z")
        ann.post(f"/api/v1/lists/{self.list}/accounts", account_ids=[other.id for other in self.others])
        for stranger in [server.person() for _ in range(MANY)]:
            ann.post(f"/api/v1/accounts/{stranger.id}/mute")
            ann.post(f"/api/v1/accounts/{stranger.id}/block")
        ann.http.patch("/api/v1/accounts/update_credentials", json={"locked": True})
        for asking in [server.person() for _ in range(MANY)]:
            asking.post(f"/api/v1/accounts/{ann.id}/follow")
        server.settle()

    def befriend(self, other: Person) -> None:
        ann = self.ann
        other.post(f"/api/v1/accounts/{ann.id}/follow")
        ann.post(f"/api/v1/accounts/{other.id}/follow")
        ann.post(f"/api/v1/accounts/{other.id}/endorse")
        for act in ("favourite", "reblog"):
            other.post(f"/api/v1/statuses/{self.post}/{act}")


@pytest.fixture(scope="module")
def town(server: LiveServer) -> Town:
    return Town(server)


LISTS = {
    "home": ("/api/v1/timelines/home", 4 * MANY + 1),
    "tag": ("/api/v1/timelines/tag/{tag}", MANY),
    "list": ("/api/v1/timelines/list/{list}", 3 * MANY),
    "direct": ("/api/v1/timelines/direct", MANY),
    "account": ("/api/v1/accounts/{ann}/statuses", 1),
    "followers": ("/api/v1/accounts/{ann}/followers", MANY),
    "following": ("/api/v1/accounts/{ann}/following", MANY),
    "endorsements": ("/api/v1/endorsements", MANY),
    "endorsements of an account": ("/api/v1/accounts/{ann}/endorsements", MANY),
    "favourites": ("/api/v1/favourites", MANY),
    "bookmarks": ("/api/v1/bookmarks", MANY),
    "favourited by": ("/api/v1/statuses/{post}/favourited_by", MANY),
    "reblogged by": ("/api/v1/statuses/{post}/reblogged_by", MANY),
    "quotes": ("/api/v1/statuses/{post}/quotes", MANY),
    "blocks": ("/api/v1/blocks", MANY),
    "mutes": ("/api/v1/mutes", MANY),
    "domain blocks": ("/api/v1/domain_blocks", MANY),
    "follow requests": ("/api/v1/follow_requests", MANY),
    "followed tags": ("/api/v1/followed_tags", MANY),
    "list members": ("/api/v1/lists/{list}/accounts", MANY),
    "conversations": ("/api/v1/conversations", MANY),
    "scheduled": ("/api/v1/scheduled_statuses", MANY),
    "notifications": ("/api/v1/notifications", None),
    "public": ("/api/v1/timelines/public", None),
}


def path_of(town: Town, name: str) -> str:
    return LISTS[name][0].format(tag=town.tag, list=town.list, ann=town.ann.id, post=town.post)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_walked_to_both_ends(town: Town, name: str) -> None:
    limit = 40 if name == "public" else 4
    walk = Walk(town.ann.http, path_of(town, name), limit)
    assert len(set(walk.all)) == len(walk.all), "something came twice"
    expected = LISTS[name][1]
    if expected is not None:
        assert len(walk.all) == expected
    else:
        assert len(walk.all) > MANY
    if name == "public":  # others write there meanwhile
        assert walk.back()[-len(walk.all) :] == walk.all
        return
    assert "next" not in walk.links[-1] or len(walk.pages[-1]) == limit, "the end is a page that is not full"
    assert all(len(page) == limit for page in walk.pages[:-1])
    assert walk.back() == walk.all
    whole = town.ann.http.get(path_of(town, name), params={"limit": 80})
    shown = [key(row) for row in rows(whole)]
    assert shown == walk.all[: len(shown)]
    assert len(shown) == len(walk.all) or (len(shown) >= 40 and "next" in links(whole))


def test_groups_are_walked_like_the_notifications_in_them(town: Town) -> None:
    whole = {key(row) for row in rows(town.ann.http.get("/api/v2/notifications", params={"limit": 80}))}
    assert len(whole) == 3 * MANY + 3
    walk = Walk(town.ann.http, "/api/v2/notifications", 4)
    assert set(walk.all) == whole  # a group goes on on later pages, under the same key
    assert all(len(set(page)) == len(page) for page in walk.pages)
    assert set(walk.back()) == whole


def test_min_id_is_the_page_next_to_the_cursor_and_since_id_the_newest(town: Town) -> None:
    path = path_of(town, "tag")
    ids = [post["id"] for post in town.ann.get(path, limit=40)]
    ask = town.ann.get
    assert [post["id"] for post in ask(path, min_id=ids[8], limit=3)] == ids[5:8]
    assert [post["id"] for post in ask(path, since_id=ids[8], limit=3)] == ids[:3]
    assert [post["id"] for post in ask(path, min_id=ids[8], since_id=ids[2], limit=3)] == ids[5:8]
    assert [post["id"] for post in ask(path, min_id=ids[8], max_id=ids[6], limit=3)] == ids[7:8]
    assert [post["id"] for post in ask(path, max_id=ids[8], limit=1)] == [ids[9]]
    assert len(ask(path, limit=1000)) == MANY and len(ask(path, limit="many")) == MANY


def test_other_parameters_stay_in_the_links(town: Town) -> None:
    asked = {"limit": "2", "types[]": "favourite", "exclude_types[]": "mention", "with": "a b&c"}
    answer = town.ann.http.get("/api/v1/notifications", params=asked)
    for url in links(answer).values():
        assert asked.items() <= dict(parse_qsl(urlsplit(url).query)).items(), url
    assert {row["type"] for row in town.ann.http.get(links(answer)["next"]).json()} == {"favourite"}


def test_a_page_is_full_where_posts_between_are_hidden(server: LiveServer) -> None:
    reader, writer, muted = server.person(), server.person(), server.person()
    tag = f"refill{reader.id}"
    for other in (writer, muted):
        reader.post(f"/api/v1/accounts/{other.id}/follow")
    wanted = [writer.say(f"a #{tag}")["id"]]
    for n in range(30):
        muted.say(f"hidden {n} #{tag}")
    wanted.insert(0, writer.say(f"b #{tag}")["id"])
    filtered = [writer.say(f"avoid {n} #{tag}")["id"] for n in range(5)]
    wanted.insert(0, writer.say(f"c #{tag}")["id"])
    reader.post(f"/api/v1/accounts/{muted.id}/mute")
    words = [{"keyword": "avoid"}]
    reader.post(
        "/api/v2/filters", title="x", context=["home", "public"], filter_action="hide", keywords_attributes=words
    )
    server.settle()
    # What a filter hides is removed at home and only marked elsewhere.
    kept = {"/api/v1/timelines/home": wanted, f"/api/v1/timelines/tag/{tag}": [wanted[0], *filtered[::-1], *wanted[1:]]}
    for path, expected in kept.items():
        page = reader.get(path, limit=len(expected))
        assert [post["id"] for post in page] == expected
        assert {post["id"] for post in page if post["filtered"]} <= set(filtered)
        two = Walk(reader.http, path, 2)
        assert two.all == expected and all(len(each) == 2 for each in two.pages[:-1])
        assert two.back() == expected
