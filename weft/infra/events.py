"""What an event is: a fact in the past tense, stored in the outbox and told to every process.

Slices define theirs in ``events.py`` as subclasses; the class name is the kind, on disk and on the wire. Events carry
ids and flags, never text: they must fit in one notification and may be read by a newer program than wrote them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

Sealed = tuple[int, str, bytes]
"""The outbox columns ``(id, kind, payload)``."""

_encode = msgspec.json.Encoder().encode


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all events. New fields need a default, so that rows of an older program can still be read."""

    def accounts(self) -> tuple[int, ...]:
        """The accounts whose next read must know of this event."""
        return ()


def seal(id_: int, event: Event) -> Sealed:
    return id_, type(event).__name__, _encode(event)


class EventCodec:
    """Reads events back by kind. Built once, from the classes that ``wiring`` lists."""

    def __init__(self, kinds: Iterable[type[Event]]) -> None:
        self._decoders = {kind.__name__: msgspec.json.Decoder(kind) for kind in kinds}

    def decode(self, kind: str, payload: bytes) -> Event | None:
        """The event, or None for a kind this program does not know (an older or newer one wrote it)."""
        decoder = self._decoders.get(kind)
        return decoder.decode(payload) if decoder is not None else None
