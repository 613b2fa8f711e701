"""Translations of posts, in the directions in which the configured model passed the check, and in no others.

Made once for a version of a post, and shown beside the original, with the name of what made it. Whatever addresses a
translation holds stand in the original.
"""

from __future__ import annotations

import hashlib
from contextlib import aclosing

import msgspec

from weft.assistant.answers import Answers
from weft.assistant.context import Admitted, Readers, Visible
from weft.assistant.guard import addresses_in, neutralise
from weft.assistant.language import guess_language
from weft.assistant.lines import Asker, Line, cite
from weft.assistant.prompts import PROMPT_VERSION, Wanted, own_text
from weft.assistant.summaries import Made, find_summary, keep_summary
from weft.kernel.errors import NotFound, Unavailable
from weft.kernel.text.clean import clean_text


class Translated(msgspec.Struct, frozen=True):
    text: str
    source: str
    """The language of the original."""
    provider: str


class Translator:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def directions(self) -> dict[str, list[str]]:
        """Into which languages posts of each language can be translated."""
        found: dict[str, list[str]] = {}
        if self._answers.tools.writer is not None:
            for direction in sorted(self._answers.tools.abilities.languages("translate")):
                source, _, target = direction.partition("-")
                found.setdefault(source, []).append(target)
        return found

    async def translate(self, asker: Asker, post_id: int, target: str) -> Translated:
        """A post in another language, for somebody who may see it.

        Raises:
            NotFound: the asker may not see it, or nothing translates in this direction.
            Limited: a budget is spent, or too many wait.
            Unavailable: the model cannot answer, or did not translate.
        """
        tools = self._answers.tools
        admitted = await tools.context.admit(Readers(asker.id), (post_id,))
        post = admitted.find(post_id)
        source = guess_language(post.text, post.language) if post is not None else ""
        if post is None or not self._answers.can("translate", f"{source}-{target}"):
            raise NotFound("record.absent")
        provider = tools.abilities.model("translate")[0]
        made = Made(
            subject=post_id,
            version=hashlib.sha256(f"{post_id}:{post.version}:{target}".encode()).digest(),
            model=provider,
            prompt=PROMPT_VERSION,
            audience=f"translation {target}",
        )
        known = await find_summary(tools.db, made)
        text = known[0].text if known else await self._written(asker, admitted, post, target)
        if not known:
            if not (await tools.context.still(admitted)).posts:
                raise NotFound("record.absent")
            await keep_summary(tools.db, made, [Line(text, "made", (cite(post),))], (post,))
        return Translated(text, source, provider)

    async def _written(self, asker: Asker, admitted: Admitted, post: Visible, target: str) -> str:
        tools = self._answers.tools
        assert tools.writer is not None, "there are directions"
        ask = own_text("translate", post.text, target, await tools.specials("translate"))
        ask = msgspec.structs.replace(ask, is_public=await tools.context.is_for_everybody(admitted))
        wanted = Wanted(account_id=asker.id, role=asker.role, kind="interactive", feature="translate", ask=ask)
        parts: list[str] = []
        async with aclosing(tools.writer.write(wanted)) as pieces:
            async for piece in pieces:
                parts.append(piece)
        lines = (line.removeprefix("> ") for line in clean_text("".join(parts)).strip().split("\n"))
        text = neutralise("\n".join(lines))
        if not text.strip() or not addresses_in(text) <= addresses_in(post.text):
            raise Unavailable("assistant.no_translation")
        return text
