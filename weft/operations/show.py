"""Prints what an operator may want to see of the program itself: its settings, its wiring, its benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from weft.operations.reach import CommandFailed
from weft.settings import Settings

HIDDEN = "(set, not shown)"
SECRETS = frozenset({"oidc_client_secret"})
URLS = frozenset({"database", "smtp", "redis", "ai_chat_url", "ai_embed_url", "ai_translate_url", "ai_vision_url"})


def print_config(settings: Settings, sources: Mapping[str, str], *, as_json: bool = False) -> None:
    """Every setting, its value and where it came from."""
    shown = {name: shown_value(settings, name) for name in settings.__struct_fields__}
    if as_json:
        named = {name: {"value": value, "source": sources.get(name, "default")} for name, value in shown.items()}
        print(msgspec.json.encode(named).decode())
        return
    for name, value in shown.items():
        print(f"{name:<20} {_plain(value):<40} {sources.get(name, 'default')}")


def shown_value(settings: Settings, name: str) -> object:
    """A setting's value without its secrets."""
    value: object = getattr(settings, name)
    if name in SECRETS and value:
        return HIDDEN
    return without_password(str(value)) if name in URLS and value else value


def without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.password is None and "password=" not in parts.query:
            return url
    except ValueError:
        return HIDDEN
    if "password=" in parts.query:
        return HIDDEN
    user, host = parts.username or "", parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:***@{host}"))


def _plain(value: object) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case tuple():
            return ", ".join(map(str, value)) or "-"
        case _:
            return str(value) or "-"


def print_events(*, as_json: bool = False) -> None:
    """Which event calls which handlers."""
    from weft import wiring

    handlers = wiring.all_handlers()
    named = {kind.__name__: [name for name, _ in handlers.get(kind, ())] for kind in wiring.event_kinds()}
    for outside in wiring.OUTSIDE:
        named.setdefault(outside.__name__, []).append("errands")
    if as_json:
        print(msgspec.json.encode(named).decode())
        return
    for kind, names in named.items():
        print(f"{kind:<24} -> {', '.join(names) or 'caches only'}")


def run_bench(names: list[str], url: str | None, token: str | None, **more: Any) -> int:
    """The benchmarks of ``bench/``, which the sources carry and an installed package may not."""
    try:
        from bench.suite import run
    except ImportError:
        raise CommandFailed("The benchmarks lie in the folder bench/ of Weft's sources; run this from there.") from None
    return run(names, url, token, **more)
