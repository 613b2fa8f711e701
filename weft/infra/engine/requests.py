"""Makes the bodies that are sent to a model's server. Every field is written here; none is a person's."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec

from weft.infra.engine.model import Ask, Endpoint, Message

# The embedding engine adds a mark at each end.
MARKS = 2
HANGUL = range(0xAC00, 0xD7A4)
PUBLIC = "Everybody may read this.\n"
"""Begins what everybody may read, and nothing else. Our engine goes on from whatever it computed before, private
prompts included, as far as both begin alike: without this a public prompt that guesses a private one begins sooner.
"""

_encode = msgspec.json.Encoder().encode


def chat_body(endpoint: Endpoint, ask: Ask) -> bytes:
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": message.role, "content": content(message)} for message in ask.messages],
        "max_tokens": ask.max_tokens,
        "temperature": ask.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if ask.stop:
        body["stop"] = ask.stop
    if ask.schema is not None:
        form = {"name": "answer", "schema": ask.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    if endpoint.is_own:
        body["cache_prompt"] = ask.is_public
        if ask.is_public:
            first = body["messages"][0]
            body["messages"][0] = first | {"content": PUBLIC + ask.messages[0].text}
        if ask.grammar:
            body["grammar"] = ask.grammar
    return _encode(body)


def content(message: Message) -> object:
    if not message.image:
        return message.text
    return [{"type": "text", "text": message.text}, {"type": "image_url", "image_url": {"url": message.image}}]


def embed_body(endpoint: Endpoint, texts: Sequence[str]) -> bytes:
    # Numbers written out cost both sides more than the same as base64; other servers need not know it.
    form = "base64" if endpoint.is_own else "float"
    return _encode({"model": endpoint.model, "input": texts, "encoding_format": form})


def cut_to(text: str, tokens: int, *, careful: bool = False) -> str:
    """The beginning of a text that a model of so many tokens reads, by a guess at its tokens.

    Careful is as if each character were a token, which no text exceeds; otherwise Latin letters count a third.
    """
    room = tokens - MARKS
    clean = " ".join(text.split()) or " "
    if clean.isascii():
        return clean[: room if careful else 3 * room]
    plain = unicodedata.normalize("NFD", clean)
    used = 0.0
    for place, character in enumerate(plain):
        used += 1.0 if careful or ord(character) > 0x24F and not unicodedata.combining(character) else 0.34
        if used > room:
            return plain[:place]
    return plain
