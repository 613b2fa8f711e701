"""One turn of a chat: what the person said is kept, the answer's lines go out as they are made, and are kept at the
end, also where the person stopped it or the connection was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from weft.assistant.answers import Answers
from weft.assistant.chats import Chats, Turn, Turns, TurnState, cited_in
from weft.assistant.context import Admitted, Readers
from weft.assistant.language import guess_language
from weft.assistant.lines import Asker, Line, Refused, cited_ids, shown, still_shown
from weft.assistant.texts import say
from weft.assistant.wishes import Wish, read_wish
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId

MOST_REMEMBERED: Final = 8
"""Turns of a conversation that a model is told, an even number."""


class Begun(msgspec.Struct, frozen=True):
    """The answer has its place: ``asked`` was kept, ``turn`` is empty so far."""

    asked: Turn
    turn: Turn


class Said(msgspec.Struct, frozen=True):
    """A piece of the answer, as it is shown."""

    text: str


class Ended(msgspec.Struct, frozen=True):
    """The whole answer, and the posts that it shows."""

    turn: Turn
    admitted: Admitted


Step = Begun | Said | Refused | Ended


class Conversing:
    def __init__(self, answers: Answers, chats: Chats, turns: Turns) -> None:
        self._answers = answers
        self.chats = chats
        self.turns = turns

    async def say(self, asker: Asker, chat_id: int, text: str, about_post: int = 0) -> AsyncGenerator[Step, None]:
        """Say something new."""
        asked = Turn(id=self.turns.new_id(asker.id), chat_id=chat_id, role="person", text=text, about_post=about_post)
        await self.turns.add(asker.id, asked)
        async with aclosing(self.answer(asker, asked)) as steps:
            async for step in steps:
                yield step

    async def again(self, asker: Asker, turn: Turn) -> AsyncGenerator[Step, None]:
        """Answer the same once more; the old answer and what came after it goes."""
        asked = await self.turns.asked(asker.id, turn)
        await self.turns.cut_after(asker.id, asked)
        async with aclosing(self.answer(asker, asked)) as steps:
            async for step in steps:
                yield step

    async def edit(self, asker: Asker, turn: Turn, text: str) -> AsyncGenerator[Step, None]:
        """Say it otherwise: the turn and everything after it goes, and the new words are answered.

        Raises:
            NotFound: the turn is the assistant's.
        """
        if turn.role != "person":
            raise NotFound("record.absent")
        await self.turns.cut(asker.id, turn)
        async with aclosing(self.say(asker, turn.chat_id, text, turn.about_post)) as steps:
            async for step in steps:
                yield step

    async def answer(self, asker: Asker, asked: Turn) -> AsyncGenerator[Step, None]:
        new_id = self.turns.new_id(asker.id)
        turn = Turn(id=new_id, chat_id=asked.chat_id, role="assistant", about_post=asked.about_post)
        await self.turns.begin(asker.id, turn)
        lines: list[Line] = []
        state: TurnState = "failed"
        try:
            yield Begun(asked, turn)
            async with aclosing(self.lines_for(asker, asked)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Refused):
                        yield piece
                        continue
                    said = await self._shown(asker.id, piece)
                    if said is not None:
                        lines.append(piece)
                        yield Said(("\n" if len(lines) > 1 else "") + said)
            state = "done"
        except (asyncio.CancelledError, GeneratorExit):
            state = "stopped"
            raise
        finally:
            turn = msgspec.structs.replace(turn, lines=tuple(lines), state=state, model=self._model_of(lines))
            # Whoever leaves cancels the answer, not the note of it.
            await asyncio.shield(self.turns.finish(asker.id, turn))
        admitted = await self.admitted(asker.id, [turn])
        yield Ended(trimmed(turn, admitted), admitted)

    async def lines_for(self, asker: Asker, asked: Turn) -> AsyncGenerator[Line | Refused, None]:
        """What is answered, by what was wanted: the three things by name, a question, or one sentence."""
        answers = self._answers
        asker = msgspec.structs.replace(asker, language=guess_language(asked.text, asker.language))
        wish = read_wish(asked.text)
        match wish.kind:
            case "sum_up":
                async for line in self._summed(asker, asked.about_post):
                    yield line
            case "missed":
                async for line in self._missed(asker):
                    yield line
            case "other" if answers.can("chat", asker.language):
                async with aclosing(answers.chatted(asker, await self._said(asker, asked))) as pieces:
                    async for piece in pieces:
                        yield piece
            case "other" if not answers.can("ask", asker.language):
                yield Line(say("cannot", asker.language))
            case _:
                wish = wish if wish.about else Wish("question", asked.text)
                async with aclosing(self._looked_up(asker, asked, wish)) as pieces:
                    async for piece in pieces:
                        yield piece

    async def _looked_up(self, asker: Asker, asked: Turn, wish: Wish) -> AsyncGenerator[Line | Refused, None]:
        """By posts. A question that none answers is the model's, where it was shown to be fit for conversation."""
        answers = self._answers
        talks = wish.kind == "question" and answers.can("chat", asker.language)
        unanswered = [Line(say(key, asker.language)) for key in ("cannot", "nothing")] if talks else []
        async with aclosing(answers.answer(asker, Readers(asker.id), wish)) as pieces:
            async for piece in pieces:
                if piece in unanswered:
                    break
                yield piece
            else:
                return
        async with aclosing(answers.chatted(asker, await self._said(asker, asked))) as pieces:
            async for piece in pieces:
                yield piece

    async def _said(self, asker: Asker, asked: Turn) -> list[str]:
        """The conversation so far, as the model is told it: its own words by turns, and nothing that others wrote."""
        said: list[str] = []
        asking = ""
        for turn in await self.turns.all(asker.id, asked.chat_id):
            if turn.id >= asked.id:
                break
            own = "\n".join(line.text for line in turn.lines if line.kind == "made" and not line.cites)
            if turn.role == "person":
                asking = turn.text
            elif asking and own:
                said += [asking, own]
                asking = ""
        return [*said[-MOST_REMEMBERED:], asked.text]

    async def _summed(self, asker: Asker, post_id: int) -> AsyncGenerator[Line | Refused, None]:
        if not post_id:
            yield Line(say("no_thread", asker.language))
            return
        try:
            summary = await self._answers.summary(asker, Readers(asker.id), post_id)
        except NotFound:
            yield Line(say("nothing", asker.language))
            return
        if summary.refused is not None:
            yield summary.refused
        yield Line(say("summed", asker.language))
        for line in summary.lines:
            yield line

    async def _missed(self, asker: Asker) -> AsyncGenerator[Line, None]:
        summary = await self._answers.missed(asker)
        if not summary.lines:
            yield Line(say("nothing_missed", asker.language))
            return
        yield Line(say("missed", asker.language, count=summary.posts))
        for line in summary.lines:
            yield line

    async def admitted(self, account_id: AccountId, turns: list[Turn]) -> Admitted:
        """The posts that these turns show and that their owner may see now."""
        return await self._answers.tools.context.admit(Readers(account_id), cited_in(turns))

    async def shown_answer(self, account_id: AccountId, chat_id: int, turn_id: int) -> Turn:
        """An answer as far as its owner may see it now.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        turn = await self.turns.require(account_id, chat_id, turn_id)
        if turn.role != "assistant":
            raise NotFound("record.absent")
        return trimmed(turn, await self.admitted(account_id, [turn]))

    async def shown_turns(self, account_id: AccountId, chat_id: int) -> tuple[list[Turn], Admitted]:
        """A chat as it may be shown now: lines of posts that are gone, changed or hidden are gone with them."""
        turns = await self.turns.all(account_id, chat_id)
        admitted = await self.admitted(account_id, turns)
        return [trimmed(turn, admitted) for turn in turns], admitted

    async def _shown(self, account_id: AccountId, line: Line) -> str | None:
        """None where a post that it is from changed, or may not be seen any more, since the model was told of it."""
        admitted = await self._answers.tools.context.admit(Readers(account_id), cited_ids([line]))
        return shown(line, admitted) if still_shown([line], admitted) else None

    def _model_of(self, lines: list[Line]) -> str:
        written = any(line.kind == "made" for line in lines)
        return self._answers.tools.abilities.model("chat")[0] if written else ""


def trimmed(turn: Turn, admitted: Admitted) -> Turn:
    kept = still_shown(turn.lines, admitted)
    return turn if len(kept) == len(turn.lines) else msgspec.structs.replace(turn, lines=tuple(kept))
