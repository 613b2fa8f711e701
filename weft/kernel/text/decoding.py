"""Bytes of a page as text, in the encodings that browsers know for pages."""

from __future__ import annotations

import codecs
import re

_CHARSET = re.compile(rb"""charset\s{0,9}+=\s{0,9}+["']?\s{0,9}+([a-zA-Z0-9_:.-]{1,40})""", re.IGNORECASE)
# Encodings that browsers know for pages. Others, such as UTF-7 or Punycode, only serve to deceive or to cost time.
_ENCODINGS = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "euc-kr", "cp949", "shift_jis", "cp932", "euc-jp"),
        *("iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "tis-620", "cp874"),
        *(f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
        *(f"cp{number}" for number in range(1250, 1259)),
    )
)


def decoded_page(body: bytes, content_type: str) -> str:
    """The page as text: by its mark, its header or its own word, and else as what it looks like."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    told = _CHARSET.search(content_type.encode("latin-1", "replace")) or _CHARSET.search(body[:4096])
    known = _known_encoding(told[1].decode()) if told is not None else ""
    if known:
        return body.decode(known, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        cut_short = error.start > len(body) - 4
        return body.decode("utf-8" if cut_short else "cp1252", "replace")


def _known_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return ""
    if found not in _ENCODINGS:
        return ""
    return {"iso8859-1": "cp1252", "euc_kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030"}.get(found, found)
