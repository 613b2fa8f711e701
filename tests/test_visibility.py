"""Nobody sees what they may not, on any route, stream or search: a random community against a naive oracle.

The oracle is written from the words of the API reference, over plain sets, and shares no code with the server.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.server import LiveServer, Person

PEOPLE = 7
POSTS = 45
VISIBILITIES = ("public", "unlisted", "private", "direct")


@dataclass
class Written:
    """A post as the oracle knows it."""

    id: str
    author: str
    visibility: str
    mentions: frozenset[str]
    repost_of: str = ""
    deleted: bool = False


@dataclass
class Oracle:
    """Who follows and blocks whom, and what was written."""

    follows: set[tuple[str, str]] = field(default_factory=set)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    posts: dict[str, Written] = field(default_factory=dict)

    def may_see(self, viewer: str | None, id_: str) -> bool:
        post = self.posts[id_]
        if post.deleted:
            return False
        if post.repost_of and not self.may_see(viewer, post.repost_of):
            return False
        if viewer == post.author:
            return True
        if viewer is not None and ((viewer, post.author) in self.blocks or (post.author, viewer) in self.blocks):
            return False
        if post.visibility in ("public", "unlisted"):
            return True
        if viewer is None:
            return False
        if viewer in post.mentions:
            return True
        return post.visibility == "private" and (viewer, post.author) in self.follows


class Community:
    """A few people on the server, related at random, who write at random."""

    def __init__(self, server: LiveServer, seed: int) -> None:
        self.chance = random.Random(seed)
        self.server = server
        self.oracle = Oracle()
        self.people = [server.person() for _ in range(PEOPLE)]
        self.by_id = {person.id: person for person in self.people}

    def relate(self) -> None:
        for one in self.people:
            for other in self.people:
                if one is other:
                    continue
                draw = self.chance.random()
                if draw < 0.4 and not self._apart(one, other):
                    one.post(f"/api/v1/accounts/{other.id}/follow")
                    self.oracle.follows.add((one.id, other.id))
                elif draw > 0.9:
                    one.post(f"/api/v1/accounts/{other.id}/block")
                    self.oracle.blocks.add((one.id, other.id))
                    self.oracle.follows -= {(one.id, other.id), (other.id, one.id)}

    def _apart(self, one: Person, other: Person) -> bool:
        return bool({(one.id, other.id), (other.id, one.id)} & self.oracle.blocks)

    def write(self) -> None:
        for number in range(POSTS):
            author = self.chance.choice(self.people)
            draw = self.chance.random()
            seen = [id_ for id_ in self.oracle.posts if self.oracle.may_see(author.id, id_)]
            if draw < 0.15 and seen:
                self._repost(author, self.chance.choice(seen))
            elif draw < 0.2 and seen:
                self._delete(self.chance.choice(seen))
            else:
                self._post(author, number, self.chance.choice(seen) if seen and draw < 0.6 else None)
        self.server.settle()

    def _post(self, author: Person, number: int, parent: str | None) -> None:
        mentioned = self.chance.sample(self.people, self.chance.choice((0, 0, 1, 2)))
        visibility = self.chance.choice(VISIBILITIES)
        handles = " ".join(f"@{person.name}" for person in mentioned)
        more: dict[str, Any] = {}
        if parent is not None and not self.oracle.posts[parent].repost_of:
            kind = "in_reply_to_id" if self.chance.random() < 0.7 else "quoted_status_id"
            if kind == "in_reply_to_id" or self.oracle.posts[parent].visibility in ("public", "unlisted"):
                more = {kind: parent}
        if "quoted_status_id" in more and visibility == "direct":
            visibility = "public"
        if self.chance.random() < 0.1 and "quoted_status_id" not in more:
            more["poll"] = {"options": ["left", "right"], "expires_in": 3600}
        status = author.say(f"wordone number {number} #weave {handles}", visibility=visibility, **more)
        mentions = frozenset(mention["id"] for mention in status["mentions"])
        assert mentions == {person.id for person in mentioned}
        self.oracle.posts[status["id"]] = Written(status["id"], author.id, visibility, mentions)

    def _repost(self, author: Person, id_: str) -> None:
        post = self.oracle.posts[id_]
        if post.repost_of or post.visibility not in ("public", "unlisted"):
            return
        status = author.post(f"/api/v1/statuses/{id_}/reblog")
        self.oracle.posts[status["id"]] = Written(status["id"], author.id, status["visibility"], frozenset(), id_)

    def _delete(self, id_: str) -> None:
        post = self.oracle.posts[id_]
        self.by_id[post.author].delete(f"/api/v1/statuses/{id_}")
        post.deleted = True


def statuses_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every status anywhere in an answer."""
    if isinstance(value, dict):
        if "spoiler_text" in value and "account" in value and "visibility" in value:
            yield value
        for inner in value.values():
            yield from statuses_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statuses_in(inner)


def routes_for(community: Community, viewer: Person | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every route that shows posts."""
    for person in community.people:
        yield f"/api/v1/accounts/{person.id}/statuses", {"limit": 40}
        yield f"/api/v1/accounts/{person.id}/statuses", {"exclude_replies": True, "limit": 40}
    yield "/api/v1/timelines/public", {"limit": 40}
    yield "/api/v1/timelines/tag/weave", {"limit": 40}
    yield "/api/v1/trends/statuses", {"limit": 40}
    for id_ in community.oracle.posts:
        yield f"/api/v1/statuses/{id_}/context", {}
        yield f"/api/v1/statuses/{id_}/quotes", {}
        yield "/api/v2/search", {"q": f"{community.server.url}/@someone/{id_}"}
    yield "/api/v1/statuses", {"id[]": list(community.oracle.posts)[:20]}
    if viewer is None:
        return
    yield "/api/v1/timelines/home", {"limit": 40}
    yield "/api/v1/timelines/direct", {"limit": 40}
    yield "/api/weft/v1/timelines/for_you", {"limit": 40}
    yield "/api/v1/notifications", {"limit": 80}
    yield "/api/v2/notifications", {"limit": 80}
    yield "/api/v1/conversations", {"limit": 40}
    yield "/api/v1/favourites", {"limit": 40}
    yield "/api/v1/bookmarks", {"limit": 40}
    yield "/api/v2/search", {"q": "wordone", "type": "statuses", "limit": 40}
    for person in community.people:
        yield "/api/v2/search", {"q": "number", "type": "statuses", "account_id": person.id, "limit": 40}


class Listening:
    """One person's sockets: everything that comes is kept."""

    def __init__(self, server: LiveServer, person: Person, stack: ExitStack) -> None:
        base = server.url.replace("http", "ws", 1)
        self.viewer = person.id
        self.frames: list[dict[str, Any]] = []
        address = f"{base}/api/v1/streaming?access_token={person.token}&stream=user"
        self._socket: ClientConnection = stack.enter_context(connect(address))
        for stream in ("public", "direct"):
            self._socket.send(json.dumps({"type": "subscribe", "stream": stream}))
        self._socket.send(json.dumps({"type": "subscribe", "stream": "hashtag", "tag": "weave"}))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for frame in self._socket:
                self.frames.append(json.loads(frame))
        except ConnectionClosed:
            return

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_sees_what_they_may_not_anywhere(server: LiveServer, seed: int) -> None:
    community = Community(server, seed)
    community.relate()
    with ExitStack() as stack:
        sockets = [Listening(server, person, stack) for person in community.people]
        for socket in sockets:
            stack.callback(socket.close)
        community.write()
    oracle = community.oracle
    for viewer in (*community.people, None):
        _check_each_post(community, viewer)
        shown = 0
        for path, params in routes_for(community, viewer):
            client = viewer.http if viewer is not None else server.visitor
            response = client.get(path, params=params)
            if response.status_code in (401, 404):
                continue
            assert response.status_code == 200, (path, response.text)
            for status in statuses_in(response.json()):
                if status["id"] in oracle.posts:
                    shown += 1
                    assert oracle.may_see(viewer.id if viewer else None, status["id"]), (path, status)
        assert shown > 0
    for socket in sockets:
        for frame in socket.frames:
            if frame.get("event") in ("update", "status.update", "notification", "conversation"):
                for status in statuses_in(json.loads(frame["payload"])):
                    post = oracle.posts[status["id"]]
                    # what was seen before it was deleted was seen rightly
                    was = post.deleted or oracle.may_see(socket.viewer, status["id"])
                    assert was, frame


def _check_each_post(community: Community, viewer: Person | None) -> None:
    """By its address a post is there exactly for those who may see it, and nothing can be done with it by others."""
    client = viewer.http if viewer is not None else community.server.visitor
    for id_ in community.oracle.posts:
        may = community.oracle.may_see(viewer.id if viewer else None, id_)
        assert (client.get(f"/api/v1/statuses/{id_}").status_code == 200) is may, community.oracle.posts[id_]
        if not may:
            assert client.get(f"/api/v1/statuses/{id_}/history").status_code == 404
            assert client.get(f"/api/v1/polls/{id_}").status_code == 404
            if viewer is not None:
                assert client.get(f"/api/v1/statuses/{id_}/source").status_code == 404
                for verb in ("favourite", "bookmark", "reblog"):
                    assert client.post(f"/api/v1/statuses/{id_}/{verb}").status_code == 404, verb
                for verb in ("hidden", "not_interested"):
                    assert client.post(f"/api/weft/v1/posts/{id_}/{verb}").status_code == 404, verb
                reply = client.post("/api/v1/statuses", json={"status": "psst", "in_reply_to_id": id_})
                assert reply.status_code == 404


def test_home_holds_all_that_it_should(server: LiveServer) -> None:
    """Own posts and those of followed people, replies to strangers left out: nothing is missing, nothing too much."""
    community = Community(server, 11)
    community.relate()
    community.write()
    oracle = community.oracle
    for viewer in community.people:
        home = {status["id"] for status in viewer.get("/api/v1/timelines/home", limit=40)}
        for id_, post in oracle.posts.items():
            if post.author == viewer.id and not post.deleted and not post.repost_of:
                assert id_ in home, post
        follows = {target for source, target in oracle.follows if source == viewer.id} | {viewer.id}
        for id_ in home:
            post = oracle.posts[id_]
            assert post.author in follows or (post.visibility == "direct" and viewer.id in post.mentions), post
