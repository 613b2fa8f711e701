"""Another Weft's hub as a place that models come from: what its card or a request says of the file at an address.

The card names the hash, so a link alone is enough to be sure of what was fetched. The documents are docs/hub.md's.
"""

from __future__ import annotations

import re
from typing import Literal, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from weft.infra.http import Fetcher, FetchRequest
from weft.operations.reach import CommandFailed

API = "/api/weft/v1/hub"
FILE = re.compile(rf"{API}/models/([^/]+)/files/([^/]+)")
REQUEST = re.compile(rf"(?:{API}|/hub)/requests/([^/]+)")
LARGEST_DOCUMENT = 4 << 20
LONGEST_SAID = 200
D = TypeVar("D")


class Licence(msgspec.Struct, frozen=True):
    name: str


class CardFile(msgspec.Struct, frozen=True):
    name: str
    sha256: str


class Card(msgspec.Struct, frozen=True):
    """A model's document, as far as it matters here."""

    weft: Literal["model"]
    name: str
    licence: Licence
    files: list[CardFile]


class Offer(msgspec.Struct, frozen=True):
    name: str
    format: str
    url: str
    adapter: bool = False


class Asked(msgspec.Struct, frozen=True):
    """A request's document."""

    weft: Literal["request"]
    model: str
    state: str
    reason: str
    files: list[Offer]


class Source(msgspec.Struct, frozen=True):
    """Where the file is, and what its hub says of it; without a hub nothing is said."""

    url: str
    name: str = ""
    sha256: str = ""
    licence: str = ""


async def look_up(fetcher: Fetcher, address: str) -> Source:
    """What an address means: a file of a hub, the file of a request there, or just itself.

    Raises:
        CommandFailed: it is a hub's, and nothing can be had there.
        Unavailable: the fetch gate's refusals.
    """
    path = urlsplit(address).path
    if (asked := REQUEST.fullmatch(path)) is not None:
        address = await _offered(fetcher, at(address, f"{API}/requests/{asked[1]}"))
        path = urlsplit(address).path
    found = FILE.fullmatch(path)
    if found is None:
        return Source(address)
    card = await _read(fetcher, at(address, f"{API}/models/{found[1]}"), Card)
    file = next((each for each in card.files if each.name == unquote(found[2])), None)
    if file is None:
        raise CommandFailed(f"The card of {plain(card.name)} names no file {plain(unquote(found[2]))}.")
    return Source(address, card.name, file.sha256.lower(), plain(card.licence.name))


async def _offered(fetcher: Fetcher, address: str) -> str:
    """The link to the one model's file that a request gives."""
    asked = await _read(fetcher, address, Asked)
    if asked.state != "approved":
        raise CommandFailed(
            f"The request for {plain(asked.model)} is {plain(asked.state)}. {plain(asked.reason)}".rstrip()
        )
    models = [each for each in asked.files if each.format == "gguf" and not each.adapter]
    if len(models) != 1:
        listed = plain(", ".join(each.name for each in models)) or "none"
        raise CommandFailed(f"The request gives not just one model in a GGUF file ({listed}); name the link to one.")
    if urlsplit(address).scheme == "https" and urlsplit(models[0].url).scheme != "https":
        raise CommandFailed("The hub is asked by https, and would give the file without it; tell its operator.")
    return models[0].url


async def _read(fetcher: Fetcher, address: str, kind: type[D]) -> D:
    answer = await fetcher.fetch(FetchRequest("GET", address, max_bytes=LARGEST_DOCUMENT, accept="application/json"))
    if answer.status == 404:
        raise CommandFailed("The hub knows no such model or request; the link may be too old.")
    try:
        if not answer.is_success:
            raise CommandFailed(f"The hub answered with status {answer.status}.")
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise CommandFailed("The address looks like a hub's, but what is there cannot be read.") from None


def plain(text: str) -> str:
    """What another server says, as one short line that moves no terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_SAID])


def at(address: str, path: str) -> str:
    """Another path on the same server."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def without_secrets(address: str) -> str:
    """An address as it may be kept and shown: no token in it lets anybody in."""
    parts = urlsplit(address)
    netloc = parts.netloc.rpartition("@")[2]
    path = REQUEST.sub(lambda found: found[0].removesuffix(found[1]) + "...", parts.path)
    return urlunsplit((parts.scheme, netloc, path, "", ""))
