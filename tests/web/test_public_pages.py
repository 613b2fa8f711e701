"""Profiles, posts and tags without script: what they show, to whom, and that nothing written turns into markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.town import BASE, Person
from tests.web.test_shell import built_in
from tests.web.village import Village
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.web.public_head import cut
from weft.web.texts.public import PUBLIC

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture
async def village(db: Db, clock: ManualClock) -> Village:
    return Village(db, clock)


@pytest.fixture
async def ann(village: Village) -> Person:
    return await village.person("ann", display_name="Ann Lee")


class Outline(HTMLParser):
    """What a page consists of, as a browser would read it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def meta(self, name: str) -> list[str | None]:
        return [one.get("content") for one in self.all("meta") if name in (one.get("property"), one.get("name"))]

    def links(self, rel: str) -> list[str | None]:
        return [one.get("href") for one in self.all("link") if one.get("rel") == rel]


def ids_in(page: str) -> list[str]:
    return re.findall(r'<article[^>]* id="p(\d+)"', page)


# ------------------------------------------------------------------------------------------------------------ profiles


async def test_a_profile_shows_who_it_is_and_what_they_posted_newest_first(village: Village, ann: Person) -> None:
    await village.profile(ann, bio="I knit #wool", fields=[("Site", "https://ann.example/"), ("Pronouns", "she")])
    first, second = await ann.say("the first"), await ann.say("the second")
    page = await village.text("/@ann")
    assert ids_in(page) == [second["id"], first["id"]]
    assert "Ann Lee" in page and "@ann@localhost:8000" in page and "2 posts" in page
    assert '<a href="https://ann.example/" target="_blank" rel="me nofollow noopener"' in page
    assert f'{BASE}/tags/wool"' in page
    outline = Outline(page)
    assert outline.links("me") == ["https://ann.example/"]
    assert outline.links("canonical") == [f"{BASE}/@ann"]
    assert len(outline.all("h1")) == 1 and len(outline.all("main")) == 1


async def test_names_are_found_in_any_case_and_with_our_own_host(village: Village, ann: Person) -> None:
    for path in ("/@ann", "/@ANN", "/@ann@localhost:8000", "/@ann/"):
        assert Outline(await village.text(path)).links("canonical") == [f"{BASE}/@ann"]


async def test_replies_are_left_out_and_reposts_show_whose_they_are(village: Village, ann: Person) -> None:
    bob = await village.person("bob", display_name="Bob")
    root = await bob.say("by bob")
    await ann.say("an answer", in_reply_to_id=root["id"])
    await ann.post(f"statuses/{root['id']}/reblog")
    page = await village.text("/@ann")
    assert ids_in(page) == [root["id"]]
    assert "\u2068Ann Lee\u2069 reposted" in page and "an answer" not in page


async def test_pinned_posts_stand_first_and_once(village: Village, ann: Person) -> None:
    old = await ann.say("old and dear")
    new = await ann.say("new")
    await ann.post(f"statuses/{old['id']}/pin")
    page = await village.text("/@ann")
    assert ids_in(page) == [old["id"], new["id"]] and page.count("Pinned") == 1


async def test_older_posts_are_a_link_away_until_there_are_none(village: Village, ann: Person) -> None:
    said = [(await ann.say(f"number {number}", visibility="public"))["id"] for number in range(45)]
    path, seen = "/@ann", []
    for _ in range(5):
        page = await village.text(path)
        seen += ids_in(page)
        older = Outline(page).links("next")
        if not older:
            break
        assert older[0] is not None
        path = older[0].removeprefix(BASE)
    assert seen == said[::-1]
    assert "Newest posts" in page


async def test_pages_are_filled_past_what_is_not_for_everyone(village: Village, ann: Person) -> None:
    shown = [(await ann.say(f"open {number}"))["id"] for number in range(3)]
    for number in range(25):
        await ann.say(f"closed {number}", visibility="private")
    page = await village.text("/@ann")
    assert ids_in(page) == shown[::-1] and "closed" not in page


@pytest.mark.parametrize("state", ["suspended", "limited"])
async def test_people_who_are_suspended_or_limited_have_no_pages(village: Village, ann: Person, state: str) -> None:
    bob = await village.person("bob")
    said = await ann.say("hello #greeting")
    answer = await bob.say("hi", in_reply_to_id=said["id"])
    quote = await bob.say("look", quoted_status_id=said["id"])
    await bob.post(f"statuses/{said['id']}/reblog")
    await village.work()
    await village.state(ann, state)
    for path in ("/@ann", f"/@ann/{said['id']}", "/@ann.atom", f"/@ann/{said['id']}/embed"):
        assert (await village.page(path)).status_code == 404, path
    for path in (f"/@bob/{answer['id']}", "/tags/greeting", "/@bob", f"/@bob/{quote['id']}"):
        assert "hello" not in await village.text(path), path


async def test_nobody_and_nonsense_are_not_found_and_say_so_kindly(village: Village) -> None:
    for path in ("/@nobody", "/@nobody/1", "/@nobody/x", "/@nobody.atom", "/@%00", "/@x/9999999999999999999999"):
        answer = await village.page(path)
        assert answer.status_code == 404, path
    assert "This page is not here" in (await village.page("/@nobody")).text


# --------------------------------------------------------------------------------------------------------------- posts


async def test_a_post_stands_between_what_it_answers_and_its_replies(village: Village, ann: Person) -> None:
    bob = await village.person("bob", display_name="Bob")
    root = await ann.say("the root")
    middle = await bob.say("the middle", in_reply_to_id=root["id"])
    one = await ann.say("one", in_reply_to_id=middle["id"])
    two = await bob.say("two", in_reply_to_id=middle["id"])
    deep = await bob.say("deep", in_reply_to_id=one["id"])
    page = await village.text(f"/@bob/{middle['id']}")
    assert ids_in(page) == [root["id"], middle["id"], one["id"], deep["id"], two["id"]]
    assert re.search(rf'class="pub-post pub-reply pub-deeper" id="p{deep["id"]}"', page)
    outline = Outline(page)
    assert outline.meta("og:title") == ["Post by \u2068Bob\u2069"] and outline.meta("og:type") == ["article"]
    assert outline.meta("og:description") == ["the middle"]
    assert outline.meta("article:published_time") == [middle["created_at"]]
    assert f'datetime="{middle["created_at"]}"' in page and "1 Jan 2026" in page


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_is_not_for_everyone_is_absent_everywhere(village: Village, ann: Person, visibility: str) -> None:
    bob = await village.person("bob")
    root = await ann.say("a question")
    secret = await bob.say("hush #quiet", in_reply_to_id=root["id"], visibility=visibility)
    own = await bob.say("@ann hush", visibility=visibility)
    await village.work()
    for path in (f"/@bob/{secret['id']}", f"/@bob/{own['id']}", f"/@bob/{secret['id']}/embed"):
        answer = await village.page(path)
        assert answer.status_code == 404 and "hush" not in answer.text
    for path in ("/@bob", f"/@ann/{root['id']}", "/@bob.atom", "/tags/quiet"):
        assert "hush" not in await village.text(path), path


async def test_a_hidden_post_answers_as_an_absent_one_does_and_as_dearly(village: Village, ann: Person) -> None:
    secret = await ann.say("hush", visibility="private")
    asked: list[int] = []
    pages = []
    for id_ in (secret["id"], str(int(secret["id"]) + 1)):
        statements: list[str] = []
        village.db.recorder = lambda sql, args, seen=statements: seen.append(sql)
        pages.append((await village.page(f"/@ann/{id_}")).text.replace(id_, "ID"))
        village.db.recorder = None
        asked.append(len(statements))
    assert pages[0] == pages[1] and asked[0] == asked[1]


async def test_what_is_not_for_everyone_is_left_to_the_app_of_who_is_signed_in(
    db: Db, clock: ManualClock, tmp_path: Path
) -> None:
    village = Village(db, clock, app=built_in(tmp_path / "build"))
    ann = await village.person("ann")
    secret = await ann.say("hush", visibility="private")
    for path in (f"/@ann/{secret['id']}", "/@nobody", "/@ann/1"):
        answer = await village.page(path, cookie="weft_session=x")
        assert answer.status_code == 200 and "hush" not in answer.text and "This page is not here" not in answer.text
        assert answer.headers["cache-control"] == "private, no-store"
        assert (await village.page(path)).status_code == 404


async def test_deleted_posts_leave_their_page_and_their_place_in_threads(village: Village, ann: Person) -> None:
    root = await ann.say("the root")
    gone = await ann.say("regretted", in_reply_to_id=root["id"])
    below = await ann.say("below it", in_reply_to_id=gone["id"])
    await ann.remove(f"statuses/{gone['id']}")
    assert (await village.page(f"/@ann/{gone['id']}")).status_code == 404
    page = await village.text(f"/@ann/{root['id']}")
    assert "regretted" not in page and below["id"] in ids_in(page)


async def test_a_hidden_reply_is_folded(village: Village, ann: Person) -> None:
    bob = await village.person("bob")
    root = await ann.say("the root")
    rude = await bob.say("rude", in_reply_to_id=root["id"])
    async with village.db.job() as tx:
        await tx.execute("UPDATE posts SET hidden = true WHERE id = $1 -- all buckets", int(rude["id"]))
    page = await village.text(f"/@ann/{root['id']}")
    assert re.search(r'<details class="pub-aside"><summary>Hidden by the author.*?<p>rude</p>', page, re.DOTALL)


async def test_another_name_or_a_repost_leads_to_the_posts_own_address(village: Village, ann: Person) -> None:
    bob = await village.person("bob")
    said = await ann.say("hello")
    again = await bob.post(f"statuses/{said['id']}/reblog")
    for path in (f"/@bob/{said['id']}", f"/@bob/{again['id']}"):
        answer = await village.page(path)
        assert answer.status_code == 303 and answer.headers["location"] == f"{BASE}/@ann/{said['id']}"


async def test_warnings_veil_text_pictures_and_previews(village: Village, ann: Person) -> None:
    picture = await village.media(ann)
    said = await ann.say("the butler", spoiler_text="The ending", media_ids=[picture], sensitive=True)
    page = await village.text(f"/@ann/{said['id']}")
    assert re.search(r"<details[^>]*><summary>.*The ending.*</summary>\s*<div[^>]*><p>the butler", page, re.DOTALL)
    outline = Outline(page)
    assert outline.meta("og:description") == ["The ending"] and outline.meta("og:title") == [
        "Post by \u2068Ann Lee\u2069"
    ]
    assert all("/media/" not in (url or "") for url in outline.meta("og:image"))
    assert "butler" not in page.split("</head>")[0]


async def test_pictures_carry_their_words_and_stand_in_previews(village: Village, ann: Person) -> None:
    picture = await village.media(ann)
    said = await ann.say("look", media_ids=[picture], media_attributes=[{"id": picture, "description": "A boat"}])
    page = await village.text(f"/@ann/{said['id']}")
    outline = Outline(page)
    assert [image.get("src") for image in outline.all("img")][1:] == [f"{BASE}/media/{picture}.webp"]
    assert outline.meta("og:image") == [f"{BASE}/media/{picture}.webp"]
    assert outline.meta("twitter:card") == ["summary_large_image"]


async def test_polls_show_results_when_they_may(village: Village, ann: Person) -> None:
    bob = await village.person("bob")
    poll = {"options": ["tea", "coffee"], "expires_in": 3600}
    shown = await ann.say("which", poll=poll)
    hidden = await ann.say("which", poll={**poll, "hide_totals": True})
    for said in (shown, hidden):
        await bob.post(f"polls/{said['poll']['id']}/votes", choices=["0"])
    page = await village.text(f"/@ann/{shown['id']}")
    assert "100%" in page and "1 voter" in page and "tea" in page
    page = await village.text(f"/@ann/{hidden['id']}")
    assert "%</span>" not in page and "Results are shown when the poll ends" in page
    village.clock.advance(4000)
    assert "100%" in await village.text(f"/@ann/{hidden['id']}")


async def test_quotes_show_what_anyone_may_see(village: Village, ann: Person) -> None:
    bob = await village.person("bob")
    said = await ann.say("wise words")
    quoting = await bob.say("indeed", quoted_status_id=said["id"])
    await village.work()
    page = await village.text(f"/@bob/{quoting['id']}")
    assert f'<blockquote class="pub-quote" cite="{BASE}/@ann/{said["id"]}">' in page and "wise words" in page
    await ann.remove(f"statuses/{said['id']}")
    assert "wise words" not in await village.text(f"/@bob/{quoting['id']}")


# ---------------------------------------------------------------------------------------------------- what people write


async def test_nothing_anybody_writes_turns_into_markup(village: Village, ann: Person) -> None:
    await village.profile(
        ann,
        display_name="<b>A</b>\"'><i>",
        bio=HOSTILE,
        fields=[(HOSTILE, HOSTILE), ("x", 'https://x.example/"onload="alert(1)')],
    )
    said = await ann.say(HOSTILE, spoiler_text=HOSTILE, poll={"options": [HOSTILE[:40], "b"], "expires_in": 600})
    plain = await ann.say(f"{HOSTILE} #tag")
    await village.work()
    for path in ("/@ann", f"/@ann/{said['id']}", f"/@ann/{plain['id']}", f"/@ann/{plain['id']}/embed", "/tags/tag"):
        outline = Outline(await village.text(path))
        assert [one for one in outline.all("script") if not (one.get("src") or "").startswith("/app/")] == []
        for tag, attributes in outline.tags:
            assert tag not in ("b", "i"), (path, tag)
            assert not any(name.startswith("on") for name in attributes), (path, tag, attributes)
            assert attributes.get("src") != "x"


async def test_names_of_any_direction_are_isolated_and_long_ones_are_whole(village: Village, ann: Person) -> None:
    name = "\u202eدانا \u202d" + "ש" * 15
    await village.profile(ann, display_name=name)
    said = await ann.say("שלום עולם", language="he")
    page = await village.text("/@ann")
    written = re.findall(r"<bdi>([^<]*)</bdi>", page)
    assert written and all("דانا"[1:] in one or "ש" in one for one in written)
    assert 'dir="auto" lang="he"' in page
    assert "\u2068" in (Outline(await village.text(f"/@ann/{said['id']}")).meta("og:title")[0] or "")


async def test_previews_are_cut_between_graphemes(village: Village, ann: Person) -> None:
    family = "👨‍👩‍👧‍👦"
    said = await ann.say(family * 60 + " " + "word " * 30)
    about = Outline(await village.text(f"/@ann/{said['id']}")).meta("og:description")[0] or ""
    assert about.startswith(family) and about.endswith("…")
    assert cut(family * 60, 10) == family * 9 + "…"
    assert cut("one two three four", 14) == "one two three…"
    assert cut("a\n\nb", 10) == "a b"


async def test_whoever_does_not_want_to_be_found_is_not_indexed(village: Village, ann: Person) -> None:
    said = await ann.say("public")
    quiet = await ann.say("quiet", visibility="unlisted")

    async def robots(path: str) -> list[str | None]:
        return Outline(await village.text(path)).meta("robots")

    assert await robots("/@ann") == [] and await robots(f"/@ann/{said['id']}") == []
    assert await robots(f"/@ann/{quiet['id']}") == ["noindex, noarchive"]
    await village.profile(ann, discoverable=False)
    assert await robots("/@ann") == ["noindex, noarchive"] and await robots(f"/@ann/{said['id']}") == []
    await village.profile(ann, discoverable=True, indexable=False)
    assert await robots("/@ann") == ["noindex, noarchive"] and await robots(f"/@ann/{said['id']}")


# ----------------------------------------------------------------------------------------------------------------- tags


async def test_a_tag_shows_public_posts_in_any_spelling(village: Village, ann: Person) -> None:
    one = await ann.say("a #Kimchi day")
    await ann.say("unlisted #kimchi", visibility="unlisted")
    await village.work()
    for path in ("/tags/kimchi", "/tags/KIMCHI", "/tags/%23kimchi"):
        page = await village.text(path)
        assert ids_in(page) == [one["id"]]
        assert Outline(page).links("canonical") == [f"{BASE}/tags/kimchi"]
    assert "No public posts with this tag yet" in await village.text("/tags/nobodyknows")


# ------------------------------------------------------------------------------------------------- languages and caches


@pytest.mark.parametrize(("language", "word"), [("vi", "bài viết"), ("ko", "게시물 1개"), ("en", "1 post")])
async def test_pages_speak_the_readers_language(village: Village, ann: Person, language: str, word: str) -> None:
    await ann.say("hello")
    page = await village.text("/@ann", **{"accept-language": f"{language},en;q=0.5"})
    assert f'<html lang="{language}"' in page and word in page


def test_every_language_has_every_text() -> None:
    assert PUBLIC["vi"].keys() == PUBLIC["en"].keys() == PUBLIC["ko"].keys()
    for texts in PUBLIC.values():
        for key, text in texts.items():
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", PUBLIC["en"][key]), key


async def test_only_pages_asked_for_without_cookies_may_be_kept(village: Village, ann: Person) -> None:
    said = await ann.say("hello")
    for path in ("/@ann", f"/@ann/{said['id']}", "/tags/x", f"/@ann/{said['id']}/embed"):
        assert (await village.page(path)).headers["cache-control"].startswith("public")
        assert (await village.page(path, cookie="weft_session=x")).headers["cache-control"] == "private, no-store"
    for path in ("/@nobody", "/@nobody/1"):
        assert (await village.page(path)).headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("kind", ["profile", "thread", "tag"])
async def test_a_page_takes_few_statements_however_long_it_is(village: Village, ann: Person, kind: str) -> None:
    bob = await village.person("bob")
    root = await ann.say("the root #tag")

    async def more(times: int) -> None:
        for number in range(times):
            picture = await village.media(ann)
            await ann.say(f"@bob look #tag {number}", media_ids=[picture])
            await ann.say("choose #tag", poll={"options": ["a", "b"], "expires_in": 600})
            said = await bob.say(f"answer #tag {number}", in_reply_to_id=root["id"])
            await ann.say("quoting #tag", quoted_status_id=said["id"])
        await village.work()

    path = {"profile": "/@ann", "thread": f"/@ann/{root['id']}", "tag": "/tags/tag"}[kind]
    costs = []
    for times in (1, 4):
        await more(times)
        statements: list[str] = []
        village.db.recorder = lambda sql, args, seen=statements: seen.append(sql)
        await village.text(path)
        village.db.recorder = None
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 12
