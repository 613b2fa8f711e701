"""Every setting of a Weft server, read once and passed down; nobody else touches the environment.

A value comes from the command line, else the environment (``WEFT_PORT``), else ``DIR/weft.toml`` (``port``), else
the default here. ``weft config`` prints them with where each came from.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

SignUpMode = Literal["open", "approval", "invite", "closed"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names here are the names in ``weft.toml``; with ``WEFT_`` before them, in the environment."""

    data: str = "./data"
    host: str = ""
    """Address to listen on; empty means 127.0.0.1 and ::1."""
    port: int = 8000
    base_url: str = ""
    """Scheme, host and port that people use; empty means http://localhost:PORT."""
    workers: int = 1
    database: str = ""
    """URL of a PostgreSQL >= 15; empty means the embedded one."""
    redis: str = ""
    metrics_port: int = 0
    title: str = "Weft"
    description: str = "A community's own social network."
    contact_email: str = ""
    languages: tuple[str, ...] = ("en", "vi", "ko")
    rules: tuple[str, ...] = ()
    min_age: int = 0

    signup: SignUpMode = "closed"
    confirm_email: bool = True
    limits: bool = True
    password_grant: bool = False
    trusted_proxies: tuple[str, ...] = ()
    fetch_allow: tuple[str, ...] = ()
    clock_offset: float = 0.0
    dns: str = ""
    smtp: str = ""
    mail_from: str = ""
    media_url: str = ""
    app: str = ""
    """For developers: the folder of another build of the web app."""
    max_characters: int = 500
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    memory_mb: int = 64
    """Bound of the cache of rendered posts in each worker."""

    hub_keep_days: int = 90
    """How long what somebody wrote to ask for a model is kept after the request ended."""

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "another account"
    """What the sign-in page calls the provider."""

    ai_chat_url: str = ""
    """Server that speaks the OpenAI protocol, up to and with `/v1`; empty means our own engine."""
    ai_chat_model: str = ""
    ai_chat_key_file: str = ""
    ai_embed_url: str = ""
    ai_embed_model: str = ""
    ai_embed_key_file: str = ""
    ai_translate_url: str = ""
    ai_translate_model: str = ""
    ai_translate_key_file: str = ""
    ai_vision_url: str = ""
    ai_vision_model: str = ""
    ai_vision_key_file: str = ""
    ai_context: int = 8192
    """Tokens that a model on such a server takes, its answer included."""
    ai_slots: int = 8
    """Calls that such a server gets at the same time."""
    assistant: bool = True
    """Whether there is an assistant; without a model it finds and quotes."""
    ai_keep_days: int = 30
    """Chats in which nothing was said for so long are forgotten."""
    ai_answer_elsewhere: bool = False
    """Whether accounts of other servers are answered."""
    ai_idle_s: float = 600.0
    """After so long without a use our own engine ends."""

    def ai_server(self, capability: Literal["chat", "embed", "translate", "vision"]) -> tuple[str, str, str]:
        """URL, model and key file of the server for a capability; the URL is empty where none is named."""
        match capability:
            case "chat":
                return self.ai_chat_url, self.ai_chat_model, self.ai_chat_key_file
            case "embed":
                return self.ai_embed_url, self.ai_embed_model, self.ai_embed_key_file
            case "translate":
                return self.ai_translate_url, self.ai_translate_model, self.ai_translate_key_file
            case "vision":
                return self.ai_vision_url, self.ai_vision_model, self.ai_vision_key_file

    @property
    def url(self) -> str:
        """The base URL without a trailing slash."""
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    @property
    def domain(self) -> str:
        """Host with a non-default port: what handles and instance documents carry."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def folder(self) -> Path:
        return Path(self.data).absolute()


class SettingsError(Exception):
    """A setting that cannot be used; the text is for the operator."""


def load_settings(
    given: Mapping[str, object], environ: Mapping[str, str] = os.environ
) -> tuple[Settings, dict[str, str]]:
    """The settings and, per name, where the value came from.

    Raises:
        SettingsError: a name nobody knows in the file, or a value of the wrong kind.
    """
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    from_env = {
        name: environ[f"WEFT_{name.upper()}"]
        for name in Settings.__struct_fields__
        if f"WEFT_{name.upper()}" in environ
    }
    folder = Path(str(given.get("data") or from_env.get("data") or Settings().data))
    for source, layer in (
        ("weft.toml", _read_file(folder / "weft.toml")),
        ("environment", from_env),
        ("command line", given),
    ):
        for name, value in layer.items():
            if value is not None:
                values[name] = _split_list(name, value)
                sources[name] = source
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting cannot be used: {error}") from None
    _check(settings)
    return settings, sources


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None


_LISTS = frozenset({"languages", "rules", "trusted_proxies", "fetch_allow"})
_SWITCHES = frozenset({"confirm_email", "limits", "password_grant", "assistant", "ai_answer_elsewhere"})
_WORDS = {"on": True, "off": False}


def _split_list(name: str, value: object) -> object:
    if name in _LISTS and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if name in _SWITCHES and isinstance(value, str):
        return _WORDS.get(value.lower(), value)
    return value


def _check(settings: Settings) -> None:
    if settings.redis:
        raise SettingsError("--redis is not built yet: one machine needs no Redis. Leave it out.")
    if settings.base_url and not settings.base_url.startswith(("http://", "https://")):
        raise SettingsError("base_url must start with http:// or https://")
    if not 0 <= settings.port <= 65535 or not 0 <= settings.metrics_port <= 65535:
        raise SettingsError("A port must be between 0 and 65535.")
    if not 0 <= settings.hub_keep_days <= 3650:
        raise SettingsError("hub_keep_days must be between 0 and 3650.")
    if not 1 <= settings.workers <= 64:
        raise SettingsError("workers must be between 1 and 64.")
    if not (512 <= settings.ai_context <= 1 << 20 and 1 <= settings.ai_slots <= 64 and settings.ai_idle_s >= 1):
        raise SettingsError("ai_context must be 512 to 1048576, ai_slots 1 to 64, ai_idle_s at least 1.")
    if not 1 <= settings.ai_keep_days <= 3650:
        raise SettingsError("ai_keep_days must be between 1 and 3650.")
    for network in settings.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise SettingsError(f"trusted_proxies holds {network!r}, which is no network such as 10.0.0.0/8.") from None
