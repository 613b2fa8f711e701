"""What passes between Weft and a model's server: where it is, what is asked, and what comes back. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from weft.kernel.errors import Invalid

Capability = Literal["chat", "embed", "translate", "vision"]
CAPABILITIES: tuple[Capability, ...] = ("chat", "embed", "translate", "vision")
Role = Literal["system", "user", "assistant"]

MOST_MESSAGES, MOST_TEXT = 128, 1 << 20
MOST_OUTPUT = 8192
HOTTEST = 2.0
MOST_STOPS, LONGEST_STOP = 4, 64
# More characters than this are in no real token, on average over an answer or a prompt.
LONGEST_TOKEN = 64
# Tokens that a server's template may put around each message.
TEMPLATE_TOKENS = 64


class Endpoint(msgspec.Struct, frozen=True):
    """Where a capability is served. With `socket` it is our own engine's, and `url` is not asked."""

    url: str
    model: str
    key: str = ""
    socket: str = ""
    context: int = 4096
    """Tokens that prompt and answer may have together."""
    slots: int = 2
    """Calls that are worked on at the same time."""
    pid: int = 0
    """Our engine's process, whose CPU time can be read."""
    sha256: str = ""
    """Of the model's file, where it is ours."""

    @property
    def is_own(self) -> bool:
        return bool(self.socket)


class Message(msgspec.Struct, frozen=True):
    role: Role
    text: str
    image: str = ""
    """A `data:` URL of a picture, for `vision`."""


class Ask(msgspec.Struct, frozen=True):
    """A chat completion. Every field is ours; nothing of a person's request is handed through."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    schema: Mapping[str, object] | None = None
    """JSON schema that the answer must have the form of."""
    grammar: str = ""
    """The same as a grammar in llama.cpp's notation; for our own engine."""
    is_public: bool = False
    """Everybody may see all that the prompt holds: our engine may go on from what it computed of it for others.

    Otherwise how fast an answer begins, and `Usage.cached`, would tell one reader what another's prompt held.
    """


class Bounds(msgspec.Struct, frozen=True):
    """How long a call may take, in seconds: to the first word, between words, in all."""

    first_s: float = 60.0
    between_s: float = 20.0
    total_s: float = 240.0


class Delta(msgspec.Struct, frozen=True):
    text: str


class Usage(msgspec.Struct, frozen=True):
    """What a call took. With `known` false the server did not say or cannot be believed; numbers are then guesses."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    queue_ms: int = 0
    first_token_ms: int = 0
    total_ms: int = 0
    cpu_ms: int = 0
    """Of our engine's process while the call ran; calls at the same time count it twice. 0 for other servers."""
    known: bool = False


def checked(ask: Ask) -> Ask:
    """The ask with its numbers brought within bounds.

    Raises:
        Invalid: no messages, or more than may be sent.
    """
    size = sum(len(message.text) + len(message.image) for message in ask.messages)
    if not 0 < len(ask.messages) <= MOST_MESSAGES or size > MOST_TEXT:
        raise Invalid("model.too_long")
    heat = ask.temperature if math.isfinite(ask.temperature) else 0.0
    return msgspec.structs.replace(
        ask,
        max_tokens=min(max(ask.max_tokens, 1), MOST_OUTPUT),
        temperature=min(max(heat, 0.0), HOTTEST),
        stop=tuple(stop[:LONGEST_STOP] for stop in ask.stop[:MOST_STOPS] if stop),
    )


def guessed_tokens(size: int) -> int:
    """Tokens of so many bytes of text: rather too many than too few."""
    return -(-size // 2)


def believed(claim: Usage, sent: int, received: int, most: int) -> Usage:
    """The server's own count if it is possible for these bytes of text; else a guess that says that it is one.

    Args:
        sent: bytes of all messages, with the room that a template takes.
        most: tokens that were allowed; 0 where none are made, as for embeddings.
    """
    is_possible = (
        claim.known
        and sent // LONGEST_TOKEN <= claim.prompt <= sent + TEMPLATE_TOKENS
        and 0 <= claim.cached <= claim.prompt
        and received // LONGEST_TOKEN <= claim.output <= most
    )
    if is_possible:
        return claim
    return Usage(prompt=guessed_tokens(sent), output=min(guessed_tokens(received), most), known=False)
