"""Models that answer the golden set in a way the test chooses: the good answer, an echo, one answer for everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from weft.assistant.check import Tested, embedding_texts
from weft.assistant.golden_set import LANGUAGES, load_golden
from weft.assistant.scoring import Item, items_of
from weft.assistant.vectors import Floats
from weft.infra.engine.model import Ask, Capability
from weft.infra.engine.requests import content

GOLDEN = load_golden()
ITEMS = list(items_of(GOLDEN))


def key_of(body_or_ask: Ask | Mapping[str, Any]) -> str:
    """What is asked, as one text: the same for a request and for the body that it becomes."""
    if isinstance(body_or_ask, Ask):
        return repr([(message.role, content(message)) for message in body_or_ask.messages])
    return repr([(message["role"], message["content"]) for message in body_or_ask["messages"]])


BY_KEY = {key_of(item.ask): item for item in ITEMS}


def good(item: Item) -> str:
    return item.good


def echo(item: Item) -> str:
    return item.ask.messages[-1].text


class Answering:
    """A model that answers each item as it is told; its vectors know which post answers which question, or nothing."""

    def __init__(self, answer: Callable[[Item], str], *, understands: Sequence[str] = LANGUAGES) -> None:
        self.answer = answer
        self.asked: list[Item] = []
        self._places: dict[str, int] = {}
        for language in LANGUAGES:
            texts = embedding_texts(GOLDEN, language)
            if language in understands:
                # The same place for the same post in every language, and for the questions that it answers.
                self._places |= {text: place for place, text in enumerate(texts.pool)}
                self._places |= dict(zip(texts.questions, texts.right, strict=True))

    async def say(self, ask: Ask) -> str:
        item = BY_KEY[key_of(ask)]
        self.asked.append(item)
        return self.answer(item)

    async def embed(self, texts: Sequence[str]) -> Floats:
        rows = np.full((len(texts), 64), 0.01, np.float32)
        for row, text in enumerate(texts):
            rows[row, self._places.get(text, hash(text) % 64)] = 1.0
        unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def served_by(model: Answering) -> dict[Capability, Tested]:
    capabilities: tuple[Capability, ...] = ("chat", "embed", "translate", "vision")
    return {capability: Tested("scripted", "ab" * 32, model) for capability in capabilities}
