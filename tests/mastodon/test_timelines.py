"""Timelines over the client API: what is in them, how they page, and that hidden posts leave no gaps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.town import Person, Town
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.relationships.model import FollowOptions
from weft.relationships.service import follow
from weft.timelines.rings import AuthorRings
from weft.timelines.service import FilterEdit, KeywordEdit, create_filter


@pytest.fixture
async def town(db: Db, clock: ManualClock) -> AsyncIterator[Town]:
    yield Town(db, clock)


async def read_all(who: Person, path: str, **params: Any) -> list[str]:
    """Every id of a timeline, by following ``next``, and the same again by following ``prev``."""
    answer = await who.ask("GET", path, params=params)
    pages = [[one["id"] for one in answer.json()]]
    last = answer
    while "next" in answer.links:
        answer = await who.client.get(answer.links["next"]["url"])
        pages.append([one["id"] for one in answer.json()])
        last = answer if answer.json() else last
    down = [id_ for page in pages for id_ in page]
    up = [one["id"] for one in last.json()]
    while "prev" in last.links:
        last = await who.client.get(last.links["prev"]["url"])
        up = [one["id"] for one in last.json()] + up
    assert up == down
    return down


async def test_home_holds_ones_own_posts_and_those_of_people_one_follows(town: Town) -> None:
    ann, bob, eve = [await town.person() for _ in range(3)]
    await town.follow(ann, bob)
    own = await ann.say("own")
    followed = await bob.say("followed")
    await eve.say("stranger")
    assert await read_all(ann, "timelines/home") == [followed["id"], own["id"]]
    assert (await town.visitor.ask("GET", "timelines/home")).status_code == 401


@pytest.mark.parametrize("limit", [1, 3, 20])
async def test_every_page_is_full_however_many_posts_are_hidden(town: Town, limit: int) -> None:
    ann, bob, eve = [await town.person() for _ in range(3)]
    await town.follow(ann, bob)
    shown = []
    for number in range(12):
        post = await eve.say(f"by eve {number}")
        if number % 3:
            await bob.post(f"statuses/{post['id']}/reblog")
        else:
            shown.append((await bob.say(str(number)))["id"])
    await town.block(ann, eve)
    assert await read_all(ann, "timelines/home", limit=limit) == shown[::-1]
    first = await ann.ask("GET", "timelines/home", params={"limit": 3})
    assert len(first.json()) == 3


async def test_an_unchanged_home_is_not_made_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many replies to strangers lie between, with direct messages, and where it is shorter than a page."""
    ann, bob, eve = [await town.person() for _ in range(3)]
    await town.follow(ann, bob)
    asked = (await eve.say("by eve"))["id"]
    shown = [(await bob.say(f"@{ann.account.username} by bob", visibility="direct"))["id"]]
    made = 0
    page = AuthorRings.page

    def counted(*args: Any, **named: Any) -> Any:
        nonlocal made
        made += 1
        return page(*args, **named)

    monkeypatch.setattr(AuthorRings, "page", counted)
    for number in range(26):
        if number % 2:
            shown.append((await bob.say(str(number)))["id"])
        else:
            await bob.say(f"to eve {number}", in_reply_to_id=asked)
        await town.work()
        assert [one["id"] for one in await ann.get("timelines/home", limit=8)] == shown[::-1][:8]
        before = made
        assert [one["id"] for one in await ann.get("timelines/home", limit=8)] == shown[::-1][:8]
        assert made == before
    assert made


async def test_a_timeline_pages_both_ways_within_bounds(town: Town) -> None:
    ann = await town.person()
    ids = [(await ann.say(str(number)))["id"] for number in range(10)]
    for path in ("timelines/home", "timelines/public", f"accounts/{ann.id}/statuses"):
        assert await read_all(ann, path, limit=4) == ids[::-1]

        async def page(path: str = path, **params: Any) -> list[str]:
            return [one["id"] for one in await ann.get(path, **params)]

        assert await page(max_id=ids[5], limit=2) == [ids[4], ids[3]]
        assert await page(since_id=ids[5], limit=2) == [ids[9], ids[8]]
        assert await page(min_id=ids[5], limit=2) == [ids[7], ids[6]]
        assert await page(min_id=ids[2], max_id=ids[5]) == [ids[4], ids[3]]
        assert await page(max_id=ids[0]) == []
        assert await page(limit="many") == ids[::-1]
        empty = await ann.ask("GET", path, params={"max_id": ids[0]})
        assert "link" not in empty.headers


async def test_a_link_keeps_the_other_parameters(town: Town) -> None:
    ann = await town.person()
    await ann.say("#tea #milk")
    answer = await ann.ask("GET", "timelines/tag/tea?all[]=milk&limit=1")
    assert "all[]=milk" in answer.links["next"]["url"]
    assert "limit=1" in answer.links["next"]["url"]


async def test_the_public_timeline_holds_original_public_posts_only(town: Town) -> None:
    ann, bob = [await town.person() for _ in range(2)]
    post = await ann.say("public", media_ids=[await town.media(ann)])
    thread = await ann.say("thread", in_reply_to_id=post["id"])
    await bob.say("reply", in_reply_to_id=post["id"])
    await bob.post(f"statuses/{post['id']}/reblog")
    for visibility in ("unlisted", "private", "direct"):
        await ann.say(visibility, visibility=visibility)
    await town.work()
    assert await read_all(town.visitor, "timelines/public") == [thread["id"], post["id"]]
    assert await read_all(town.visitor, "timelines/public", local="true") == [thread["id"], post["id"]]
    assert await read_all(town.visitor, "timelines/public", only_media="true") == [post["id"]]
    assert await read_all(town.visitor, "timelines/public", remote="true") == []


async def test_a_tag_timeline_combines_tags(town: Town) -> None:
    ann = await town.person()
    tea, milk, both, sugar = [(await ann.say(text))["id"] for text in ("#Tea", "#milk", "#tea #milk", "#tea #sugar")]
    await town.work()
    who = town.visitor
    assert await read_all(who, "timelines/tag/TEA") == [sugar, both, tea]
    assert await read_all(who, "timelines/tag/tea", **{"any[]": "milk"}) == [sugar, both, milk, tea]
    assert await read_all(who, "timelines/tag/tea", **{"all[]": "milk"}) == [both]
    assert await read_all(who, "timelines/tag/tea", **{"none[]": ["milk", "sugar"]}) == [tea]
    assert await read_all(who, "timelines/tag/nothing") == []


async def test_a_profile_shows_what_is_asked_for(town: Town) -> None:
    ann, bob = [await town.person() for _ in range(2)]
    other = await bob.say("other")
    plain = (await ann.say("plain #tea"))["id"]
    media = (await ann.say("media", media_ids=[await town.media(ann)]))["id"]
    thread = (await ann.say("thread", in_reply_to_id=plain))["id"]
    reply = (await ann.say("reply", in_reply_to_id=other["id"]))["id"]
    boost = (await ann.post(f"statuses/{other['id']}/reblog"))["id"]
    private = (await ann.say("private", visibility="private"))["id"]
    path, who = f"accounts/{ann.id}/statuses", town.visitor
    assert await read_all(who, path) == [boost, reply, thread, media, plain]
    assert await read_all(ann, path, limit=2) == [private, boost, reply, thread, media, plain]
    assert await read_all(who, path, exclude_replies="true") == [boost, thread, media, plain]
    assert await read_all(who, path, exclude_reblogs="true") == [reply, thread, media, plain]
    assert await read_all(who, path, only_media="true") == [media]
    assert await read_all(who, path, tagged="Tea") == [plain]
    assert (await who.ask("GET", "accounts/1/statuses")).status_code == 404
    await town.block(ann, bob)
    assert await read_all(bob, path) == []


async def test_several_posts_are_asked_for_at_once(town: Town) -> None:
    ann = await town.person()
    ids = [(await ann.say(str(number)))["id"] for number in range(3)]
    hidden = (await ann.say("hidden", visibility="direct"))["id"]
    asked = await town.visitor.get("statuses", **{"id[]": [*ids, hidden, "7", "x"]})
    assert [one["id"] for one in asked] == ids
    many = await town.visitor.ask("GET", "statuses", params={"id[]": [str(number) for number in range(1, 23)]})
    assert many.status_code == 422


async def test_direct_posts_are_in_their_own_timeline(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    post = await ann.say("@bob psst", visibility="direct")
    await town.work()
    assert await read_all(bob, "timelines/direct") == [post["id"]]
    assert await read_all(bob, "timelines/home") == [post["id"]]
    assert await read_all(await town.person(), "timelines/direct") == []


async def test_what_is_not_here_answers_as_documented(town: Town) -> None:
    ann = await town.person()
    post, private = await ann.say("hello"), await ann.say("hello", visibility="private")
    assert (await ann.refused("POST", f"statuses/{post['id']}/translate"))[0] == 404
    assert (await ann.refused("POST", f"statuses/{private['id']}/translate"))[0] == 403
    assert await ann.get(f"statuses/{post['id']}/card") is None
    assert await town.visitor.get("timelines/link", url="https://example.org") == []


@pytest.mark.parametrize(("action", "at_home"), [("hide", False), ("warn", True)])
async def test_a_filter_that_hides_takes_posts_out_of_home_and_flags_them_elsewhere(
    town: Town, action: str, at_home: bool
) -> None:
    ann, bob, eve = [await town.person() for _ in range(3)]
    await town.follow(ann, bob)
    spoiler, plain = await eve.say("a SPOILER here"), await bob.say("plain")
    town.clock.advance(1)
    boost = await bob.post(f"statuses/{spoiler['id']}/reblog")
    own = await ann.say("my spoiler")
    edit = FilterEdit(
        title="films", contexts=("home",), action=action, keywords=(KeywordEdit(keyword="spoiler", whole_word=True),)
    )
    await create_filter(town.db, ann.account.id, edit)
    home = await ann.get("timelines/home", limit=3)
    assert [one["id"] for one in home] == [own["id"], *([boost["id"]] if at_home else []), plain["id"]]
    seen = await ann.get(f"statuses/{spoiler['id']}")
    assert [one["keyword_matches"] for one in seen["filtered"]] == [["spoiler"]]
    assert home[0]["filtered"] == []


async def test_home_keeps_to_the_languages_of_a_follow(town: Town) -> None:
    ann, bob = [await town.person() for _ in range(2)]
    await follow(town.db, ann.account.id, bob.account.id, FollowOptions(languages=("en",)))
    english = await bob.say("hello", language="en")
    await bob.say("xin chào", language="vi")
    assert await read_all(ann, "timelines/home") == [english["id"]]
