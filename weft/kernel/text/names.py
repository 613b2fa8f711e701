"""User names, hosts and handles: what is allowed, and the one form under which they are compared.

The canonical name decides only whether two names are too alike; names are stored and shown as written.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Final

import idna

from weft.kernel.text.clean import cap_marks, drop_invisible

ERR_BLANK: Final = "ERR_BLANK"
ERR_INVALID: Final = "ERR_INVALID"
ERR_TOO_LONG: Final = "ERR_TOO_LONG"
ERR_RESERVED: Final = "ERR_RESERVED"

MAX_USERNAME: Final = 30
MAX_REMOTE_USERNAME: Final = 128
MAX_HOST: Final = 253

_LOCAL = re.compile(r"[A-Za-z0-9_]+")
_REMOTE = re.compile(r"[A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+")
_PORT = re.compile(r"[0-9]{1,5}")
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

# What an eye takes for an ASCII letter or digit, after case folding. Digits go to the letters they imitate.
_LOOK_ALIKE = str.maketrans(
    "01асеорхуіјѕԁһӏкмтвнгԛԝαβεικνορτυχγωıɑɡɩʟℓ",
    "olaceopxyijsdhlkmtbhrqwabeiknoptuxywiagill",
)

_RESERVED_NAMES: Final = """
    about abuse account accounts actor admin administrator administration administrators admins ads api app apps assets
    assistant assistant_bot auth books bot channels community contact cookies dashboard everyone explore federation
    feed files help helpdesk here home host hostmaster hub inbox info instance instance_actor internal legal login
    logout mail mailer_daemon media meta mod moderation moderator moderators mods nobody nodeinfo noreply no_reply
    notes notifications null oauth official operator outbox owner postmaster privacy public register relay root rules
    search security settings share sign_in sign_out sign_up signin signout signup staff static status statuses
    streaming support sysadmin system tags team terms timeline timelines trust undefined users verified web weft
    weft_bot webfinger webmaster well_known worlds www
"""


def check_username(name: str) -> str | None:
    """The code of what is wrong with a local user name, or None."""
    if not name.strip():
        return ERR_BLANK
    if len(name) > MAX_USERNAME:
        return ERR_TOO_LONG
    if _LOCAL.fullmatch(name) is None:
        return ERR_INVALID
    return ERR_RESERVED if canonical_name(name) in RESERVED else None


def canonical_name(name: str) -> str:
    """The form under which names are unique: without case, compatibility forms, invisible characters, look-alikes."""
    name = name[: MAX_REMOTE_USERNAME * 4]
    if not name.isascii():
        name = unicodedata.normalize("NFKC", cap_marks(drop_invisible(name)))
        name = unicodedata.normalize("NFKC", name.casefold())
    return drop_invisible(name.lower()).strip().translate(_LOOK_ALIKE)


RESERVED: Final = frozenset(canonical_name(name) for name in _RESERVED_NAMES.split())


def canonical_host(host: str) -> str | None:
    """A host as it is compared everywhere: ASCII, lower-case, no final dot, its port kept; None if it is none."""
    host = host.strip()
    if not host or len(host) > MAX_HOST + 6:
        return None
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        checked = _ipv6(name) if bracket else None
        port = rest[1:] if rest.startswith(":") else None
        if rest and port is None:
            return None
    else:
        name, colon, rest = host.partition(":")
        checked = _host_name(name)
        port = rest if colon else None
    if checked is None or port is None:
        return checked
    if not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        return None
    return f"{checked}:{int(port)}"


def parse_handle(text: str) -> tuple[str, str | None] | None:
    """User name and host of `@a@b`, `a@b`, `acct:a@b` or `a`; the host is canonical, None stands for this server."""
    text = text.strip().removeprefix("acct:").removeprefix("@")
    name, at, host = text.partition("@")
    if len(name) > MAX_REMOTE_USERNAME or _REMOTE.fullmatch(name) is None:
        return None
    if not at:
        return name, None
    known = canonical_host(host)
    return None if known is None else (name, known)


def _ipv6(name: str) -> str | None:
    try:
        return f"[{ipaddress.IPv6Address(name).compressed}]" if "%" not in name else None
    except ValueError:
        return None


def _host_name(name: str) -> str | None:
    if name.isascii():
        name = name.lower().removesuffix(".")
    try:
        if not name.isascii() or "xn--" in name:
            name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return None
    labels = name.split(".")
    if len(name) > MAX_HOST or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        return None
    return _ipv4(name) if labels[-1][0].isdigit() else name


def _ipv4(name: str) -> str | None:
    """A last label that starts with a digit is no domain: `127.1` or `0x7f.1` must not pass as one."""
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        return None
