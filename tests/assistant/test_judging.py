"""The judge at work: it learns from decisions, looks at new public posts, and leaves everything to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
import numpy as np
import pytest

from tests.assistant.conftest import Village, WordVectors, means_of
from tests.support.town import Person
from weft.accounts.service import find_by_handle, set_state
from weft.admin.moderating import Suggesting, decisions, open_judging
from weft.assistant import judging as judging_module
from weft.assistant.account import OwnAccount
from weft.assistant.index import Understanding
from weft.assistant.judge import KINDS, LEAST, Decided
from weft.assistant.judging import NEW_MS, SUGGESTED, Judging, Suspicion
from weft.assistant.lessons import Learnt, load_learnt
from weft.assistant.opt_outs import opt_out
from weft.assistant.vectors import Floats
from weft.infra.db import Reader
from weft.kernel.errors import Limited, Unavailable
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.paging import Page
from weft.moderation.model import Category, Complaint, Outcome, Report
from weft.moderation.service import file_report, reopen_report, reports_page, resolve_report

SALE = "Order cheap brand watches from our shop today, everybody, only this week"
HARMLESS = "The library opens late on Sunday and the children read stories there together"
DAY_S = 24 * 3600.0


class Beat:
    """A village with moderators, and the judge that works for them."""

    def __init__(self, village: Village, maud: Person) -> None:
        self.village = village
        self.maud = maud
        self.taught: list[Decided] = []
        self.judging = self.judge(means_of(village.embedder))

    def judge(self, understanding: Understanding, *, on: bool = True) -> Judging:
        """One that learns from what this test says was decided."""
        return Judging(understanding, self.decisions, Suggesting(OwnAccount(self.village.db)), on=on)

    async def decisions(self, reader: Reader, limit: int) -> Sequence[Decided]:
        return self.taught[:limit]

    async def settled(self, name: str, **more: str) -> Person:
        """Somebody who is not new."""
        person = await self.village.person(name, **more)
        self.village.clock.advance(NEW_MS / 1000)
        return person

    async def decide(self, who: Person, text: str, category: Category, outcome: Outcome) -> PostId:
        """A post that was reported, and what came of it."""
        post_id = PostId(int((await who.say(text))["id"]))
        complaint = Complaint(account_id=who.account.id, category=category, post_ids=(post_id,))
        report = await file_report(self.village.db, self.maud.account.id, complaint, ())
        await resolve_report(self.village.db, self.maud.account.id, report.id, "seen", outcome)
        return post_id

    def teach(self, accounts: int = 5) -> None:
        """As much spam and as many harmless posts as a judge needs, of as many accounts."""
        for at in range(2 * LEAST):
            account, verdict = at % (2 * accounts), KINDS[0] if at % 2 else "ok"
            text = f"{SALE if at % 2 else HARMLESS} {account} {at}"
            self.taught.append(
                Decided(post_id=PostId(1000 + at), author_id=AccountId(1 + account), text=text, verdict=verdict)
            )

    async def suspend(self, who: Person) -> None:
        async with self.village.db.tx(bucket_of(who.account.id)) as tx:
            await set_state(tx, who.account.id, "suspended")

    async def learn(self) -> dict[str, Learnt]:
        await self.judging.learn(self.village.db)
        async with self.village.db.read() as reader:
            return {one.kind: one for one in await load_learnt(reader)}

    async def watch(self, judging: Judging | None = None) -> list[Report]:
        """Let everything have its effects and the judge look; what waits for the moderators."""
        await self.village.work()
        self.village.clock.advance(1)
        await (judging or self.judging).watch(self.village.db)
        async with self.village.db.read() as reader:
            return await reports_page(reader, "open", Page(40))

    async def kept(self) -> int:
        async with self.village.db.read() as reader:
            return int(await reader.value("SELECT count(*) FROM assistant_judged  -- all buckets"))


@pytest.fixture
async def beat(village: Village) -> Beat:
    return Beat(village, await village.person("maud", role="moderator"))


async def decided_by(reader: Reader) -> Sequence[Decided]:
    return await decisions(reader, 100)


# ------------------------------------------------------------------------------------------------ learning


async def test_it_learns_from_resolved_reports_and_suggests_what_is_like_them(beat: Beat) -> None:
    for at in range(5):
        spammer, neighbour = await beat.settled(f"spammer{at}"), await beat.settled(f"neighbour{at}")
        for number in range(LEAST // 5):
            await beat.decide(spammer, f"{SALE} {at} {number}", "spam", "upheld")
            await beat.decide(neighbour, f"{HARMLESS} {at} {number}", "spam", "unfounded")
    beat.judging = open_judging(beat.village.db, means_of(beat.village.embedder), on=True)
    await beat.watch()
    known = await beat.learn()
    assert known["spam"].serves and known["spam"].quality.recall >= 0.9, known
    assert (known["abuse"].why, known["abuse"].serves) == ("few", False)
    bob, ann = await beat.settled("bob"), await beat.settled("ann")
    sale, _ = await bob.say(f"{SALE}, friends"), await ann.say(f"{HARMLESS} again")
    (report,) = await beat.watch()
    async with beat.village.db.read() as reader:
        own = await find_by_handle(reader, "assistant")
    assert own is not None
    assert (report.reporter_id, report.account_id, report.category) == (own.id, bob.account.id, "spam")
    assert report.post_ids == (int(sale["id"]),)
    assert report.comment == f"{SUGGESTED} It looks like spam."
    assert (await ann.get(f"statuses/{sale['id']}"))["id"] == sale["id"], "nothing happened to the post"


async def test_below_its_bar_it_says_nothing(beat: Beat) -> None:
    beat.teach(4)
    known = await beat.learn()
    assert [one.why for one in known.values()] == ["few", "few"]
    assert beat.village.embedder.read == [], "no model is asked for too few"
    await (await beat.settled("bob")).say(f"{SALE}, friends")
    assert await beat.watch() == []


async def test_contradicting_decisions_are_learnt_and_found_wanting(beat: Beat) -> None:
    beat.teach()
    beat.taught = [msgspec.structs.replace(one, text=f"{SALE} {one.author_id}") for one in beat.taught]
    known = await beat.learn()
    assert known["spam"].why in ("wrong", "misses"), known
    await (await beat.settled("bob")).say(f"{SALE}, friends")
    assert await beat.watch() == []


async def test_the_same_lesson_is_learnt_once_and_is_another_without_somebody(beat: Beat) -> None:
    beat.teach()
    first = await beat.learn()
    beat.village.embedder.read.clear()
    beat.village.clock.advance(60)
    assert await beat.learn() == first
    assert beat.village.embedder.read == []
    beat.taught = [one for one in beat.taught if one.author_id != 2]
    again = await beat.learn()
    assert again["spam"].lesson != first["spam"].lesson
    assert (again["spam"].quality.decided, again["spam"].why) == (LEAST - 4, "few")


async def test_only_what_moderators_said_teaches_and_only_of_public_posts(beat: Beat, ann: Person, bob: Person) -> None:
    upheld = await beat.decide(ann, "rude words to everybody", "violation", "upheld")
    unfounded = await beat.decide(ann, "a plain remark", "spam", "unfounded")
    await beat.decide(ann, "decided without saying how", "spam", "")
    await beat.decide(ann, "for another reason", "other", "upheld")
    gone = await beat.decide(ann, "taken back", "spam", "upheld")
    await ann.remove(f"statuses/{gone}")
    suspended = await beat.decide(bob, "who said this is suspended", "spam", "")
    private = PostId(int((await ann.say("among friends", visibility="private"))["id"]))
    complaint = Complaint(account_id=ann.account.id, category="spam", post_ids=(private,))
    report = await file_report(beat.village.db, beat.maud.account.id, complaint, ())
    await resolve_report(beat.village.db, beat.maud.account.id, report.id, "seen", "upheld")
    await beat.suspend(bob)
    async with beat.village.db.read() as reader:
        found = {one.post_id: one.verdict for one in await decided_by(reader)}
    assert found == {upheld: "abuse", unfounded: "ok", suspended: "spam"}
    await opt_out(beat.village.db, ann.account.id, True)
    async with beat.village.db.read() as reader:
        assert [one.post_id for one in await decided_by(reader)] == [suspended]


# ------------------------------------------------------------------------------------------------ watching


async def test_what_somebody_reported_or_decided_is_not_suggested_again(beat: Beat) -> None:
    beat.teach()
    await beat.learn()
    bob = await beat.settled("bob")
    one, two = [PostId(int((await bob.say(f"{SALE}, {word}"))["id"])) for word in ("friends", "neighbours")]
    await file_report(beat.village.db, beat.maud.account.id, Complaint(account_id=bob.account.id, post_ids=(one,)), ())
    by_classifier, by_maud = await beat.watch()
    assert (by_classifier.post_ids, by_maud.post_ids) == ((two,), (one,))
    await resolve_report(beat.village.db, beat.maud.account.id, by_classifier.id, "known here", "unfounded")
    await bob.put(f"statuses/{two}", status=f"{SALE}, neighbours and all")
    assert await beat.watch() == [by_maud]


async def test_what_one_account_writes_is_one_entry_of_the_queue(beat: Beat) -> None:
    beat.teach()
    await beat.learn()
    bob = await beat.settled("bob")
    for word in ("friends", "neighbours", "strangers"):
        await bob.say(f"{SALE}, {word}")
        (report,) = await beat.watch()
    assert len(report.post_ids) == 3
    assert report.comment == f"{SUGGESTED} It looks like spam.", "said once"


@pytest.mark.parametrize("order", [("spam", "abuse", "spam"), ("abuse", "spam", "copies")])
async def test_suspicions_of_two_kinds_are_one_entry_of_neither_kind(beat: Beat, order: tuple[str, ...]) -> None:
    """Else the last kind would be that of all its posts, and what is upheld would teach it of each of them."""
    bob, suggest = await beat.settled("bob"), Suggesting(OwnAccount(beat.village.db))
    posts = [PostId(int((await bob.say(f"{verdict} in words of {at}"))["id"])) for at, verdict in enumerate(order)]
    for post_id, verdict in zip(posts, order, strict=True):
        reason = f"{SUGGESTED} It looks like {verdict}."
        suspicion = Suspicion(account_id=bob.account.id, post_ids=(post_id,), verdict=verdict, reason=reason)
        assert await suggest(beat.village.db, suspicion) == (post_id,)
    (report,) = await beat.watch()
    assert (report.category, report.post_ids) == ("other", tuple(posts))
    assert all(f"It looks like {verdict}." in report.comment for verdict in order)
    for outcome, taught in (("upheld", {}), ("unfounded", dict.fromkeys(posts, "ok"))):
        await resolve_report(beat.village.db, beat.maud.account.id, report.id, "seen", outcome)
        async with beat.village.db.read() as reader:
            assert {one.post_id: one.verdict for one in await decided_by(reader)} == taught
        await reopen_report(beat.village.db, beat.maud.account.id, report.id, "once more")


async def test_the_staff_and_whoever_opted_out_are_not_looked_at(beat: Beat) -> None:
    beat.teach()
    await beat.learn()
    ann, bob = await beat.settled("ann"), await beat.settled("bob")
    await opt_out(beat.village.db, ann.account.id, True)
    await ann.say(f"{SALE}, friends")
    await beat.maud.say(f"{SALE}, friends, says a spammer")
    await bob.say(f"{SALE}, friends", visibility="unlisted")
    assert await beat.watch() == []


async def test_copies_are_found_without_a_model_and_in_any_language(beat: Beat) -> None:
    text = "오늘만 특별 할인! 모두에게 드리는 아주 좋은 시계를 지금 바로 주문하세요"
    no_model = beat.judge(means_of(None))
    people = [await beat.settled(f"seller{at}") for at in range(4)]
    for person in people[:2]:
        await person.say(text)
    assert await beat.watch(no_model) == []
    await people[2].say(f"{text} https://shop.example/7")
    found = await beat.watch(no_model)
    assert {one.account_id for one in found} == {person.account.id for person in people[:3]}
    assert {one.comment for one in found} == {f"{SUGGESTED} 3 accounts wrote nearly the same within a day."}
    beat.village.clock.advance(DAY_S + 1)
    await people[3].say(text)
    assert len(await beat.watch(no_model)) == 3, "a day later nobody copied anybody"
    assert await beat.kept() == 1


async def test_copies_of_what_was_found_harmless_are_left_alone(beat: Beat) -> None:
    people = [await beat.settled(f"neighbour{at}") for at in range(4)]
    for person in people[:3]:
        await person.say(f"{HARMLESS} https://library.example")
    first, *_ = await beat.watch()
    await resolve_report(beat.village.db, beat.maud.account.id, first.id, "they like their library", "unfounded")
    await people[3].say(HARMLESS)
    assert people[3].account.id not in {one.account_id for one in await beat.watch()}


async def test_two_new_accounts_that_say_the_same_are_enough(beat: Beat) -> None:
    for name in ("newcomer", "arrival"):
        await (await beat.village.person(name)).say(SALE)
    assert len(await beat.watch()) == 2


async def test_a_row_goes_with_its_post_and_with_its_author(beat: Beat) -> None:
    ann, bob, carl = [await beat.settled(name) for name in ("ann", "bob", "carl")]
    posts = [await person.say(SALE) for person in (ann, bob, carl)]
    await ann.remove(f"statuses/{posts[0]['id']}")
    await beat.village.work()
    assert await beat.kept() == 2
    await beat.suspend(bob)
    await opt_out(beat.village.db, carl.account.id, True)
    assert await beat.watch() == []
    assert await beat.kept() == 0


async def test_an_edited_post_is_looked_at_again(beat: Beat) -> None:
    beat.teach()
    await beat.learn()
    bob = await beat.settled("bob")
    post = await bob.say(HARMLESS)
    assert await beat.watch() == []
    await bob.put(f"statuses/{post['id']}", status=f"{SALE}, friends")
    assert [one.post_ids for one in await beat.watch()] == [(int(post["id"]),)]


async def test_no_more_is_suggested_in_a_day_than_a_person_can_read(
    beat: Beat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging_module, "MOST_A_DAY", 2)
    beat.teach()
    await beat.learn()
    for at in range(4):
        await (await beat.settled(f"seller{at}")).say(f"{SALE} {'and more ' * at}")
    assert len(await beat.watch()) == 2


class Failing(WordVectors):
    """An engine that cannot be asked, or a budget that is spent."""

    def __init__(self, error: Unavailable | Limited) -> None:
        super().__init__()
        self.error = error

    async def embed(self, texts: Sequence[str], account_id: int) -> Floats:
        raise self.error


async def test_while_the_model_is_away_posts_wait_and_a_spent_budget_stops_nothing(beat: Beat) -> None:
    for name in ("newcomer", "arrival"):
        await (await beat.village.person(name)).say(SALE)
    with pytest.raises(Unavailable):
        await beat.watch(beat.judge(means_of(Failing(Unavailable("model.away")))))
    assert len(await beat.watch(beat.judge(means_of(Failing(Limited("budget.spent", retry_after=60)))))) == 2


async def test_off_it_keeps_nothing(beat: Beat) -> None:
    for name in ("newcomer", "arrival"):
        await (await beat.village.person(name)).say(SALE)
    assert await beat.watch(beat.judge(means_of(beat.village.embedder), on=False)) == []
    assert await beat.kept() == 0


async def test_rows_of_another_model_are_never_compared(beat: Beat) -> None:
    ann, bob, carl = [await beat.settled(name) for name in ("ann", "bob", "carl")]
    await ann.say(f"{SALE} one")
    await bob.say(f"{SALE} two")
    await beat.watch()

    class Wider(WordVectors):
        async def embed(self, texts: Sequence[str], account_id: int) -> Floats:
            return cast(Floats, np.tile(await super().embed(texts, account_id), 2) / np.sqrt(np.float32(2)))

    await carl.say(f"{SALE} three")
    assert await beat.watch(beat.judge(means_of(Wider("wider")))) == []
