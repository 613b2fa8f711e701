"""Suggestions for a post that somebody is writing: tags of near posts, a kinder wording, words for a picture.

Nothing here posts anything. What the configured model was not shown to be able to do is answered by one sentence that
says so.
"""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from typing import Final, Literal

import msgspec

from weft.assistant.answers import Answers
from weft.assistant.context import Readers
from weft.assistant.guard import addresses_in, plain
from weft.assistant.language import guess_language
from weft.assistant.lines import Asker
from weft.assistant.prompts import Wanted, own_text
from weft.assistant.texts import say
from weft.kernel.text.entities import find_entities, tag_key

Want = Literal["tags", "kinder", "alt"]
MOST_TAGS: Final = 3


class Suggested(msgspec.Struct, frozen=True):
    """Either suggestions or a sentence that says why there are none."""

    suggestions: list[str]
    sentence: str = ""
    model: str = ""


async def suggest(answers: Answers, asker: Asker, text: str, want: Want) -> Suggested:
    match want:
        case "tags":
            return await _tags(answers, asker, text)
        case "kinder":
            return await _kinder(answers, asker, text)
        case "alt":
            return Suggested([], say("no_alt", asker.language))


async def _tags(answers: Answers, asker: Asker, text: str) -> Suggested:
    """The tags that posts near to this one carry most."""
    admitted, found = await answers.find(asker, Readers(asker.id, everybody=True), text)
    own = {tag.key for tag in find_entities(text).tags}
    weights: Counter[str] = Counter()
    names: dict[str, str] = {}
    for post in admitted.posts:
        for tag in post.tags:
            key = tag_key(tag)
            names.setdefault(key, tag)
            weights[key] += round(found[post.post_id].score * 1_000_000)
    tags = [names[key] for key, _ in weights.most_common() if key not in own][:MOST_TAGS]
    return Suggested(tags, "" if tags else say("no_tags", asker.language))


async def _kinder(answers: Answers, asker: Asker, text: str) -> Suggested:
    tools = answers.tools
    if tools.writer is None or not answers.can("reword", guess_language(text, asker.language)):
        return Suggested([], say("no_reword", asker.language))
    ask = own_text("reword", text, guess_language(text, asker.language), tools.abilities.specials())
    wanted = Wanted(account_id=asker.id, role=asker.role, kind="interactive", feature="reword", ask=ask)
    parts: list[str] = []
    async with aclosing(tools.writer.write(wanted)) as pieces:
        async for piece in pieces:
            parts.append(piece)
    lines = [plain(line) for line in "".join(parts).removeprefix("> ").split("\n")]
    reworded = "\n".join(line for line in lines if line)
    # Its own links may stay; another is nobody's here.
    if not reworded or not addresses_in(reworded) <= addresses_in(text):
        return Suggested([], say("no_reword", asker.language))
    return Suggested([reworded], model=tools.abilities.model()[0])
