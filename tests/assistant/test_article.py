"""Of a page only what its reader sees is taken, whatever its author, or whoever attacks it, wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.assistant.article import read_article

PIECES = (
    "<![",
    "]]>",
    "<!",
    "--",
    "<!--",
    ">",
    "<",
    "</",
    "p",
    "<p>",
    "<div",
    "style=",
    '"',
    "=",
    "&#",
    "if ",
    "\n",
    "é",
)


def seen(page: str) -> str:
    return read_article(page.encode(), "text/html")[1]


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : none",
        "display:/* */none",
        "visibility: hidden",
        "opacity: 0",
        "opacity:0.00;color:red",
        "font-size:0px",
        "position:absolute;left:-10000px",
        "text-indent: -4000px",
        "color: transparent",
        "max-height:0;overflow:hidden",
    ],
)
def test_what_no_reader_sees_is_left_out(style: str) -> None:
    assert seen(f'<p>Here.</p><p style="{style}">Hidden.</p><p>There.</p>') == "Here.\nThere."


@pytest.mark.parametrize("style", ["opacity:0.5", "font-size:0.9em", "left:-5px", "background-color:transparent"])
def test_what_a_reader_sees_is_taken(style: str) -> None:
    assert seen(f'<p style="{style}">Here.</p>') == "Here."


def test_of_an_attribute_that_is_there_twice_the_first_counts() -> None:
    assert seen('<p style="display:none" style="">Hidden.</p><p style="" style="display:none">Here.</p>') == "Here."


def test_a_marked_section_is_a_comment() -> None:
    assert seen("<p>One <![x[ two ]]> three</p><![if !mso]>four<![endif]>") == "One three\nfour"


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_page_is_too_broken_to_be_read(page: str) -> None:
    read_article(page.encode(), "text/html")


@pytest.mark.parametrize(
    ("content_type", "head"),
    [("text/html; charset=EUC-KR", ""), ("text/html", '<meta charset="euc-kr">'), ("text/plain; charset=euc-kr", "")],
)
def test_a_page_is_read_in_the_encoding_that_it_is_written_in(content_type: str, head: str) -> None:
    page = f"{head}다리는 월요일부터 닫습니다.".encode("cp949")
    assert read_article(page, content_type)[1] == "다리는 월요일부터 닫습니다."
