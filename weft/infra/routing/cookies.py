"""Cookies of ours: their names, and the lines that set and forget them. Scripts cannot read them and other sites'
forms do not carry them; with https they belong to this host alone.
"""

from __future__ import annotations

Header = tuple[bytes, bytes]

VISIT, SESSION, OTHERS = "weft_visit", "weft_session", "weft_others"
"""Any browser's own mark, the session that is in use, and the other accounts' sessions beside it."""


def cookie_name(scheme: str, name: str) -> str:
    return f"__Host-{name}" if scheme == "https" else name


def set_cookie(scheme: str, name: str, value: str, max_age: int | None = None) -> Header:
    """The header that makes a browser keep it; without ``max_age`` until it is closed."""
    parts = [f"{cookie_name(scheme, name)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if scheme == "https":
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode()


def forget_cookie(scheme: str, name: str) -> Header:
    return set_cookie(scheme, name, "", 0)
