"""Server and web app count a text alike: both are held to `tests/data/lengths.json`, this test and
`frontend/src/lib/graphemes.test.ts`. `python -m tests.kernel.text.test_lengths_table` writes the table anew.
"""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

from weft.kernel.text.entities import find_entities
from weft.kernel.text.length import graphemes, post_length

TABLE = Path(__file__).parents[2] / "data" / "lengths.json"

TEXTS = (
    "",
    "hello",
    "a\nb\n\nc",
    "Chào buổi sáng, hôm nay trời đẹp quá",
    "Chào buổi sáng".replace("à", "a\u0300"),
    "오늘은 날씨가 좋네요",
    "\u1100\u1161\u11a8 \u1100\u1161",
    "日本語のテキスト。",
    "かがか\u3099",
    "👨‍👩‍👧‍👦 family",
    "👩🏻‍❤️‍💋‍👩🏽" * 20,
    "🇰🇷🇻🇳🇰",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "1️⃣ ❤️ ☺",
    "नमस्ते क्षि",
    "ที่นี่ กำ",
    "مرحبا بالعالم",
    "שלום ע\u05b4ולם",
    "a" + "\u0301" * 60,
    "x" * 501,
    "see https://example.com/a/very/long/path?with=query#and-more now",
    "https://a.example/" + "x" * 3000,
    "(https://a.example/x_(y)).",
    "링크https://a.example에서",
    "https://ko.wikipedia.org/wiki/대한민국 보세요",
    "「https://a.example/x」です",
    "http://localhost:8000/@ann/1 http://192.0.2.1/x http://nodots",
    "https://bank.example@evil.example/ xhttp://a.example",
    "HTTPS://A.EXAMPLE/x, http://[::1]:8080/y; https://xn--bcher-kva.example",
    "https://a.example:8080/x?y=1&z=2#f! 'https://b.example/'",
    "@ann hi @bob@remote.example, (@eve@b.example:8080)",
    "@ann@remote.example에게 @ann님 @andré ann@remote.example 한@ann x/@ann",
    "@ann@nodots @_@_ @a.b-c@d.example @ann... @@ann",
    "#tag #việt #한국어 #2026 #2026년 #a·b ＃全角 x#no &#no /#no",
    "one https://a.bc\ntwo @bob@b.example\nthree #x",
)
PIECES = (
    "https://a.example/x", "https://한국.example", "http://", "@ann", "@bob@b.example", "@Bob@B.example.", "#Tag",
    "#việt",
    "\n", " ", ".", ",", "(", ")", "한국", "đẹp", "e\u0301", "👍🏽", "👩‍👩‍👧", "🇻🇳", "\u200d", "ก",
    "ำ", "क्", "ष", "a", "_", "7", "/", ":", "@", "-",
)  # fmt: skip


def _case(text: str) -> dict[str, Any]:
    found = find_entities(text)
    return {
        "text": text,
        "graphemes": graphemes(text),
        "length": post_length(text),
        "urls": [url.text for url in found.urls],
        "mentions": [mention.text for mention in found.mentions],
        "tags": [tag.text for tag in found.tags],
    }


def table(mixed: int = 120) -> list[dict[str, Any]]:
    draw = random.Random(7)
    drawn = ("".join(draw.choices(PIECES, k=draw.randint(2, 14))) for _ in itertools.repeat(None, mixed))
    return [_case(text) for text in (*TEXTS, *drawn)]


def test_a_text_is_as_long_as_the_shared_table_says() -> None:
    for case in json.loads(TABLE.read_text("utf-8")):
        assert _case(case["text"]) == case


def test_the_shared_table_is_the_one_that_is_made_here() -> None:
    assert [case["text"] for case in json.loads(TABLE.read_text("utf-8"))] == [case["text"] for case in table()]


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), ensure_ascii=False, indent=1) + "\n", "utf-8")
