"""Markdown of a model's card becomes HTML of ours: what people write in it can format, and nothing else."""

from __future__ import annotations

import re
import time

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.kernel.text.markdown import MOST_CHARACTERS
from weft.kernel.text.render import render_markdown

TAGS = set("h2 h3 h4 h5 h6 p a em strong code pre ul ol li blockquote table thead tbody tr th td hr".split())
OURS = re.compile(
    r'</?(?:h[2-6]|p|em|strong|code|pre|ul|ol|li|blockquote|table|thead|tbody|tr|td|hr)>|<th scope="col">|</th>|</a>'
    r'|<a href="https?://[^"<>\s]*" rel="nofollow noopener">'
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One\n## Two", "<h2>One</h2><h3>Two</h3>"),
        ("a *b* **c** `d`", "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>"),
        ("a\nb\n\nc", "<p>a\nb</p><p>c</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("> a\n> b", "<blockquote><p>a\nb</p></blockquote>"),
        ("```py\n<b> *x*\n```", "<pre><code>&lt;b&gt; *x*</code></pre>"),
        ("---", "<hr>"),
        ("---\nlicense: mit\n---\nText", "<p>Text</p>"),
        (
            "| a | b |\n|---|--:|\n| 1 | *2* |",
            '<table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead>'
            "<tbody><tr><td>1</td><td><em>2</em></td></tr></tbody></table>",
        ),
        ("[a](https://b.example/c)", '<p><a href="https://b.example/c" rel="nofollow noopener">a</a></p>'),
        ("![a](https://b.example/c.png)", "<p>a</p>"),
        (
            "See https://b.example/c.",
            '<p>See <a href="https://b.example/c" rel="nofollow noopener">https://b.example/c</a>.</p>',
        ),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        ("Thẻ mô hình · 모델 카드", "<p>Thẻ mô hình · 모델 카드</p>"),
        ("", ""),
    ],
)
def test_markdown_is_shown_as(text: str, html: str) -> None:
    assert render_markdown(text) == html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,<script>)",
        '[a](https://b.example/"onclick="x)',
        '![x" onerror="y](https://b.example/)',
        "<https://b.example/><img src=x onerror=y>",
        "[<img src=x>](https://b.example/)",
        "```\n</code></pre><script>\n```",
        "| <b> |\n|---|\n| <i onload=x> |",
        "# <h1 onclick=x>",
    ],
)
def test_html_and_foreign_schemes_stay_text(hostile: str) -> None:
    made = render_markdown(hostile)
    rest = OURS.sub("", made)
    assert "<" not in rest and ">" not in rest
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', made))


@settings(max_examples=400)
@given(
    st.text(alphabet=st.sampled_from("ab <>&\"'*`_#-+>|\n\t[]()!:/.1http~é한"), max_size=200) | st.text(max_size=200)
)
def test_whatever_is_written_only_our_tags_come_out(text: str) -> None:
    made = render_markdown(text)
    rest = OURS.sub("", made)
    assert "<" not in rest and ">" not in rest
    cleaned = nh3.clean(made, tags=TAGS, attributes={"a": {"href"}, "th": {"scope"}}, link_rel="nofollow noopener")
    assert cleaned.count("<a ") == made.count("<a ")


@pytest.mark.parametrize(
    "piece",
    [
        "*",
        "**",
        "`",
        "[",
        "![",
        "](",
        "> ",
        "- ",
        "  - ",
        "1. ",
        "|",
        "|-",
        "#",
        "```\n",
        "---\n",
        "<",
        "https://",
        "\n",
    ],
)
def test_long_texts_cost_little(piece: str) -> None:
    text = (piece * MOST_CHARACTERS)[:MOST_CHARACTERS]
    for each in (text, text + "x", ("a" + piece) * (MOST_CHARACTERS // (len(piece) + 1))):
        began = time.process_time()
        render_markdown.__wrapped__(each)
        assert time.process_time() - began < 2
