"""Understands what a model's server answers: a stream of events, one JSON object, or vectors. Pure, and bounded:
whatever comes, it becomes text, numbers that may be wrong, or `model.broken`.
"""

from __future__ import annotations

import base64
import binascii

import msgspec
import numpy as np
import numpy.typing as npt

from weft.kernel.errors import Unavailable

LONGEST_LINE = 1 << 18
MOST_ODD_EVENTS = 32
LARGEST_COUNT = 1 << 40
# A server that sends much more than was asked for never ends by itself.
LONGEST_TOKEN, MOST_PIECES_PER_TOKEN, SPARE_PIECES = 256, 8, 64

Vector = npt.NDArray[np.float32]


def broken(reason: str) -> Unavailable:
    return Unavailable("model.broken", reason=reason)


class Details(msgspec.Struct):
    cached_tokens: int | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: Details | None = None


class Words(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Words | None = None
    message: Words | None = None
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    choices: list[Choice] = []
    usage: Usage | None = None
    error: msgspec.Raw | None = None


class Row(msgspec.Struct):
    index: int
    embedding: list[float] | str


class Rows(msgspec.Struct):
    data: list[Row]
    usage: Usage | None = None


_chunk = msgspec.json.Decoder(Chunk)
_rows = msgspec.json.Decoder(Rows)


class Counted(msgspec.Struct, frozen=True):
    """What the server says that it took; not believed yet."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    known: bool = False

    def plus(self, other: Counted) -> Counted:
        return Counted(
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.output + other.output,
            self.known and other.known,
        )


class Completion:
    """A chat completion as far as it has come; `max_tokens` is how long it was asked to be at most."""

    def __init__(self, max_tokens: int) -> None:
        self.counted = Counted()
        self.size = 0
        """Bytes of text so far."""
        self.is_done = False
        """The server said that this was all."""
        self._most = max_tokens * LONGEST_TOKEN
        self._pieces_left = max_tokens * MOST_PIECES_PER_TOKEN + SPARE_PIECES
        self._odd = 0
        self._line = bytearray()

    def feed(self, part: bytes) -> list[str]:
        """The text in the next part of an event stream, whose events may be cut anywhere."""
        *lines, rest = part.split(b"\n")
        if not lines:
            self._line += rest
        found: list[str] = []
        for line in lines:
            self._line += line
            if text := self._understand(bytes(self._line)):
                found.append(text)
            self._line.clear()
        if lines:
            self._line += rest
        if len(self._line) > LONGEST_LINE:
            raise broken("line")
        return found

    def take(self, body: bytes) -> str:
        """The text of an answer that came in one piece."""
        try:
            chunk = _chunk.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise broken("body") from None
        if not chunk.choices:
            raise broken("body")
        self.is_done = True
        return self._note(chunk)

    def _understand(self, line: bytes) -> str:
        if len(line) > LONGEST_LINE:
            raise broken("line")
        if not line.startswith(b"data:"):
            return ""
        event = line[5:].strip()
        if event == b"[DONE]":
            self.is_done = True
            return ""
        try:
            return self._note(_chunk.decode(event))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            self._odd += 1
            if self._odd > MOST_ODD_EVENTS:
                raise broken("events") from None
            return ""

    def _note(self, chunk: Chunk) -> str:
        if chunk.error is not None:
            raise broken("error")
        if chunk.usage is not None:
            self.counted = counted(chunk.usage)
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self.is_done = self.is_done or choice.finish_reason is not None
        words = choice.delta or choice.message
        # PostgreSQL keeps no NUL in a text.
        text = (words.content or "").replace("\0", "") if words else ""
        self.size += len(text.encode())
        self._pieces_left -= 1
        if self.size > self._most or self._pieces_left < 0:
            raise broken("endless")
        return text


def counted(usage: Usage) -> Counted:
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
    numbers = (usage.prompt_tokens, cached or 0, usage.completion_tokens)
    return Counted(*numbers, known=True) if all(0 <= number < LARGEST_COUNT for number in numbers) else Counted()


class Vectors(msgspec.Struct, frozen=True):
    rows: Vector
    counted: Counted


def read_vectors(body: bytes, number: int) -> Vectors:
    """The rows for so many texts, in their order, each of length one.

    Raises:
        Unavailable: `model.broken`: not one row for each text, rows of several lengths, or what is no number.
    """
    try:
        answer = _rows.decode(body)
        rows = {row.index: floats(row.embedding) for row in answer.data}
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, binascii.Error, ValueError):
        raise broken("vectors") from None
    if sorted(rows) != list(range(number)) or len(answer.data) != number:
        raise broken("vectors")
    if len({len(row) for row in rows.values()}) != 1 or not len(rows[0]):
        raise broken("vectors")
    table = np.stack([rows[place] for place in range(number)])
    if not np.isfinite(table).all():
        raise broken("vectors")
    return Vectors(unit(table), counted(answer.usage) if answer.usage else Counted())


def floats(embedding: list[float] | str) -> Vector:
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    with np.errstate(over="ignore"):
        return np.array(embedding, dtype=np.float64).astype(np.float32)


def unit(table: Vector) -> Vector:
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(table.astype(np.float64), axis=1, keepdims=True)
    return (table / np.where(lengths > 0, lengths, 1)).astype(np.float32)
