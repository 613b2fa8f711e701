"""Answers to posts that mention the assistant: one reply each, as visible as the mention or less, labelled.

Nobody who blocked it, opted out or is a program is answered, nor anybody elsewhere unless the operator allows it. The
reply calls nobody but the one who asked, and goes with the question and with the posts that it is made of.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
import structlog

from weft.accounts.model import Account
from weft.accounts.service import find_account, find_user
from weft.assistant.assistant import Assistant
from weft.assistant.context import Admitted, Readers, at_odds
from weft.assistant.events import AnswerWanted, QuotedChanged
from weft.assistant.guard import quiet
from weft.assistant.language import LANGUAGES, guess_language
from weft.assistant.lines import Asker, Line, Refused, cited_ids, shortened, shown, still_shown
from weft.assistant.opt_outs import opted_out
from weft.assistant.replies import forget_replies, keep_quoted, still_stands
from weft.assistant.texts import say
from weft.assistant.wishes import Wish, read_wish
from weft.infra.admit import ASSISTANT_MENTION, ASSISTANT_NEWCOMER, ASSISTANT_THREAD, Admit
from weft.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from weft.kernel.ids import PostId
from weft.kernel.text.entities import find_entities
from weft.kernel.text.length import post_length
from weft.posts.model import Draft, Post
from weft.posts.service import Limits, create_post, delete_post, load_posts, prepare
from weft.relationships.model import Visibility

NEWCOMER_MS: Final = 3 * 86_400_000

log = structlog.get_logger()


class Mention(msgspec.Struct, frozen=True):
    """A post that is to be answered, and what is known of its author."""

    post: Post
    author: Account
    own: Account
    asker: Asker
    question: str

    @property
    def readers(self) -> Readers:
        """Everybody, or the author alone: those who follow the assistant are not those who follow the author."""
        visibility = self.post.visibility
        return Readers(self.author.id, visibility <= Visibility.UNLISTED, listed=visibility == Visibility.PUBLIC)

    @property
    def visibility(self) -> Visibility:
        return self.post.visibility if self.readers.everybody else Visibility.DIRECT


class Mentions:
    """The runner of ``AnswerWanted``. ``elsewhere``: whether accounts of other servers are answered."""

    def __init__(self, assistant: Assistant, admit: Admit, limits: Limits, *, elsewhere: bool = False) -> None:
        self._on = assistant.on
        self._answers = assistant.answers
        self._db = assistant.db
        self.own = assistant.own.ensure
        self._admit = admit
        self._limits = limits
        self._elsewhere = elsewhere

    async def answer(self, event: AnswerWanted) -> None:
        """Answer the post, if it calls the assistant and may be answered. A second time changes nothing."""
        mention = await self._read(event.post_id) if self._on else None
        if mention is None or not self._counted(mention):
            return
        lines, admitted = await self._lines(mention)
        try:
            reply_id = await self._post(mention, self._composed(mention, lines, admitted))
            await keep_quoted(self._db, reply_id, mention.post, lines, admitted)
            # What changed before this was written down told nobody.
            await self.review(QuotedChanged(reply_id=reply_id))
        except (NotFound, Forbidden, Invalid, Conflict) as error:
            # It was deleted meanwhile, or takes no replies.
            log.info("assistant.unanswered", reason=error.code)

    async def review(self, event: QuotedChanged) -> None:
        """Take a reply back that is made of what is gone, or may not be shown any more to those who read it."""
        async with self._db.read() as reader:
            reply = (await load_posts(reader, (event.reply_id,))).get(event.reply_id)
        if reply is not None and not reply.deleted:
            if await still_stands(self._db, self._answers.tools.context, reply):
                return
            await delete_post(self._db, (await self.own()).id, reply)
        async with self._db.job() as tx:
            await forget_replies(tx, (event.reply_id,))

    async def _read(self, post_id: PostId) -> Mention | None:
        async with self._db.read() as reader:
            post = (await load_posts(reader, (post_id,))).get(post_id)
            if post is None or post.deleted or post.repost_of is not None:
                return None
            author = await find_account(reader, post.author_id)
            user = await find_user(reader, post.author_id)
            refused = await opted_out(reader, (post.author_id,))
        if author is None or author.gone or author.kind == "bot" or refused or (author.host and not self._elsewhere):
            return None
        own = await self.own()
        spans = [span for span in find_entities(post.text).mentions if span.host in (None, self._limits.domain)]
        if own.id == author.id or not any(span.username.lower() == own.username.lower() for span in spans):
            return None
        async with self._db.read() as reader:
            if await at_odds(reader, own.id, (author.id,)):
                return None
        question = without_mentions(post.text)
        language = guess_language(question, post.language or (user.locale[:2] if user is not None else ""))
        return Mention(post, author, own, Asker(author.id, author.role, language), question)

    def _counted(self, mention: Mention) -> bool:
        """Whether neither the account nor the thread had its share today."""
        age_ms = self._db.clock.now_ms() - mention.author.created_ms
        rate = ASSISTANT_NEWCOMER if age_ms < NEWCOMER_MS else ASSISTANT_MENTION
        root = mention.post.root_id or mention.post.id
        return self._admit.check(rate, mention.author.id).allowed and self._admit.check(ASSISTANT_THREAD, root).allowed

    async def _lines(self, mention: Mention) -> tuple[list[Line], Admitted]:
        """The answer, and the posts in it, checked for all who will read it at the last moment."""
        lines = [line async for line in self._made(mention)]
        context = self._answers.tools.context
        admitted = await context.admit(mention.readers, cited_ids(lines))
        kept = still_shown(lines, admitted)
        if not any(line.cites for line in kept) and any(line.cites for line in lines):
            kept = [Line(say("nothing", mention.asker.language))]
        return kept, admitted

    async def _made(self, mention: Mention) -> AsyncGenerator[Line, None]:
        answers, asker, readers = self._answers, mention.asker, mention.readers
        wish = read_wish(mention.question)
        if wish.kind == "sum_up":
            for line in await self._summed(mention):
                yield line
            return
        if wish.kind in ("other", "missed") and not answers.can("ask", asker.language):
            yield Line(say("cannot", asker.language))
            return
        wish = wish if wish.about else Wish("question", mention.question)
        without = frozenset((mention.post.id,))
        async with aclosing(answers.answer(asker, readers, wish, without=without)) as pieces:
            async for piece in pieces:
                if not isinstance(piece, Refused):
                    yield piece

    async def _summed(self, mention: Mention) -> list[Line]:
        language = mention.asker.language
        try:
            summary = await self._answers.summary(
                mention.asker, mention.readers, mention.post.id, asked=mention.post.id
            )
        except NotFound:
            return [Line(say("nothing", language))]
        return [Line(say("summed", language)), *summary.lines]

    def _composed(self, mention: Mention, lines: list[Line], admitted: Admitted) -> str:
        """As much of the answer as a post holds, with its label and where it is from."""
        language = mention.asker.language
        made = any(line.kind == "made" for line in lines)
        label = say("quotes_label", language)
        if made:
            count = len(cited_ids(lines))
            # The names of some servers' models begin with an @.
            model = quiet(self._answers.tools.abilities.model()[0])
            label = say("made_label", language, model=model, count=count)
        text = f"@{mention.author.handle}"
        for line in lines:
            longer = f"{text}\n{self._in_post(line, admitted)}"
            if post_length(f"{longer}\n\n{label}") > self._limits.characters:
                continue
            text = longer
        return f"{text}\n\n{label}" if any(line.cites for line in lines) else text

    def _in_post(self, line: Line, admitted: Admitted) -> str:
        urls = [post.url for each in line.cites if (post := admitted.find(each.post_id)) is not None]
        text = shortened(line.text)
        if line.kind == "quote":
            # Only the assistant's own marks may end the quote and name who said it.
            text = text.replace("“", "‘").replace("”", "’")
        cut = msgspec.structs.replace(line, text=text)
        return " ".join([quiet(shown(cut, admitted)), *urls])

    async def _post(self, mention: Mention, text: str) -> PostId:
        draft = Draft(
            text=text,
            visibility=mention.visibility,
            language=mention.asker.language if mention.asker.language in LANGUAGES else LANGUAGES[0],
            reply_to=mention.post.id,
            allowed_mentions=(mention.author.id,),
            idempotency_key=f"assistant:{mention.post.id}",
        )
        return (await create_post(self._db, await prepare(self._db, mention.own, draft, self._limits))).post.id


def without_mentions(text: str) -> str:
    """What a post says besides whom it calls."""
    for span in reversed(find_entities(text).mentions):
        text = text[: span.start] + text[span.end :]
    return " ".join(text.split())
