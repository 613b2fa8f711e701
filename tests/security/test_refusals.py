"""Hidden, blocked and absent look alike; a lost right is lost everywhere within seconds; no cache mixes readers up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.security.house import House, Person, path_of, routes
from weft.accounts.service import delete_account, list_tokens, revoke_token, set_state, set_user_state
from weft.infra.routing.table import Route
from weft.kernel.ids import bucket_of

# Differs from answer to answer, whatever was asked.
OWN = {"x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}
ABSENT = "1"
# Their ids name something of the caller's, which is tried in test_input.
POSTS = "/api/v1/statuses/:id"


def of_posts() -> list[Route]:
    """Every route that is asked for one post by its id."""
    found = [route for route in routes() if route.path.startswith((POSTS, "/api/v1/polls/:id"))]
    assert len(found) > 20
    return found


def look(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer that could tell something."""
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k not in OWN}


async def ask(client: httpx.AsyncClient, route: Route, id_: str) -> httpx.Response:
    body = {"choices": [0], "status": "changed", "quote_approval_policy": "nobody"}
    json = body if route.method in ("POST", "PUT", "PATCH") else None
    return await client.request(route.method, path_of(route, id=id_, quoting_id=id_), json=json)


async def test_a_hidden_a_blocked_and_an_absent_post_look_alike_on_every_route(house: House) -> None:
    ann, ben, eve = [await house.person() for _ in range(3)]
    private = (await ann.say("for followers", visibility="private"))["id"]
    direct = (await ann.say("for nobody", visibility="direct"))["id"]
    poll = (await ann.say("?", visibility="private", poll={"options": ["a", "b"], "expires_in": 600}))["id"]
    blocked = (await ben.say("public, but not for her"))["id"]
    await ben.post(f"/api/v1/accounts/{eve.id}/block")
    await house.settle()
    for route in of_posts():
        absent = look(await ask(eve.http, route, ABSENT))
        assert absent[0] == 404, f"{route.method} {route.path}"
        for id_ in (private, direct, poll, blocked):
            assert look(await ask(eve.http, route, id_)) == absent, f"{route.method} {route.path} {id_}"
        nobody = look(await ask(house.visitor, route, ABSENT))
        for id_ in (private, direct, poll):
            assert look(await ask(house.visitor, route, id_)) == nobody, f"{route.method} {route.path} {id_}"


async def test_the_time_to_a_refusal_does_not_tell_what_exists(house: House) -> None:
    """A hidden post that lies in memory costs the statements of one that has to be looked for in vain."""
    ann, eve = await house.person(), await house.person()
    hidden = (await ann.say("x", visibility="direct"))["id"]
    await house.settle()
    costs: dict[str, list[str]] = {}
    for id_ in (hidden, ABSENT):
        await eve.http.get(f"/api/v1/statuses/{id_}")
        with house.statements() as seen:
            assert (await eve.http.get(f"/api/v1/statuses/{id_}")).status_code == 404
        costs[id_] = seen
    assert costs[hidden] == costs[ABSENT] != []


async def test_an_account_that_blocks_says_so_only_where_that_is_documented(house: House) -> None:
    ann, eve = await house.person(), await house.person()
    await ann.post(f"/api/v1/accounts/{eve.id}/block")
    assert (await eve.http.post(f"/api/v1/accounts/{ann.id}/follow")).status_code == 403
    assert (await eve.http.post(f"/api/v1/accounts/{ABSENT}/follow")).status_code == 404


class Stream:
    """An open event stream, which knows when it ended."""

    def __init__(self, house: House, person: Person, path: str = "user") -> None:
        self.lines: list[bytes] = []
        self._house, self._person, self._path = house, person, path
        self._opened = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, object]) -> None:
            self.lines.append(bytes(message.get("body", b"")))  # type: ignore[call-overload]
            self._opened.set()

        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/api/v1/streaming/{self._path}",
            "raw_path": f"/api/v1/streaming/{self._path}".encode(),
            "query_string": b"tag=secret",
            "headers": [(b"authorization", f"Bearer {self._person.token}".encode())],
            "client": ("203.0.113.9", 1),
        }
        await self._house.worker.asgi(scope, receive, send)

    async def opened(self) -> Stream:
        async with asyncio.timeout(5):
            await self._opened.wait()
        return self

    def heard(self, text: str) -> bool:
        return text.encode() in b"".join(self.lines)

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(5):
            while not self.heard(text):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture
async def streams() -> AsyncIterator[list[Stream]]:
    opened: list[Stream] = []
    yield opened
    for stream in opened:
        stream.task.cancel()
    await asyncio.gather(*(stream.task for stream in opened), return_exceptions=True)


async def listen(streams: list[Stream], house: House, person: Person, path: str = "user") -> Stream:
    streams.append(Stream(house, person, path))
    return await streams[-1].opened()


@pytest.mark.parametrize("loss", ["revoked", "suspended", "disabled", "deleted"])
async def test_losing_the_right_ends_streams_and_tokens_at_once(house: House, streams: list[Stream], loss: str) -> None:
    ann, ben = await house.person(), await house.person()
    stream = await listen(streams, house, ann)
    other = await listen(streams, house, ben)
    assert (await ann.http.get("/api/v1/timelines/home")).status_code == 200
    await lose(house, ann, loss)
    async with asyncio.timeout(3):
        await stream.task
    assert (await ann.http.get("/api/v1/timelines/home")).status_code in (401, 403)
    assert not other.task.done()


async def lose(house: House, person: Person, loss: str) -> None:
    if loss == "deleted":
        await delete_account(house.db, person.account_id)
        return
    async with house.db.tx(bucket_of(person.account_id)) as tx:
        match loss:
            case "suspended":
                await set_state(tx, person.account_id, "suspended")
            case "disabled":
                await set_user_state(tx, person.account_id, "disabled")
            case _:
                (listing,) = await list_tokens(tx, person.account_id)
                assert await revoke_token(tx, person.account_id, listing.id)


async def test_a_block_and_an_unfollow_count_from_the_next_post_and_the_next_page(
    house: House, streams: list[Stream]
) -> None:
    ann, ben = await house.person(), await house.person()
    await ben.post(f"/api/v1/accounts/{ann.id}/follow")
    stream = await listen(streams, house, ben)
    first = await ann.say("first secret", visibility="private")
    await stream.wait_for("first secret")
    assert first["id"] in [post["id"] for post in await ben.get("/api/v1/timelines/home")]
    await ann.post(f"/api/v1/accounts/{ben.id}/block")
    assert first["id"] not in [post["id"] for post in await ben.get("/api/v1/timelines/home")]
    assert (await ben.http.get(f"/api/v1/statuses/{first['id']}")).status_code == 404
    await ann.say("second secret", visibility="private")
    await ben.say("to close the gap")
    await stream.wait_for("to close the gap")
    assert not stream.heard("second secret")


async def test_a_posts_answer_depends_on_who_reads_it(house: House) -> None:
    """The same addresses, read in turn by people with other rights, marks and filters, give each their own answer."""
    ann, ben, eve = [await house.person() for _ in range(3)]
    await ben.post(f"/api/v1/accounts/{ann.id}/follow")
    private = await ann.say("for those who follow #secret", visibility="private")
    public = await ann.say("for all")
    await ben.post(f"/api/v1/statuses/{public['id']}/favourite")
    for _ in range(2):
        assert (await ben.get(f"/api/v1/statuses/{public['id']}"))["favourited"] is True
        assert (await eve.get(f"/api/v1/statuses/{public['id']}"))["favourited"] is False
        assert "favourited" not in (await house.visitor.get(f"/api/v1/statuses/{public['id']}")).json()
        pages = [await client.get(f"/api/v1/accounts/{ann.id}/statuses") for client in (ben.http, eve.http)]
        shown = [[post["id"] for post in page.json()] for page in pages]
        assert private["id"] in shown[0] and private["id"] not in shown[1]


@pytest.mark.parametrize(
    "path", ["/api/v1/timelines/public", "/api/v1/timelines/home", "/auth/sign_in", "/api/v1/statuses/1"]
)
async def test_no_answer_that_may_differ_is_kept_by_anybody_on_the_way(house: House, path: str) -> None:
    answer = await house.visitor.get(path)
    assert answer.headers["cache-control"] == "private, no-store"
