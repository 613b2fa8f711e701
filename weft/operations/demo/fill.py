"""Carries the plan out, by the services that requests use, on a clock that stands at each act's own time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from weft.accounts import service as accounts
from weft.accounts.model import Account, Field, PreferencesEdit, ProfileEdit
from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import AccountId, MediaId, bucket_of
from weft.media.service import Emoji, MediaPool, NewMedia, Want, Workshop, add_emoji
from weft.notes.service import set_note
from weft.operations.demo import moving, plan
from weft.operations.demo.avatars import draw_avatar, draw_emoji
from weft.operations.demo.people import Inhabitant
from weft.operations.demo.pictures import draw_picture
from weft.operations.demo.shelves import Shelves
from weft.operations.demo.talk import Line, seconds
from weft.posts import service as posts
from weft.posts.model import Draft, PollDraft, Post
from weft.relationships.model import FollowOptions, Visibility
from weft.relationships.service import accept_request, follow
from weft.settings import Settings
from weft.timelines import service as timelines
from weft.timelines.service import FilterEdit, KeywordEdit, ListEdit

AT_ONCE = 2
EMOJIS = (
    ("loom", "linen", "loom"),
    ("tram", "madder", "tram"),
    ("bridge", "walnut", "bridge"),
    ("book", "indigo", "book"),
)


class Studio:
    """Draws and stores pictures, a few at a time."""

    def __init__(self, db: Db, settings: Settings) -> None:
        self._db = db
        self._blobs = Blobs(settings.folder / "media")
        self._pool = MediaPool(self._blobs.scratch)
        self._workshop = Workshop(db, self._blobs, self._pool)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        await self._pool.close()

    async def faces(self, people: Sequence[Inhabitant], ids: dict[str, AccountId]) -> None:
        await asyncio.gather(*(self._introduce(person, ids[person.name]) for person in people))

    async def _introduce(self, person: Inhabitant, id_: AccountId) -> None:
        async with self._turns:
            avatar = header = None
            if person.face is not None:
                avatar = await self._workshop.picture(await asyncio.to_thread(draw_avatar, person.face), Want.AVATAR)
            if person.banner:
                drawn = await asyncio.to_thread(draw_picture, f"{person.banner} wide")
                header = await self._workshop.picture(drawn, Want.HEADER)
        edit = ProfileEdit(
            display_name=person.shown,
            bio=person.bio,
            fields=tuple(Field(name, value) for name, value in person.fields),
            avatar=avatar,
            header=header,
            kind="bot" if person.bot else "person",
            locked=person.locked,
            discoverable=True,
            indexable=True,
        )
        async with self._db.tx(bucket_of(id_)) as tx:
            await accounts.edit_profile(tx, id_, edit)
            await accounts.edit_preferences(
                tx, id_, PreferencesEdit(locale=person.language, post_language=person.language)
            )

    async def pictures(self, lines: Sequence[Line], ids: dict[str, AccountId]) -> dict[str, tuple[MediaId, ...]]:
        """By post: its attachments, ready. A film is left out where none can be made."""
        wanted = [line for line in lines if line.pictures]
        made = await asyncio.gather(*(self._attach(line, ids[line.by]) for line in wanted))
        return {line.key: media for line, media in zip(wanted, made, strict=True)}

    async def _attach(self, line: Line, owner: AccountId) -> tuple[MediaId, ...]:
        return tuple([await self._upload(owner, alt, words) for alt, words in line.pictures])

    async def _upload(self, owner: AccountId, alt: str, words: str) -> MediaId:
        async with self._turns:
            data = await asyncio.to_thread(_draw, words)
            new = NewMedia(account_id=owner, data=data, description=alt)
            return (await self._workshop.upload(new)).id

    async def emojis(self) -> None:
        for emblem, dye, code in EMOJIS:
            name, still = await self._workshop.picture(draw_emoji(emblem, dye), Want.EMOJI)
            await add_emoji(self._db, Emoji(shortcode=code, name=name, static_name=still or name, category="town"))


def _draw(words: str) -> bytes:
    match words:
        case moving.FILM:
            return moving.draw_film()
        case moving.GIF:
            return moving.draw_gif()
        case _:
            return draw_picture(words)


class Town:
    """The people at what they do."""

    def __init__(self, db: Db, settings: Settings, clock: ManualClock, people: dict[str, Account]) -> None:
        self._db = db
        self._clock = clock
        self._people = people
        self._limits = posts.Limits(settings.max_characters, settings.domain)
        self.posts: dict[str, Post] = {}
        self._media: dict[str, tuple[MediaId, ...]] = {}

    async def live(self, acts: Sequence[plan.Act], media: dict[str, tuple[MediaId, ...]]) -> None:
        self._media = media
        for act in acts:
            self._clock.advance(max(0.0, (act.ms - self._clock.now_ms()) / 1000))
            await self._carry_out(act, self._people[act.by])

    async def _carry_out(self, act: plan.Act, who: Account) -> None:
        match act:
            case plan.Follow():
                await self._follow(who, self._people[act.target])
            case plan.Write():
                await self._write(act.line, who)
            case plan.Like():
                await posts.like_post(self._db, who.id, self.posts[act.key])
            case plan.Repost():
                await posts.repost(self._db, who, self.posts[act.key], Visibility.PUBLIC)
            case plan.Vote():
                await posts.vote(self._db, who.id, self.posts[act.key], [act.choice])
            case plan.Bookmark():
                await posts.set_bookmark(self._db, who.id, self.posts[act.key].id, on=True)
            case plan.Pin():
                await posts.set_pin(self._db, who.id, self.posts[act.key], on=True)
            case plan.Note():
                await set_note(self._db, who.id, act.text, "followers")

    async def _follow(self, who: Account, target: Account) -> None:
        await follow(self._db, who.id, target.id, FollowOptions())
        # Whoever approves by hand has let in those who asked long ago, and has not looked yet at the rest.
        if target.locked and who.username > "k":
            await accept_request(self._db, target.id, who.id)

    async def _write(self, line: Line, author: Account) -> None:
        parent, quoted = self.posts.get(line.parent), self.posts.get(line.quote)
        named = "".join(f"@{name} " for name in line.direct)
        poll = line.poll
        draft = Draft(
            text=named + line.text,
            summary=line.warning,
            language=line.language,
            visibility=Visibility.DIRECT if line.direct else Visibility.PUBLIC,
            reply_to=parent.id if parent else None,
            quote_of=quoted.id if quoted else None,
            media_ids=self._media.get(line.key, ()),
            poll=PollDraft(options=tuple(poll.options), expires_in_s=poll.lives_s) if poll else None,
        )
        created = await posts.create_post(self._db, await posts.prepare(self._db, author, draft, self._limits))
        self.posts[line.key] = created.post

    async def fill_shelves(self, shelves: Shelves) -> None:
        """What they keep for themselves."""
        for shelf in shelves.lists:
            made = await timelines.create_list(self._db, self._id(shelf.owner), ListEdit(title=shelf.title))
            await timelines.add_members(self._db, self._id(shelf.owner), made.id, [self._id(n) for n in shelf.members])
        for tags in shelves.tags:
            for name in tags.names:
                await timelines.follow_tag(self._db, self._id(tags.owner), name)
        for hidden in shelves.filters:
            edit = FilterEdit(
                title=hidden.title,
                contexts=("home", "public"),
                action=hidden.action,
                keywords=tuple(KeywordEdit(keyword=word, whole_word=False) for word in hidden.keywords),
            )
            await timelines.create_filter(self._db, self._id(hidden.owner), edit)
        for coming in shelves.scheduled:
            draft = Draft(text=coming.text, language=coming.language)
            prepared = await posts.prepare(self._db, self._people[coming.owner], draft, self._limits)
            await posts.schedule_post(self._db, prepared, self._clock.now_ms() + seconds(coming.due) * 1000)

    def _id(self, name: str) -> AccountId:
        return self._people[name].id


def without_films(lines: list[Line]) -> list[Line]:
    """What is left where no film can be made: the post goes, and what was said of it."""
    gone: set[str] = set()
    kept = []
    for line in lines:
        if line.parent in gone or any(words == moving.FILM for _, words in line.pictures):
            gone.add(line.key)
        else:
            kept.append(line)
    return kept


def known(people: Sequence[Inhabitant], accounts_by_name: dict[str, Account]) -> dict[str, Account]:
    """The accounts as they are after their profiles were set."""
    locked = {person.name for person in people if person.locked}
    return {name: msgspec.structs.replace(one, locked=name in locked) for name, one in accounts_by_name.items()}
