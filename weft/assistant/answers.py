"""What people ask of the assistant, answered: with quotes always, and by a model where it was shown to be able to.

Whatever a model writes is let through sentence by sentence, each with a post that was in the prompt. A model that is
away, busy or too dear leaves the quotes, and the answer says which of both it is.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol
from weakref import WeakValueDictionary

import msgspec
import structlog

from weft.assistant.asks import chat_ask
from weft.assistant.context import Admitted, Context, Readers
from weft.assistant.extract import Quote, Source, extract, quotes_of
from weft.assistant.findings import Finding, findings_of
from weft.assistant.findings import Kind as FindingKind
from weft.assistant.guard import Sieve, addresses_in, plain
from weft.assistant.index import Understanding, words_alone
from weft.assistant.language import guess_language
from weft.assistant.lines import Asker, Cite, Line, Refused, cite, cited_ids, quote_lines, sources_of, still_shown
from weft.assistant.prompts import (
    MOST_SOURCES,
    PROMPT_VERSION,
    Abilities,
    Feature,
    Kind,
    Prompt,
    Specials,
    Wanted,
    Writer,
    none_known,
)
from weft.assistant.retrieval import Finder, Found, Question
from weft.assistant.summaries import Made, find_summary, keep_summary
from weft.assistant.texts import Key, say
from weft.assistant.vectors import Floats
from weft.assistant.wishes import Wish
from weft.infra.db import Db
from weft.kernel.errors import Invalid, Limited, NotFound, Unavailable, WeftError
from weft.kernel.ids import AccountId, PostId, make_id
from weft.media.service import Workshop
from weft.posts.service import load_thread, require_post

FOUND: Final = 8
MOST_FOUND: Final = (3 * FOUND, 30 * FOUND)
"""How many are looked for, since some of them may not be used for all readers; then, where none may, how many more."""
QUOTED: Final = 3
SUMMED: Final = 5
MOST_THREAD: Final = 300
MOST_MISSED: Final = 100
MOST_EMBEDDED: Final = 80
DAY_MS: Final = 86_400_000
ASKED: Final[tuple[tuple[FindingKind, Key], ...]] = (
    ("date", "ask_date"),
    ("amount", "ask_amount"),
    ("promise", "ask_promise"),
    ("decision", "ask_decision"),
)
"""What can be asked where the rules found something of a kind."""

log = structlog.get_logger()


class Visits(Protocol):
    """What somebody has not read yet. Filled in ``wiring`` from the timelines."""

    async def last_read(self, account_id: AccountId) -> int:
        """The id up to which they read their home; 0 where nobody knows."""

    async def unread(self, account_id: AccountId, after: int, limit: int) -> Sequence[int]:
        """Posts of their home after that id, newest first."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What answering works with; put together by ``wiring``. Without a writer nothing is generated."""

    db: Db
    context: Context
    finder: Finder
    abilities: Abilities
    visits: Visits
    writer: Writer | None = None
    specials: Specials = none_known
    understanding: Understanding = words_alone
    workshop: Workshop | None = None


class Summary(msgspec.Struct, frozen=True):
    """Of a thread or of what was missed; ``model`` is empty where the lines are quotes."""

    lines: tuple[Line, ...]
    admitted: Admitted
    model: str = ""
    cached: bool = False
    posts: int = 0
    refused: Refused | None = None
    """Why no model wrote the lines, although one might have."""


class Answers:
    """The features, each for one asker and one audience."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._making: WeakValueDictionary[Made, asyncio.Lock] = WeakValueDictionary()

    # ------------------------------------------------------------------ asking the community

    async def find(
        self, asker: Asker, readers: Readers, text: str, without: frozenset[int] = frozenset()
    ) -> tuple[Admitted, dict[int, Found]]:
        """Posts that may answer, the best first, as far as all readers may see them."""
        own_id = await self.tools.context.own_id()
        question = Question(
            asker_id=asker.id,
            text=text,
            language=asker.language,
            limit=MOST_FOUND[0],
            public_only=readers.everybody,
            without=without,
            without_authors=frozenset(() if own_id is None else (own_id,)),
        )
        admitted, found = await self._found(readers, question)
        if not admitted.posts and len(found) == question.limit:
            question = msgspec.structs.replace(question, limit=MOST_FOUND[1])
            admitted, found = await self._found(readers, question)
        return admitted.first(FOUND), found

    async def _found(self, readers: Readers, question: Question) -> tuple[Admitted, dict[int, Found]]:
        found = {int(each.post_id): each for each in await self.tools.finder.find(self.tools.db, question)}
        return await self.tools.context.admit(readers, found), found

    async def answer(
        self, asker: Asker, readers: Readers, wish: Wish, *, without: frozenset[int] = frozenset()
    ) -> AsyncGenerator[Line | Refused, None]:
        """Lines that answer a question: a model's where it can and somebody's quotes otherwise."""
        admitted, found = await self.find(asker, readers, wish.about, without)
        # Nearness alone answers everything, and small talk too: without a shared word there is no answer.
        shares = any("words" in found[post.post_id].why for post in admitted.posts[:QUOTED])
        if wish.kind == "question" and not shares and not self.can("ask", asker.language):
            yield Line(say("cannot", asker.language))
            return
        if not admitted.posts:
            yield Line(say("nothing", asker.language))
            return
        made = 0
        async with aclosing(self.written(asker, admitted, "ask", wish.about)) as pieces:
            async for piece in pieces:
                made += isinstance(piece, Line)
                yield piece
        if made:
            return
        if wish.kind == "question" and not shares:
            yield Line(say("nothing", asker.language))
            return
        yield Line(say("found", asker.language))
        for line in quote_lines(admitted, wish.about, QUOTED):
            yield line

    async def written(
        self, asker: Asker, admitted: Admitted, feature: Feature, question: str, kind: Kind = "interactive"
    ) -> AsyncGenerator[Line | Refused, None]:
        """What the model makes of these posts, each sentence with its posts; nothing where it may not or cannot."""
        tools = self.tools
        language = guess_language(question, asker.language) if question else asker.language
        if tools.writer is None or not self.can(feature, language):
            return
        prompt = Prompt(admitted, feature, question, language)
        ask = await prompt.sealed(tools.context, await tools.specials(feature))
        if not prompt.admitted.posts:
            return
        sieve = Sieve(prompt.texts)
        wanted = Wanted(account_id=asker.id, role=asker.role, kind=kind, feature=feature, ask=ask)
        try:
            async with aclosing(tools.writer.write(wanted)) as pieces:
                async for piece in pieces:
                    for sentence in sieve.feed(piece):
                        yield self._made(sentence.text, sentence.sources, prompt.admitted)
            for sentence in sieve.end():
                yield self._made(sentence.text, sentence.sources, prompt.admitted)
        except (Invalid, Limited, Unavailable) as error:
            log.info("assistant.answers_by_quotes", reason=error.code)
            yield Refused(error.code, seconds_of(error), dict(error.values))

    async def chatted(self, asker: Asker, said: Sequence[str]) -> AsyncGenerator[Line | Refused, None]:
        """A model's own words in a conversation. No post backs them, and the first line says so.

        Args:
            said: what the person and the assistant said by turns, the person first and last.
        """
        tools = self.tools
        if tools.writer is None:
            return
        ask = chat_ask(said, asker.language, await tools.specials("chat"))
        wanted = Wanted(account_id=asker.id, role=asker.role, kind="interactive", feature="chat", ask=ask)
        known, begun = addresses_in(said[-1]), False
        why: Key = "cannot"
        try:
            async with aclosing(lines_of(tools.writer.write(wanted))) as lines:
                async for line in lines:
                    text = plain(line)
                    if not text or not addresses_in(text) <= known:
                        continue
                    if not begun:
                        yield Line(say("unsourced", asker.language))
                        begun = True
                    yield Line(text, "made")
        except (Invalid, Limited, Unavailable) as error:
            log.info("assistant.chats_no_more", reason=error.code)
            yield Refused(error.code, seconds_of(error), dict(error.values))
            why = "not_now"
        if not begun:
            yield Line(say(why, asker.language))

    def _made(self, text: str, numbers: Sequence[int], admitted: Admitted) -> Line:
        return Line(text, "made", tuple(cite(admitted.posts[number - 1]) for number in numbers))

    def can(self, feature: Feature, language: str) -> bool:
        """Whether the configured models passed the check for this in this language, or direction of translation."""
        return self.tools.writer is not None and self.tools.abilities.may(feature, language)

    # ------------------------------------------------------------------ summing up

    async def thread(self, readers: Readers, post_id: int) -> Admitted:
        """The posts of the thread around a post that all readers may see, oldest first.

        Raises:
            NotFound: the asker may not see the post, or there is none.
        """
        async with self.tools.db.read() as reader:
            post = await require_post(reader, PostId(post_id), readers.asker_id)
            root = post.root_id or post.id
            ids = [root, *await load_thread(reader, root)]
        return await self.tools.context.admit(readers, ids[:MOST_THREAD])

    async def summary(self, asker: Asker, readers: Readers, post_id: int, *, asked: int = 0) -> Summary:
        """A thread in a few lines, made once for each version of it and each audience.

        Args:
            asked: the post in the thread that asks for it, which is no part of what it is about.
        """
        admitted = await self.thread(readers, post_id)
        admitted = admitted.only({post.post_id for post in admitted.posts} - {asked})
        if not admitted.posts:
            raise NotFound("record.absent")
        # It was shown to sum up texts in their own language: both theirs and the reader's have to have passed.
        languages = languages_of(admitted) | {asker.language}
        able = all(self.can("summary", language) for language in languages)
        model = self.tools.abilities.model("summary")[0] if able else ""
        audience = "everybody" if await self.tools.context.is_for_everybody(admitted) else readers.key
        made = Made(
            subject=admitted.posts[0].post_id,
            version=version_of(admitted),
            model=model,
            prompt=PROMPT_VERSION,
            audience=f"{audience} {asker.language}" if model else audience,
        )
        # Who wants the same meanwhile waits for it.
        making = self._making.setdefault(made, asyncio.Lock())
        async with making:
            known = await find_summary(self.tools.db, made)
            if known is not None:
                return _summary(known, admitted, model, cached=True)
            lines, refused = await self._summed(asker, admitted, write=bool(model))
            if refused is None:
                await keep_summary(self.tools.db, made, lines, admitted.posts)
        return msgspec.structs.replace(_summary(lines, admitted, model), refused=refused)

    async def _summed(self, asker: Asker, admitted: Admitted, *, write: bool) -> tuple[list[Line], Refused | None]:
        """Lines, and why the model wrote none for now: then they are not kept."""
        lines: list[Line] = []
        refused: Refused | None = None
        if write:
            told = await asyncio.to_thread(gist_of, admitted)
            async with aclosing(self.written(asker, told, "summary", "", "summary")) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Refused):
                        refused = piece
                    else:
                        lines.append(piece)
        if not lines or refused is not None:
            return await self.quoted(asker, admitted), refused
        return still_shown(lines, await self.tools.context.still(admitted)), refused

    async def quoted(self, asker: Asker, admitted: Admitted) -> list[Line]:
        """The central sentences of the posts and what the rules found in them: dates, amounts, promises, decisions."""
        sources = sources_of(admitted)
        # Some hundred milliseconds for a long thread: not on the loop that answers everybody.
        quotes = await asyncio.to_thread(quotes_of, sources)
        vectors = await self._vectors(asker, admitted, quotes)
        chosen, findings = await asyncio.to_thread(_looked_through, sources, quotes, vectors)
        texts = {quote.text: quote.post_id for quote in chosen}
        for finding in findings:
            if len(texts) >= SUMMED + QUOTED:
                break
            if finding.kind in ("decision", "promise"):
                texts.setdefault(finding.sentence, finding.post_id)
        order = {post.post_id: at for at, post in enumerate(admitted.posts)}
        found = sorted(texts.items(), key=lambda each: order[each[1]])
        return [Line(text, "quote", (self._cite(admitted, post_id),)) for text, post_id in found]

    def _cite(self, admitted: Admitted, post_id: int) -> Cite:
        post = admitted.find(post_id)
        return cite(post) if post is not None else Cite(post_id, -1)

    async def _vectors(self, asker: Asker, admitted: Admitted, quotes: Sequence[Quote]) -> Floats | None:
        """The sentences as a model sees them, where one understands all of them."""
        means = await self.tools.understanding()
        languages = languages_of(admitted)
        if means.embedder is None or not languages <= means.languages or not 0 < len(quotes) <= MOST_EMBEDDED:
            return None
        try:
            return await means.embedder.embed([quote.text for quote in quotes], asker.id)
        except (Limited, Unavailable) as error:
            log.info("assistant.sums_up_by_words", reason=error.code)
            return None

    # ------------------------------------------------------------------ missed, related, questions

    async def missed(self, asker: Asker) -> Summary:
        """What came home since the last visit."""
        tools = self.tools
        after = await tools.visits.last_read(asker.id)
        after = max(after, make_id(tools.db.clock.now_ms() - 7 * DAY_MS, 0))
        ids = await tools.visits.unread(asker.id, after, MOST_MISSED)
        admitted = await tools.context.admit(Readers(asker.id), sorted(ids))
        others = [post.post_id for post in admitted.posts if post.author_id != asker.id]
        if len(others) != len(admitted.posts):
            admitted = await tools.context.admit(Readers(asker.id), others)
        return Summary(tuple(await self.quoted(asker, admitted)), admitted, posts=len(admitted.posts))

    async def related(self, asker: Asker, post_id: int) -> list[int]:
        """Posts about the same thing."""
        readers = Readers(asker.id)
        post = (await self.thread(readers, post_id)).find(post_id)
        if post is None:
            return []
        admitted, _ = await self.find(asker, readers, post.text, frozenset((post_id,)))
        return [each.post_id for each in admitted.posts]

    async def questions(self, asker: Asker, post_id: int) -> list[str]:
        """What could be asked about a thread, as far as its posts hold something of the kind."""
        admitted = await self.thread(Readers(asker.id), post_id)
        kinds = {finding.kind for finding in await asyncio.to_thread(findings_of, sources_of(admitted))}
        asked = [say(key, asker.language) for kind, key in ASKED if kind in kinds]
        return ([say("ask_about", asker.language)] if len(admitted.posts) > 2 else []) + asked


def gist_of(admitted: Admitted) -> Admitted:
    """As many posts of a thread as a model is told: of a long one its beginning and what most of it is about."""
    if len(admitted.posts) <= MOST_SOURCES:
        return admitted
    quotes = extract(quotes_of(sources_of(admitted)), 3 * MOST_SOURCES)
    ranked = sorted(quotes, key=lambda quote: -quote.score)
    ids = dict.fromkeys([admitted.posts[0].post_id, *(quote.post_id for quote in ranked)])
    return admitted.only(frozenset(list(ids)[:MOST_SOURCES]))


def _looked_through(
    sources: Sequence[Source], quotes: Sequence[Quote], vectors: Floats | None
) -> tuple[list[Quote], list[Finding]]:
    return extract(quotes, SUMMED, vectors), findings_of(sources)


def _summary(lines: Sequence[Line], admitted: Admitted, model: str, *, cached: bool = False) -> Summary:
    """Named after the model where it wrote; then its posts are those that it names, and not the whole thread."""
    if any(line.kind == "made" for line in lines):
        return Summary(tuple(lines), admitted, model, cached, len(cited_ids(lines)))
    return Summary(tuple(lines), admitted, "", cached, len(admitted.posts))


def languages_of(admitted: Admitted) -> frozenset[str]:
    return frozenset(guess_language(post.text, post.language) for post in admitted.posts)


async def lines_of(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """The lines of a text that comes in pieces, each when it is whole."""
    waiting = ""
    async with aclosing(pieces):
        async for piece in pieces:
            *whole, waiting = (waiting + piece).split("\n")
            for line in whole:
                yield line
    yield waiting


def version_of(admitted: Admitted) -> bytes:
    """What a summary is of: just these posts in just these versions."""
    parts = ",".join(f"{post.post_id}:{post.version}" for post in admitted.posts)
    return hashlib.sha256(parts.encode()).digest()


def seconds_of(error: WeftError) -> int:
    """After how many seconds a refused call may succeed; 0 where nobody knows."""
    value = error.values.get("retry_after", 0)
    return value if isinstance(value, int) else 0
