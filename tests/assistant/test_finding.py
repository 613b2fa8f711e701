"""Finding what answers a question: fusion, rights, wishes, and going on by words alone."""

from __future__ import annotations

import itertools
import random

from tests.assistant.conftest import Village, WordVectors, means_of
from tests.support.town import Person
from weft.accounts.service import load_accounts, set_state
from weft.assistant.index import Nearness
from weft.assistant.language import guess_language
from weft.assistant.opt_outs import opt_out
from weft.assistant.retrieval import DAMPING, Finder, Question, fuse
from weft.kernel.errors import Limited, Unavailable
from weft.kernel.ids import bucket_of
from weft.posts.service import load_posts
from weft.relationships.model import Mute, Visibility, can_see
from weft.relationships.service import block, load_facts, mute, unmute
from weft.search.service import rank_posts


def finder(village: Village, embedder: WordVectors | None = None) -> Finder:
    return Finder(rank_posts, village.nearness, means_of(embedder or village.embedder))


async def found(village: Village, who: Person, text: str, **more: object) -> list[str]:
    await village.index()
    question = Question(asker_id=who.account.id, text=text, **more)  # type: ignore[arg-type]
    return [str(one.post_id) for one in await finder(village).find(village.db, question)]


def test_ranks_are_fused_by_their_reciprocals_and_say_why() -> None:
    one, two, three = fuse({"words": [5, 7], "meaning": [7, 9]})
    assert (one.post_id, one.why) == (7, ("words", "meaning"))
    assert one.score == 1 / (DAMPING + 2) + 1 / (DAMPING + 1)
    assert (two.post_id, two.why, three.post_id) == (5, ("words",), 9)
    assert fuse({}) == []


async def test_an_answer_is_found_though_it_has_other_words(village: Village, ann: Person, bob: Person) -> None:
    answer = await ann.say("The choir rehearses on Tuesday", language="en")
    await ann.say("The bakery opens at six", language="en")
    assert (await found(village, bob, "When does the choir rehearse?"))[0] == answer["id"]


async def test_vietnamese_and_korean_are_found_by_words_alone(village: Village, ann: Person, bob: Person) -> None:
    vi = await ann.say("Hồ bơi mở cửa lại vào tháng năm", language="vi")
    ko = await ann.say("수영장은 5월에 다시 문을 엽니다", language="ko")
    assert (await found(village, bob, "Hồ bơi mở cửa khi nào?"))[0] == vi["id"]
    assert (await found(village, bob, "수영장이 언제 문을 여나요?"))[0] == ko["id"]
    assert village.embedder.asked == []


async def test_a_question_is_read_on_the_askers_budget(village: Village, ann: Person, bob: Person) -> None:
    await ann.say("soup", language="en")
    await found(village, bob, "Is there soup?")
    assert village.embedder.asked == [("Is there soup?", bob.account.id)]


async def test_words_go_on_when_the_model_is_away_or_the_budget_is_spent(
    village: Village, ann: Person, bob: Person
) -> None:
    post = await ann.say("soup on thursday", language="en")
    await village.index()
    for error in (Unavailable("model.away"), Limited("budget.spent", retry_after=60)):

        class Refusing(WordVectors):
            async def embed(self, texts, account_id, error=error):  # type: ignore[no-untyped-def]
                raise error

        answer = await finder(village, Refusing()).find(village.db, Question(asker_id=bob.account.id, text="soup?"))
        assert [(str(one.post_id), one.why) for one in answer] == [(post["id"], ("words",))]


async def test_who_is_muted_blocked_or_opted_out_is_not_found(village: Village, ann: Person, bob: Person) -> None:
    eve = await village.person("eve")
    post = await ann.say("soup on thursday", language="en")
    for who in (bob, eve):
        assert await found(village, who, "soup?") == [post["id"]]
    await mute(village.db, bob.account.id, ann.account.id, Mute())
    assert await found(village, bob, "soup?") == []
    await unmute(village.db, bob.account.id, ann.account.id)
    assert await found(village, bob, "soup?") == [post["id"]]
    await block(village.db, ann.account.id, bob.account.id)
    assert await found(village, bob, "soup?") == []
    assert await found(village, eve, "soup?") == [post["id"]]
    await opt_out(village.db, ann.account.id, True)
    assert await found(village, eve, "soup?") == []


async def test_a_limited_author_is_found_by_followers_alone(village: Village, ann: Person, bob: Person) -> None:
    eve = await village.person("eve")
    await village.follow(eve, ann)
    post = await ann.say("soup on thursday", language="en")
    async with village.db.tx(bucket_of(ann.account.id)) as tx:
        await set_state(tx, ann.account.id, "limited")
    assert await found(village, bob, "soup?") == []
    assert await found(village, eve, "soup?") == [post["id"]]


async def test_what_only_the_asker_may_see_stays_out_of_answers_for_others(
    village: Village, ann: Person, bob: Person
) -> None:
    told = await ann.say("@bob soup is a secret", visibility="direct", language="en")
    public = await ann.say("soup is on", language="en")
    assert set(await found(village, bob, "soup?")) == {told["id"], public["id"]}
    assert await found(village, bob, "soup?", public_only=True) == [public["id"]]


async def test_the_question_itself_and_the_assistant_are_no_answers(village: Village, ann: Person, bob: Person) -> None:
    asked = await bob.say("who brings soup?", language="en")
    answer = await ann.say("I bring soup", language="en")
    assert await found(village, bob, "who brings soup?", without=frozenset({int(asked["id"])})) == [answer["id"]]
    assert await found(village, bob, "soup", without_authors=frozenset({ann.account.id})) == [asked["id"]]


async def test_in_random_communities_nobody_is_shown_what_they_may_not_see(village: Village) -> None:
    chance = random.Random(7)
    people = [await village.person() for _ in range(8)]
    for one, other in itertools.permutations(people, 2):
        match chance.randrange(6):
            case 0 | 1:
                await village.follow(one, other)
            case 2 if chance.random() < 0.5:
                await block(village.db, one.account.id, other.account.id)
            case 3 if chance.random() < 0.5:
                await mute(village.db, one.account.id, other.account.id, Mute())
    for number in range(60):
        author, other = chance.choice(people), chance.choice(people)
        visibility = chance.choice(["public", "public", "unlisted", "private", "direct"])
        text = f"soup number {number} @{other.account.username}"
        await author.ask("POST", "statuses", json={"status": text, "visibility": visibility, "language": "en"})
        village.clock.advance(1)
    await opt_out(village.db, people[0].account.id, True)
    async with village.db.tx(bucket_of(people[1].account.id)) as tx:
        await set_state(tx, people[1].account.id, "suspended")
    await village.index()
    shown = 0
    for asker in people[2:]:
        question = Question(asker_id=asker.account.id, text="which soup number?", limit=100)
        ids = [one.post_id for one in await finder(village).find(village.db, question)]
        shown += len(ids)
        async with village.db.read() as reader:
            posts = await load_posts(reader, ids)
            authors = await load_accounts(reader, list({post.author_id for post in posts.values()}))
            facts = await load_facts(reader, asker.account.id, list(authors))
        for post in posts.values():
            assert can_see(post.audience(authors[post.author_id].gone), facts)
            assert post.author_id != people[0].account.id
            own = asker.account.id in (post.author_id, *post.mentions)
            assert own or post.visibility == Visibility.PUBLIC
    assert shown > 40


async def test_a_worker_that_heard_of_nothing_still_shows_nothing(village: Village, ann: Person, bob: Person) -> None:
    deaf = Nearness(village.db)
    post = await ann.say("soup on thursday", language="en")
    await village.index()
    finding = Finder(rank_posts, deaf, means_of(village.embedder))
    question = Question(asker_id=bob.account.id, text="soup?")
    assert [str(one.post_id) for one in await finding.find(village.db, question)] == [post["id"]]
    await ann.remove(f"statuses/{post['id']}")
    assert await finding.find(village.db, question) == []


def test_a_language_is_told_by_its_letters_before_the_hint() -> None:
    assert guess_language("수영장 언제 열어요?", "en") == "ko"
    assert guess_language("Cầu đóng cửa bao lâu?", "en") == "vi"
    assert guess_language("When does the café open?", "vi") == "en"
    assert guess_language("Wann öffnet das Bad?", "de") == "de"
    assert guess_language("") == "en"


def test_a_word_of_another_language_does_not_change_the_language() -> None:
    assert guess_language("Where can I get good phở around here tonight?", "en") == "en"
    assert guess_language("When is the 김치 night in the library?", "en") == "en"
    assert guess_language("Nguyễn wrote to the council about the tram") == "en"
    assert guess_language("Where is my phở now, please?", "vi") == "vi", "whoever writes Vietnamese mixes words"
    assert guess_language("API key 어디?", "en") == "ko"
    assert guess_language("Đây là link: https://example.com/a/long/path/of/words?x=y", "en") == "vi"
    assert guess_language("서울 https://example.com/a/long/path/of/words?x=y @somebody@elsewhere.example", "en") == "ko"
