"""Suggestions for a post that somebody is writing: tags of near posts, a kinder wording, words for a picture.

Nothing here posts anything. What the configured model was not shown to be able to do in this language is answered by
one sentence that says so. Whatever a model gives comes out as plain text of a bounded length.
"""

from __future__ import annotations

import base64
from collections import Counter
from contextlib import aclosing
from typing import Final, Literal

import msgspec
import structlog

from weft.assistant.answers import Answers, Tools
from weft.assistant.asks import MOST_TAGS as MOST_ASKED
from weft.assistant.asks import picture_ask, tags_ask
from weft.assistant.context import Readers
from weft.assistant.guard import addresses_in, plain
from weft.assistant.language import guess_language
from weft.assistant.lines import Asker
from weft.assistant.prompts import Feature, Wanted, own_text
from weft.assistant.texts import say
from weft.infra.engine.model import Ask
from weft.kernel.errors import Invalid, Limited, Unavailable
from weft.kernel.ids import MediaId
from weft.kernel.text.entities import find_entities, tag_key
from weft.kernel.text.length import truncate_graphemes
from weft.media.service import require_own

Want = Literal["tags", "kinder", "alt"]
MOST_TAGS: Final = 3
"""Of near posts; a model may add to them, to ``asks.MOST_TAGS`` in all."""
MOST_WORDS: Final = 2000
"""Characters of a wording."""
MOST_DESCRIPTION: Final = 500
"""Characters of a description."""

log = structlog.get_logger()


class Suggested(msgspec.Struct, frozen=True):
    """Either suggestions or a sentence that says why there are none."""

    suggestions: list[str]
    sentence: str = ""
    model: str = ""


async def suggest(answers: Answers, asker: Asker, text: str, want: Literal["tags", "kinder"]) -> Suggested:
    """What could be said of this text, or in its place.

    Raises:
        Limited: a budget is spent, or too many wait.
        Unavailable: the model cannot answer.
    """
    return await (_tags if want == "tags" else _kinder)(answers, asker, text)


async def _tags(answers: Answers, asker: Asker, text: str) -> Suggested:
    """The tags that posts near to this one carry most, and those of a model that was shown to find good ones."""
    own = {tag.key for tag in find_entities(text).tags}
    tags = [tag for tag in await _near_tags(answers, asker, text) if tag_key(tag) not in own][:MOST_TAGS]
    made = await _made_tags(answers, asker, text)
    known = own | {tag_key(tag) for tag in tags}
    more = [tag for tag in made if tag_key(tag) not in known][: MOST_ASKED - len(tags)]
    model = answers.tools.abilities.model("tags")[0] if more else ""
    return Suggested([*tags, *more], "" if tags or more else say("no_tags", asker.language), model)


async def _near_tags(answers: Answers, asker: Asker, text: str) -> list[str]:
    admitted, found = await answers.find(asker, Readers(asker.id, everybody=True), text)
    weights: Counter[str] = Counter()
    names: dict[str, str] = {}
    for post in admitted.posts:
        for tag in post.tags:
            key = tag_key(tag)
            names.setdefault(key, tag)
            weights[key] += round(found[post.post_id].score * 1_000_000)
    return [names[key] for key, _ in weights.most_common()]


async def _made_tags(answers: Answers, asker: Asker, text: str) -> list[str]:
    """A model's own, each once; without a model that can, or has the time, there are none."""
    language = guess_language(text, asker.language)
    if not answers.can("tags", language):
        return []
    ask = tags_ask(text, language, await answers.tools.specials("tags"))
    try:
        said = await _said(answers.tools, asker, "tags", ask)
    except (Invalid, Limited, Unavailable) as error:
        log.info("assistant.tags_by_posts", reason=error.code)
        return []
    return list({tag.key: tag.name for tag in find_entities(said).tags}.values())


async def _kinder(answers: Answers, asker: Asker, text: str) -> Suggested:
    language = guess_language(text, asker.language)
    if not answers.can("reword", language):
        return Suggested([], say("no_reword", asker.language))
    ask = own_text("reword", text, language, await answers.tools.specials("reword"))
    said = await _said(answers.tools, asker, "reword", ask)
    lines = [plain(line) for line in said.removeprefix("> ").split("\n")]
    reworded = truncate_graphemes("\n".join(line for line in lines if line), MOST_WORDS)
    # Its own links may stay; another is nobody's here.
    if not reworded or not addresses_in(reworded) <= addresses_in(text):
        return Suggested([], say("no_reword", asker.language))
    return Suggested([reworded], model=answers.tools.abilities.model("reword")[0])


async def describe(answers: Answers, asker: Asker, text: str, media_id: MediaId) -> Suggested:
    """Words for somebody's own picture, in the language of the text that it is to stand beside.

    Raises:
        NotFound: there is no such attachment of theirs.
        Invalid: it is no picture, or not ready yet.
        Limited: a budget is spent, or too many wait.
        Unavailable: the model cannot answer, or the picture cannot be read now.
    """
    tools, language = answers.tools, guess_language(text, asker.language)
    if tools.workshop is None or not answers.can("alt_text", language):
        return Suggested([], say("no_alt", asker.language))
    async with tools.db.read() as reader:
        media = await require_own(reader, asker.id, media_id)
    picture = base64.b64encode(await tools.workshop.as_jpeg(media)).decode("ascii")
    said = await _said(tools, asker, "alt_text", picture_ask(f"data:image/jpeg;base64,{picture}", language))
    # A picture may show an address, and a model may be told by a picture to give one: neither is passed on.
    lines = [line for line in map(plain, said.split("\n")) if line and not addresses_in(line)]
    if not lines:
        return Suggested([], say("no_words", asker.language))
    words = truncate_graphemes(" ".join(lines), MOST_DESCRIPTION)
    return Suggested([words], model=tools.abilities.model("alt_text")[0])


async def _said(tools: Tools, asker: Asker, feature: Feature, ask: Ask) -> str:
    assert tools.writer is not None, "the feature is on"
    wanted = Wanted(account_id=asker.id, role=asker.role, kind="interactive", feature=feature, ask=ask)
    async with aclosing(tools.writer.write(wanted)) as pieces:
        return "".join([piece async for piece in pieces])
