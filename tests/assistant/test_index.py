"""Which posts can be found by meaning: who is in, what leaves with the change, and what another model means."""

from __future__ import annotations

import pytest

from tests.assistant.conftest import ENGLISH, Village, WordVectors
from tests.support.town import Person
from weft.accounts.model import ProfileEdit
from weft.accounts.service import edit_profile, set_state
from weft.assistant.account import OwnAccount
from weft.assistant.embedding import embed_waiting
from weft.assistant.index import Means
from weft.assistant.opt_outs import opt_out, opted_out
from weft.kernel.errors import Unavailable
from weft.kernel.ids import bucket_of
from weft.relationships.service import block, unblock


async def test_public_posts_are_read_and_no_others(village: Village, ann: Person, bob: Person) -> None:
    post = await ann.say("soup on thursday", language="en")
    for visibility in ("unlisted", "private", "direct"):
        await ann.say(f"{visibility} soup @bob", visibility=visibility, language="en")
    await ann.say("súp thứ năm", language="vi")
    await bob.post(f"statuses/{post['id']}/reblog")
    assert await village.index() == 1
    assert await village.indexed() == {int(post["id"])}
    assert village.embedder.read == ["soup on thursday"]
    assert await village.index() == 0


async def test_the_letters_of_a_post_say_its_language_before_its_mark_does(village: Village, ann: Person) -> None:
    await ann.say("Rau mùi trong vườn lên rồi", language="en")
    await ann.say("수영장은 5월에 열려요", language="en")
    english = await ann.say("soup on thursday", language="vi")
    await ann.say("Suppe am Donnerstag", language="de")
    await village.index()
    assert await village.indexed() == {int(english["id"])}


async def test_an_edited_post_leaves_at_once_and_comes_back_as_it_is_now(village: Village, ann: Person) -> None:
    post = await ann.say("apples in the shed", language="en")
    await village.index()
    assert await village.near("apples") == [int(post["id"])]
    await ann.put(f"statuses/{post['id']}", status="pears in the shed", language="en")
    assert await village.near("apples") == []
    await village.work()
    assert await village.indexed() == set()
    await village.index()
    assert village.embedder.read[-1] == "pears in the shed"
    assert await village.near("pears") == [int(post["id"])]


async def test_a_post_edited_while_the_model_read_it_is_read_again(village: Village, ann: Person) -> None:
    post = await ann.say("the first words", language="en")
    await village.work()

    class Slow(WordVectors):
        async def embed(self, texts, account_id):  # type: ignore[no-untyped-def]
            if "the first words" in texts:
                await ann.put(f"statuses/{post['id']}", status="the second words", language="en")
            return await super().embed(texts, account_id)

    village.embedder = Slow()
    await village.index()
    await village.index()
    assert set(village.embedder.read) == {"the first words", "the second words"}
    async with village.db.read() as reader:
        assert await reader.values("SELECT version FROM post_embeddings  -- all buckets") == [1]


async def test_a_deleted_post_leaves(village: Village, ann: Person) -> None:
    post = await ann.say("soup", language="en")
    await village.index()
    assert await village.near("soup")
    await ann.remove(f"statuses/{post['id']}")
    assert await village.near("soup") == []
    await village.work()
    assert await village.indexed() == set()


async def test_who_opts_out_leaves_in_that_moment_and_may_come_back(village: Village, ann: Person, bob: Person) -> None:
    post, other = await ann.say("soup of ann", language="en"), await bob.say("soup of bob", language="en")
    await village.index()
    await ann.say("not yet read", language="en")
    await village.near("soup")
    await opt_out(village.db, ann.account.id, True)
    assert await village.indexed() == {int(other["id"])}
    assert await village.near("soup") == [int(other["id"])]
    assert await village.index() == 0
    await opt_out(village.db, ann.account.id, True)
    async with village.db.read() as reader:
        assert await opted_out(reader, [ann.account.id, bob.account.id]) == {ann.account.id}
        assert await opted_out(reader, []) == frozenset()
    await opt_out(village.db, ann.account.id, False)
    assert await village.index() == 2
    assert int(post["id"]) in await village.indexed()


@pytest.mark.parametrize("how", ["suspended", "unfindable"])
async def test_whoever_may_not_be_found_leaves_with_all_posts(village: Village, ann: Person, how: str) -> None:
    post = await ann.say("soup", language="en")
    await village.index()
    await village.near("soup")

    async def change(*, back: bool) -> None:
        async with village.db.tx(bucket_of(ann.account.id)) as tx:
            if how == "suspended":
                await set_state(tx, ann.account.id, "active" if back else "suspended")
            else:
                await edit_profile(tx, ann.account.id, ProfileEdit(indexable=back))
        await village.work()

    await change(back=False)
    assert await village.indexed() == set()
    assert await village.near("soup") == []
    await change(back=True)
    await village.index()
    assert await village.indexed() == {int(post["id"])}
    assert await village.near("soup") == [int(post["id"])]


async def test_who_blocks_the_assistant_leaves_the_index_and_is_read_by_no_model(village: Village, ann: Person) -> None:
    own = await OwnAccount(village.db).ensure()
    post = await ann.say("soup", language="en")
    await village.index()
    await village.near("soup")
    await block(village.db, ann.account.id, own.id)
    await village.work()
    assert await village.indexed() == set() and await village.near("soup") == []
    await ann.say("more soup", language="en")
    assert await village.index() == 0 and "more soup" not in village.embedder.read
    await unblock(village.db, ann.account.id, own.id)
    assert await village.index() == 2
    assert int(post["id"]) in await village.indexed()


@pytest.mark.parametrize("how", ["suspended", "unfindable", "blocked"])
async def test_whoever_leaves_while_the_model_reads_is_not_written_down(
    village: Village, ann: Person, how: str
) -> None:
    own = await OwnAccount(village.db).ensure()
    await ann.say("soup", language="en")
    await village.work()

    class Slow(WordVectors):
        async def embed(self, texts, account_id):  # type: ignore[no-untyped-def]
            async with village.db.tx(bucket_of(ann.account.id)) as tx:
                if how == "suspended":
                    await set_state(tx, ann.account.id, "suspended")
                elif how == "unfindable":
                    await edit_profile(tx, ann.account.id, ProfileEdit(indexable=False))
            if how == "blocked":
                await block(village.db, ann.account.id, own.id)
            await village.work()
            return await super().embed(texts, account_id)

    village.embedder = Slow()
    await village.index()
    assert await village.indexed() == set()


async def test_another_model_reads_everything_again(village: Village, ann: Person) -> None:
    post = await ann.say("soup", language="en")
    await village.index()
    await village.near("soup")
    village.embedder = WordVectors("other")
    assert await village.near("soup") == []
    assert await village.index() == 1
    assert await village.near("soup") == [int(post["id"])]
    async with village.db.read() as reader:
        assert await reader.values("SELECT model FROM post_embeddings  -- all buckets") == ["other"]


async def test_posts_from_before_there_was_a_model_are_read_when_it_comes(village: Village, ann: Person) -> None:
    post = await ann.say("soup", language="en")
    await village.work()
    assert await embed_waiting(village.db, Means(None, ENGLISH)) == 0
    async with village.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM post_embeddings_wanted  -- all buckets") == 0
    assert await village.index() == 1
    assert await village.indexed() == {int(post["id"])}


async def test_an_engine_that_is_away_loses_nothing(village: Village, ann: Person) -> None:
    await ann.say("soup", language="en")
    await village.work()

    class Away(WordVectors):
        async def embed(self, texts, account_id):  # type: ignore[no-untyped-def]
            raise Unavailable("model.away")

    with pytest.raises(Unavailable):
        await embed_waiting(village.db, Means(Away(), ENGLISH))
    assert await village.index() == 1


async def test_a_worker_that_missed_something_reads_the_rows_again(village: Village, ann: Person) -> None:
    post = await ann.say("soup", language="en")
    await village.index()
    await village.near("soup")
    async with village.db.job() as tx:
        await tx.execute("DELETE FROM post_embeddings  -- all buckets")
    assert await village.near("soup") == [int(post["id"])]
    village.nearness.reset()
    assert await village.near("soup") == []
