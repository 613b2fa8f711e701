"""Mastodon.py reads: timelines in pages both ways, search in three languages, streams, and the server itself."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from mastodon import Mastodon, StreamListener
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.contract.client import app_of, eventually
from tests.support.server import LiveServer

POSTS = 47


class Crowd:
    """Somebody with many posts under a tag, and a follower who has them in a list."""

    def __init__(self, server: LiveServer) -> None:
        writer, reader = server.person(), server.person()
        self.writer, self.reader = app_of(server, writer), app_of(server, reader)
        self.writer_id, self.tag = writer.id, f"many{writer.id}"
        self.reader.account_follow(writer.id)
        self.list = self.reader.list_create("many")
        self.reader.list_accounts_add(self.list.id, [writer.id])
        self.ids = [str(self.writer.status_post(f"post {n} #{self.tag}").id) for n in range(POSTS)][::-1]

    def read(self, timeline: str, **page: Any) -> Any:
        match timeline:
            case "home":
                return self.reader.timeline_home(**page)
            case "public":
                return self.reader.timeline_public(**page)
            case "local":
                return self.reader.timeline_local(**page)
            case "tag":
                return self.reader.timeline_hashtag(self.tag, **page)
            case "list":
                return self.reader.timeline_list(self.list.id, **page)
            case _:
                return self.reader.account_statuses(self.writer_id, **page)


@pytest.fixture(scope="module")
def crowd(server: LiveServer) -> Crowd:
    return Crowd(server)


TIMELINES = ["home", "public", "local", "tag", "list", "account"]


@pytest.mark.parametrize("timeline", TIMELINES)
def test_a_timeline_is_read_to_its_end_and_back(crowd: Crowd, timeline: str) -> None:
    page = crowd.read(timeline, limit=10, min_id=str(int(crowd.ids[-1]) - 1), max_id=str(int(crowd.ids[0]) + 1))
    page = crowd.read(timeline, limit=10, max_id=str(int(crowd.ids[0]) + 1))
    assert ids(page) == crowd.ids[:10]
    seen, pages = ids(page), [page]
    while len(seen) < POSTS:
        page = crowd.reader.fetch_next(page)
        assert page, "the end came early"
        pages.append(page)
        seen += ids(page)
    assert seen[:POSTS] == crowd.ids and len(set(seen)) == len(seen)
    back: list[str] = ids(pages[-1])
    while back[0] != crowd.ids[0]:
        page = crowd.reader.fetch_previous(page)
        assert page, "the way back ended early"
        back = ids(page) + back
    assert back[: len(seen)] == seen


@pytest.mark.parametrize("timeline", ["home", "tag", "list", "account"])
def test_the_rest_of_a_timeline_is_fetched_at_once(crowd: Crowd, timeline: str) -> None:
    whole = crowd.reader.fetch_remaining(crowd.read(timeline, limit=20))
    assert ids(whole) == crowd.ids


def ids(page: Any) -> list[str]:
    return [str(post.id) for post in page]


def test_min_id_gives_the_page_next_to_the_cursor(crowd: Crowd) -> None:
    assert ids(crowd.read("home", min_id=crowd.ids[20], limit=5)) == crowd.ids[15:20]
    assert ids(crowd.read("home", since_id=crowd.ids[20], limit=5)) == crowd.ids[:5]
    assert ids(crowd.read("home", since_id=crowd.ids[5], max_id=crowd.ids[2])) == crowd.ids[3:5]


def test_favourites_and_bookmarks_are_paged_in_the_order_of_liking(crowd: Crowd) -> None:
    chosen = [crowd.ids[index] for index in (3, 30, 1, 22, 11, 40, 5)]
    for id_ in chosen:
        crowd.reader.status_favourite(id_)
        crowd.reader.status_bookmark(id_)
    for page in (crowd.reader.favourites(limit=3), crowd.reader.bookmarks(limit=3)):
        assert ids(page) == chosen[::-1][:3]
        assert ids(crowd.reader.fetch_remaining(page)) == chosen[::-1]
        second = crowd.reader.fetch_next(page)
        assert ids(crowd.reader.fetch_previous(second)) == ids(page)


# ---------------------------------------------------------------------------------------------------- search


@pytest.fixture(scope="module")
def library(server: LiveServer) -> tuple[Mastodon, dict[str, str]]:
    """Posts in three languages by somebody who wants to be found."""
    writer = app_of(server, server.person())
    writer.account_update_credentials(indexable=True, discoverable=True, display_name="Nguyễn Thủ Thư")
    texts = {
        "marked": "Hôm nay tôi uống cà phê sữa đá",
        "bare": "toi uong ca phe den khong duong",
        "korean": "안녕하세요 대한민국에서 인사드립니다",
        "english": "Running through the quiet harvest fields",
        "tagged": "see #ThưViện1",
    }
    posts = {name: str(writer.status_post(text).id) for name, text in texts.items()}
    server.settle()
    return app_of(server, server.person()), posts


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("cà phê", ["marked", "bare"]),
        ("ca phe", ["bare", "marked"]),
        ("대한민국", ["korean"]),
        ("민국", ["korean"]),
        ("인사", ["korean"]),
        ("harvest", ["english"]),
        ("HARVEST fields", ["english"]),
        ("zebra", []),
    ],
)
def test_posts_are_found_in_three_languages(
    library: tuple[Mastodon, dict[str, str]], asked: str, found: list[str]
) -> None:
    reader, posts = library
    statuses = reader.search_v2(asked, result_type="statuses", resolve=False).statuses
    mine = [name for id_ in ids(statuses) for name, own in posts.items() if own == id_]
    if asked == "ca phe":
        assert sorted(mine) == sorted(found)
    else:
        assert mine == found


def test_people_tags_and_addresses_are_found(library: tuple[Mastodon, dict[str, str]]) -> None:
    reader, posts = library
    writer = reader.status(posts["english"]).account
    assert writer.id in [account.id for account in reader.search_v2("thu thu", result_type="accounts").accounts]
    assert reader.account_search(writer.acct)[0].id == writer.id
    for asked in ("thưviện", "#thuvien1"):
        tags = reader.search_v2(asked, result_type="hashtags").hashtags
        assert "thưviện1" in [tag.name.lower() for tag in tags]
    by_address = reader.search_v2(reader.status(posts["english"]).url, resolve=True)
    assert ids(by_address.statuses) == [posts["english"]]
    assert [account.id for account in reader.search_v2(writer.url, resolve=True).accounts] == [writer.id]
    assert reader.account_lookup(writer.acct.upper()).id == writer.id


# ---------------------------------------------------------------------------------------------------- streams


class Ear(StreamListener):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.fresh = threading.Event()

    def on_any_event(self, name: str, data: Any = None, for_stream: Any = None) -> None:
        self.heard.append((name, data))
        self.fresh.set()

    def names(self) -> list[str]:
        return [name for name, _ in self.heard]


def hang_up(handle: Any, writer: Mastodon, reader: Mastodon) -> None:
    """End a stream. The client only looks up when it hears something, so it gets something to hear."""
    ending = threading.Thread(target=handle.close)
    ending.start()
    while ending.is_alive():
        writer.status_post("#Suối: good night")
        ending.join(0.05)
    assert not handle.is_alive()


def test_a_stream_tells_of_posts_edits_ends_and_notifications(server: LiveServer) -> None:
    writer, reader = app_of(server, server.person()), app_of(server, server.person())
    reader.account_follow(writer.me().id)
    ear = Ear()
    handle = reader.stream_user(ear, run_async=True)
    try:
        eventually(handle.is_receiving)
        post = writer.status_post("heard at once")
        eventually(ear.names, lambda names: "update" in names)
        writer.status_update(post.id, "heard again")
        eventually(ear.names, lambda names: "status.update" in names)
        writer.status_favourite(reader.status_post("mine").id)
        writer.status_delete(post.id)
        eventually(ear.names, lambda names: {"notification", "delete"} <= set(names))
    finally:
        hang_up(handle, writer, reader)
    first = next(data for name, data in ear.heard if name == "update")
    assert first.id == post.id and first.content == "<p>heard at once</p>"
    assert str(next(data for name, data in ear.heard if name == "delete")) == str(post.id)
    assert next(data for name, data in ear.heard if name == "notification").type == "favourite"


def test_public_and_tag_streams_tell_of_what_is_theirs(server: LiveServer) -> None:
    writer, reader = app_of(server, server.person()), app_of(server, server.person())
    public, tagged = Ear(), Ear()
    handles = [reader.stream_public(public, run_async=True), reader.stream_hashtag("suối", tagged, run_async=True)]
    try:
        for handle in handles:
            eventually(handle.is_receiving)
        plain, with_tag = writer.status_post("plain words"), writer.status_post("with #Suối")
        eventually(tagged.names)
        eventually(
            lambda: [data.id for name, data in public.heard if name == "update"], lambda all_: with_tag.id in all_
        )
    finally:
        for handle in handles:
            hang_up(handle, writer, reader)
    assert tagged.heard[0][1].id == with_tag.id and plain.id not in [data.id for _, data in tagged.heard]
    assert plain.id in [data.id for name, data in public.heard if name == "update"]


def test_one_socket_carries_several_streams(server: LiveServer) -> None:
    writer, reader = server.person(), server.person()
    reader.post(f"/api/v1/accounts/{writer.id}/follow")
    with connect(
        f"{server.url.replace('http', 'ws', 1)}/api/v1/streaming", subprotocols=[Subprotocol(reader.token)]
    ) as socket:
        assert socket.subprotocol == reader.token
        socket.send(json.dumps({"type": "subscribe", "stream": "user"}))
        socket.send(json.dumps({"type": "subscribe", "stream": "hashtag", "tag": "Sông"}))
        socket.send(json.dumps({"type": "subscribe", "stream": "no such thing"}))
        assert json.loads(socket.recv(5)) == {"error": "Unknown stream type", "status": 400}
        post = writer.say("by the #Sông")
        frames = [json.loads(socket.recv(5)) for _ in range(2)]
        assert sorted(frame["stream"] for frame in frames) == [["hashtag", "Sông"], ["user"]]
        for frame in frames:
            assert frame["event"] == "update" and json.loads(frame["payload"])["id"] == post["id"]
        socket.send(json.dumps({"type": "unsubscribe", "stream": "user"}))
        writer.delete(f"/api/v1/statuses/{post['id']}")
        gone = json.loads(socket.recv(5))
        assert gone == {"stream": ["hashtag", "Sông"], "event": "delete", "payload": post["id"]}


# ---------------------------------------------------------------------------------------------------- the server


def test_the_server_introduces_itself(server: LiveServer, crowd: Crowd) -> None:
    visitor = Mastodon(api_base_url=server.url)
    new, old = visitor.instance_v2(), visitor.instance_v1()
    assert new.api_versions.mastodon >= 3 and "compatible; Weft" in new.version
    assert new.configuration.statuses.max_characters == 500
    assert new.domain == server.url.removeprefix("http://")
    assert old.version == new.version and isinstance(old.rules, list)
    assert visitor.retrieve_mastodon_version().startswith("4.")
    assert visitor.instance_nodeinfo().software.name == "weft"
    assert visitor.instance_nodeinfo().metadata.upstream.name == "mastodon"
    assert visitor.custom_emojis() == []
    assert len(visitor.instance_activity()) == 12
    for ask in (visitor.instance_rules, visitor.instance_peers, visitor.trending_links, visitor.directory):
        assert isinstance(ask(), list)
    assert visitor.instance_extended_description().content is not None
    assert isinstance(visitor.trending_tags(), list) and isinstance(visitor.trending_statuses(), list)
    assert visitor.instance_health() and visitor.stream_healthy()
    reader = crowd.reader
    assert isinstance(reader.announcements(), list)
    assert isinstance(reader.suggestions(), list)
    assert "posting:default:visibility" in reader.preferences()


def test_somebody_reads_without_a_token(server: LiveServer, crowd: Crowd) -> None:
    visitor = Mastodon(api_base_url=server.url)
    assert str(visitor.status(crowd.ids[0]).id) == crowd.ids[0]
    assert ids(visitor.account_statuses(crowd.writer_id, limit=5)) == crowd.ids[:5]
    assert visitor.status(crowd.ids[0]).favourited is None
