"""What may enter a request, checked on the request: nothing that any reader of the answer may not see, nothing of
anybody who blocked the assistant, opted out, is gone or is muted by the asker. Requests for meaning count as well. The
oracle knows the community by its own record of it."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.parlour import API, parlour, settle
from tests.security.house import House, Person
from tests.support.scripted_model import ScriptedModel, scripted_model
from weft.accounts.service import set_state
from weft.assistant.asks import chat_ask
from weft.assistant.context import Admitted, Readers
from weft.assistant.opt_outs import opt_out
from weft.assistant.prompts import Prompt, own_text
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.model import FollowOptions, Mute
from weft.relationships.service import block, follow, mute

SECRET = re.compile(r"zq[0-9]{4}x")
PEOPLE, POSTS = 5, 28
VISIBILITIES = ("public", "unlisted", "private", "direct")


class Written:
    """A post as the oracle knows it."""

    def __init__(self, author: int, visibility: str, mentions: frozenset[int], id_: str) -> None:
        self.author = author
        self.visibility = visibility
        self.mentions = mentions
        self.id = id_


class Community:
    """Random people, ties and posts, and who may see what by the plainest reading of the rules."""

    def __init__(self, house: House, model: ScriptedModel, chance: random.Random) -> None:
        self.house = house
        self.model = model
        self.chance = chance
        self.people: list[Person] = []
        self.posts: dict[str, Written] = {}
        self.follows: set[tuple[int, int]] = set()
        self.blocks: set[tuple[int, int]] = set()
        self.mutes: set[tuple[int, int]] = set()
        self.out: set[int] = set()
        self.gone: set[int] = set()
        self.shut: set[int] = set()
        self.limited: set[int] = set()
        self.written = 0
        self.read_by_index = 0
        model.say = self.repeat

    def repeat(self, body: dict[str, Any]) -> str:
        """A model that tells everything it was given, with its sources."""
        text = str(body["messages"][-1]["content"])
        parts = re.findall(r"^\[(\d+)\]\n((?:> .*\n?)+)", text, re.MULTILINE)
        return "\n".join(f"It says {' '.join(SECRET.findall(quoted))} there [{number}]." for number, quoted in parts)

    async def settle_in(self) -> None:
        chance = self.chance
        self.people = [await self.house.person() for _ in range(PEOPLE)]
        ids = [person.account_id for person in self.people]
        for a in ids:
            for b in ids:
                if a != b and chance.random() < 0.4:
                    await follow(self.house.db, a, b, FollowOptions())
                    self.follows.add((a, b))
        for _ in range(POSTS):
            await self._write(chance.randrange(PEOPLE))
        for a in ids:
            for b in ids:
                if a != b and chance.random() < 0.08:
                    await block(self.house.db, a, b)
                    self.blocks.add((a, b))
                    self.follows -= {(a, b), (b, a)}
                elif a != b and chance.random() < 0.08:
                    await mute(self.house.db, a, b, Mute())
                    self.mutes.add((a, b))
        await self.read()

    async def read(self) -> None:
        """Until the index has read what it was to read."""
        await self.house.settle()
        async with asyncio.timeout(60):
            while await self._waiting():  # noqa: ASYNC110 - a job works it off
                await asyncio.sleep(0.05)

    async def _waiting(self) -> int:
        async with self.house.db.read() as reader:
            return int(await reader.value("SELECT count(*) FROM post_embeddings_wanted  -- all buckets"))

    def _secret(self) -> str:
        self.written += 1
        return f"zq{self.written:04d}x"

    async def _write(self, at: int) -> None:
        person, chance = self.people[at], self.chance
        visibility = chance.choice(VISIBILITIES)
        called = frozenset(chance.sample(range(PEOPLE), chance.randrange(2) if visibility != "direct" else 1)) - {at}
        names = " ".join(f"@{self.people[other].name}" for other in called)
        secret = self._secret()
        seen = [post for post in self.posts.values() if self.sees(person.account_id, post)]
        parent = chance.choice(seen).id if seen and chance.random() < 0.5 else None
        text = f"The choir rehearses on Tuesday {secret} in the school {names}"
        values = {"status": text, "visibility": visibility, "in_reply_to_id": parent, "language": "en"}
        answer = await person.http.post("/api/v1/statuses", json=values)
        if answer.status_code == 200:
            mentions = frozenset(int(self.people[other].account_id) for other in called)
            self.posts[secret] = Written(person.account_id, visibility, mentions, answer.json()["id"])

    def sees(self, viewer: int | None, post: Written) -> bool:
        if post.author in self.gone:
            return False
        if viewer == post.author:
            return True
        if viewer is None:
            return post.visibility in ("public", "unlisted")
        if {(viewer, post.author), (post.author, viewer)} & self.blocks:
            return False
        if post.visibility in ("public", "unlisted") or viewer in post.mentions:
            return True
        return post.visibility == "private" and (viewer, post.author) in self.follows

    def allowed(self, asker: int, readers: list[int | None]) -> set[str]:
        refused = self.out | self.shut | {b for a, b in self.mutes if a == asker} | (self.limited if readers else set())
        if asker in self.out:
            return set()
        return {
            secret
            for secret, post in self.posts.items()
            if post.author not in refused and all(self.sees(reader, post) for reader in (asker, *readers))
        }

    @property
    def everybody(self) -> list[int | None]:
        return [None, *(person.account_id for person in self.people if person.account_id not in self.gone)]

    @property
    def indexed(self) -> set[str]:
        """What the index may give to a model, whoever asks."""
        away = self.out | self.shut | self.gone
        return {one for one, post in self.posts.items() if post.visibility == "public" and post.author not in away}

    def sent(self) -> set[str]:
        """The secrets in all requests since the last look, without those that the index may read."""
        found: set[str] = set()
        for call in self.model.calls:
            secrets = set(SECRET.findall(call.text))
            if call.path.endswith("/embeddings"):
                self.read_by_index += len(secrets & self.indexed)
                secrets -= self.indexed
            found |= secrets
        self.model.calls.clear()
        return found

    async def unsettle(self) -> None:
        """Some opt out, are limited or suspended, or shut the assistant out; posts change or go. Nobody asks the
        indexes whether they noticed."""
        chance, db = self.chance, self.house.db
        await self.read()
        own = (await self.house.worker.mentions.own()).id
        for secret in chance.sample(sorted(self.posts), 6):
            await self._change(secret)
        for person in chance.sample(self.people, 3):
            match chance.randrange(4):
                case 0:
                    await opt_out(db, person.account_id, True)
                    self.out.add(person.account_id)
                case 1:
                    async with db.tx(bucket_of(person.account_id)) as tx:
                        await set_state(tx, person.account_id, "suspended")
                    self.gone.add(person.account_id)
                case 2:
                    async with db.tx(bucket_of(person.account_id)) as tx:
                        await set_state(tx, person.account_id, "limited")
                    self.limited.add(person.account_id)
                case _:
                    await block(db, person.account_id, AccountId(own))
                    self.shut.add(person.account_id)
        self.model.calls.clear()

    async def _change(self, secret: str) -> None:
        """Delete the post, or write it anew."""
        post = self.posts.pop(secret)
        author = next(person for person in self.people if person.account_id == post.author)
        if self.chance.random() < 0.5:
            answer = await author.http.delete(f"/api/v1/statuses/{post.id}")
        else:
            self.posts[now := self._secret()] = post
            names = " ".join(f"@{one.name}" for one in self.people if one.account_id in post.mentions)
            values = {"status": f"The choir rehearses on Monday {now} in the hall {names}", "language": "en"}
            answer = await author.http.put(f"/api/v1/statuses/{post.id}", json=values)
        assert answer.status_code == 200, answer.text

    async def ask_around(self) -> int:
        """Everybody asks in every way; how many requests held something."""
        held = 0
        for person in self.people:
            if person.account_id in self.gone:
                continue
            held += await self._in_private(person)
            for visibility in self.chance.sample(VISIBILITIES, 2):
                held += await self._in_a_post(person, visibility)
        return held

    async def _in_private(self, person: Person) -> int:
        asker = person.account_id
        allowed, held = self.allowed(asker, []), 0
        await person.http.get(f"{API}/ask", params={"q": "When does the choir rehearse on Tuesday?"})
        held += self._check(allowed)
        for post in self.chance.sample(list(self.posts.values()), 3):
            answer = await person.http.post(f"{API}/posts/{post.id}/summary")
            assert set(SECRET.findall(answer.text)) <= allowed
            held += self._check(allowed)
            await person.http.get(f"{API}/posts/{post.id}/related")
            held += self._check(allowed)
        missed = await person.http.get(f"{API}/missed")
        assert set(SECRET.findall(missed.text)) <= allowed
        held += self._check(allowed)
        chats = await person.http.post(f"{API}/chats", json={})
        if chats.status_code == 200:
            turn = await person.http.post(
                f"{API}/chats/{chats.json()['id']}/turns", json={"text": "find posts about the choir rehearses"}
            )
            assert set(SECRET.findall(turn.text)) <= allowed
            held += self._check(allowed)
        return held

    async def _in_a_post(self, person: Person, visibility: str) -> int:
        text = self.chance.choice(["find the choir rehearses on Tuesday", "sum up please"])
        seen = [post for post in self.posts.values() if self.sees(person.account_id, post)]
        parent = self.chance.choice(seen).id if seen else None
        values = {"status": f"@assistant {text}", "visibility": visibility, "in_reply_to_id": parent}
        posted = await person.http.post("/api/v1/statuses", json=values)
        if posted.status_code != 200:
            return 0
        await settle(self.house)
        readers = self.everybody if visibility in ("public", "unlisted") else []
        allowed = self.allowed(person.account_id, readers)
        context = (await person.http.get(f"/api/v1/statuses/{posted.json()['id']}/context")).json()
        for reply in context["descendants"]:
            if reply["account"]["acct"] == "assistant":
                assert set(SECRET.findall(reply["content"])) <= allowed
                assert reply["visibility"] == (visibility if readers else "direct")
        return self._check(allowed)

    def _check(self, allowed: set[str]) -> int:
        sent = self.sent()
        assert sent <= allowed, sorted(sent - allowed)
        return bool(sent)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
async def test_no_request_holds_what_a_reader_of_the_answer_may_not_see(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    async with (
        scripted_model() as embedder,
        parlour(database_url, tmp_path, ai_embed_url=embedder.url, ai_embed_model="plain") as (house, model),
    ):
        model.calls = embedder.calls
        community = Community(house, model, random.Random(seed))
        await community.settle_in()
        held = await community.ask_around()
        await community.unsettle()
        held += await community.ask_around()
        assert held > 5, "the test asks for nothing"
        assert community.read_by_index > 3, "the index reads nothing"


async def test_only_a_request_that_everybody_may_read_is_shared_by_the_engine(
    database_url: str, tmp_path: Path
) -> None:
    async with parlour(database_url, tmp_path) as (house, _):
        ann, bob = await house.person(), await house.person()
        await follow(house.db, bob.account_id, ann.account_id, FollowOptions())
        posts = [await ann.say("The choir is on Tuesday", visibility=one) for one in ("public", "unlisted", "private")]
        public, unlisted, private = (int(post["id"]) for post in posts)
        warned = int((await ann.say("It is late", spoiler_text="choir"))["id"])
        await house.settle()
        context = house.worker.assistant.answers.tools.context

        async def is_shared(ids: list[int], question: str, *, everybody: bool) -> bool:
            admitted = await context.admit(Readers(bob.account_id, everybody), ids)
            assert admitted.posts
            return (await Prompt(admitted, "summary", question, "en").sealed(context)).is_public

        assert await is_shared([public, unlisted], "", everybody=False)
        assert await is_shared([public, unlisted], "when?", everybody=True)
        assert not await is_shared([public], "when?", everybody=False), "what is asked in private stays private"
        assert not await is_shared([public, private], "", everybody=False)
        assert not await is_shared([public, warned], "", everybody=False)
        await block(house.db, ann.account_id, (await house.person()).account_id)
        assert not await is_shared([public], "", everybody=False), "somebody may not read ann"
        assert not own_text("reword", "Shut up", "en").is_public and not chat_ask(["hello"], "en").is_public


def test_nothing_unchecked_can_be_made_into_a_prompt() -> None:
    with pytest.raises(TypeError):
        Admitted(object(), Readers(AccountId(1)), ())
