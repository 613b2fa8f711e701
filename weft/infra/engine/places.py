"""Which server serves which capability: the one that the operator named, else our own engine where it can."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import structlog

from weft.infra.engine.files import FileRefused
from weft.infra.engine.model import CAPABILITIES, Capability, Endpoint
from weft.infra.engine.process import SLOTS, LocalEngines
from weft.infra.engine.safetensors import NotReadable
from weft.infra.engine.wire import KEPT_S
from weft.infra.http import Fetcher
from weft.infra.targets import parse_peers, parse_target
from weft.kernel.errors import Unavailable, WeftError
from weft.settings import Settings

LARGEST_KEY = 8192
EMBED_CONTEXT = 512
# Requests that one model server gets at the same time; the queue in front of it is stricter.
PER_HOST = 64

log = structlog.get_logger()


class Place(msgspec.Struct, frozen=True):
    """What serves a capability, without starting anything."""

    name: str
    sha256: str = ""
    """Of our own model's file; empty for a server's, which we cannot know."""
    is_own: bool = True
    slots: int = 1
    """Calls that it works on at the same time."""
    lane: str = ""
    """Names what these calls share: the server, or our engine of one task."""
    context: int = 0
    """Tokens that prompt and answer may have together."""


class Endpoints:
    """Finds the endpoint of a capability.

    Raises:
        ValueError: a setting that cannot be used; the text is for the operator.
    """

    def __init__(self, settings: Settings, engines: LocalEngines) -> None:
        self.engines = engines
        self._named: Mapping[Capability, Endpoint] = {
            capability: endpoint
            for capability in CAPABILITIES
            if (endpoint := endpoint_of(settings, capability)) is not None
        }

    def place(self, capability: Capability) -> Place | None:
        """What would serve this; None if nothing does. Without a server of its own translating is chatting."""
        if (named := self._named.get(capability)) is not None:
            lane = f"{zlib.crc32(named.url.encode()):08x}"
            return Place(named.model, is_own=False, slots=named.slots, lane=lane, context=named.context)
        if (own := self.engines.model(capability)) is not None:
            return Place(own.name, own.sha256, slots=SLOTS[own.task], lane=own.task, context=own.context)
        return self.place("chat") if capability == "translate" else None

    async def endpoint(self, capability: Capability) -> Endpoint:
        """Where to ask now; starts our own engine if that is what serves it.

        Raises:
            Unavailable: `model.off` and what `LocalEngines.endpoint` raises.
        """
        if (named := self._named.get(capability)) is not None:
            return named
        if capability == "vision":
            raise Unavailable("model.off", reason="WEFT_AI_VISION_URL is not set")
        return await (self.endpoint("chat") if capability == "translate" else self.engines.endpoint(capability))

    async def special_words(self, capability: Capability) -> tuple[str, ...]:
        """The control words of what serves this, by its own file; none of a server, whose file we never see."""
        if capability in self._named:
            return ()
        own = self.engines.model(capability)
        if own is None:
            return await self.special_words("chat") if capability == "translate" else ()
        try:
            return await asyncio.to_thread(self.engines.files.special_words, own)
        except (FileRefused, NotReadable, OSError) as error:
            log.warning("engine.words_unknown", model=own.name, reason=str(error))
            return ()

    async def stop(self, endpoint: Endpoint) -> None:
        """End our own engine that answered here, if it still runs: the next use starts it anew."""
        for task in SLOTS if endpoint.is_own else ():
            await self.engines.stop(task, endpoint.pid)


def endpoint_of(settings: Settings, capability: Capability) -> Endpoint | None:
    url, model, key_file = settings.ai_server(capability)
    if not url:
        return None
    if not model:
        raise ValueError(f"ai_{capability}_url needs ai_{capability}_model, the model's name there")
    try:
        parse_target(url, peers_of(settings))
    except WeftError as error:
        raise ValueError(f"ai_{capability}_url cannot be used: {error.values.get('reason', error.code)}") from None
    context = EMBED_CONTEXT if capability == "embed" else settings.ai_context
    return Endpoint(url.rstrip("/"), model, read_key(key_file), context=context, slots=settings.ai_slots)


def read_key(path: str) -> str:
    """The key in a file: its first line."""
    if not path:
        return ""
    try:
        with Path(path).open(encoding="ascii") as file:
            key = file.readline(LARGEST_KEY).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the key file {path} cannot be read: {error}") from None
    if not key.isprintable() or not key:
        raise ValueError(f"the key file {path} holds no key in its first line")
    return key


def peers_of(settings: Settings) -> frozenset[str]:
    """`host:port` of the servers that the operator named: they may be private, like those of WEFT_FETCH_ALLOW."""
    peers = set()
    for capability in CAPABILITIES:
        if url := settings.ai_server(capability)[0]:
            parts = urlsplit(url)
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
            peers.add(f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}")
    return parse_peers(peers)


def model_fetcher(settings: Settings, user_agent: str) -> Fetcher:
    """The way to the operator's model servers, and to nothing else that is private."""
    return Fetcher(peers_of(settings), settings.dns or None, user_agent, per_host=PER_HOST, kept_s=KEPT_S)
