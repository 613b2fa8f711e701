"""Sheets: what leaves is safe to open, what comes in is judged line by line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.kernel.errors import Invalid
from weft.portability.model import MAX_IMPORT_ROWS, ImportKind, Places
from weft.portability.sheets import read_sheet, write_failures, write_rows
from weft.portability.texts import read_me, reasons


def test_a_following_sheet_of_mastodon_is_read_by_its_headings() -> None:
    data = (
        b"\xef\xbb\xbfAccount address,Show boosts,Notify on new posts,Languages\r\n"
        b'ann@weft.example,true,false,\r\nbob@weft.example,false,true,"en, ko"\r\n'
    )
    ann, bob = read_sheet(data, "following")
    assert (ann.subject, ann.reposts, ann.notify, ann.languages) == ("ann@weft.example", True, False, ())
    assert (bob.subject, bob.reposts, bob.notify, bob.languages) == ("bob@weft.example", False, True, ("en", "ko"))


def test_columns_in_another_order_are_found() -> None:
    (row,) = read_sheet(b"Account address,Languages,Show boosts\nann,vi,false\n", "following")
    assert (row.reposts, row.languages) == (False, ("vi",))


@pytest.mark.parametrize("kind", ["following", "blocks", "mutes"])
def test_a_bare_list_of_handles_is_read(kind: ImportKind) -> None:
    assert [row.subject for row in read_sheet(b"ann\n\n  bob@x.example \n,,\n", kind)] == ["ann", "bob@x.example"]


def test_a_line_that_comes_twice_counts_once() -> None:
    assert len(read_sheet(b"ann\nANN\nann\n", "blocks")) == 1
    assert len(read_sheet(b"one,ann\ntwo,ann\none,ann\n", "lists")) == 2


def test_only_the_first_line_can_be_a_heading() -> None:
    assert [row.subject for row in read_sheet(b"ann\nAccount address\n", "blocks")] == ["ann", "Account address"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n,,,\n",
        b"\xff\xfeann",
        b"ann\x00\n",
        b'"never closed',
        b'"a"b,c\n',
        b'"' + b"a" * 200_000 + b'"',
        b"a\n" * 500_001,
        "\n".join(f"n{n}" for n in range(MAX_IMPORT_ROWS + 1)).encode(),
        b"PK\x03\x04\x14\x00\x00\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00",
    ],
    ids=["nothing", "empty", "utf16", "nul", "open", "quotes", "cell", "bytes", "rows", "zip", "picture"],
)
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_sheet(data, "following")


def test_a_line_that_names_nothing_stays_to_be_told_of() -> None:
    rows = read_sheet(b"ann\n" + b"x" * 3000 + b"\n<script>alert(1)</script>\n", "blocks")
    assert [row.subject for row in rows] == ["ann", "", "<script>alert(1)</script>"]


@pytest.mark.parametrize("title", ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1"])
def test_a_formula_leaves_as_text_and_comes_back_as_it_was(title: str) -> None:
    data = write_rows([(title, "ann@weft.example")])
    (cells,) = csv.reader(io.StringIO(data.decode(), newline=""))
    assert cells[0][0] not in "=+-@\t"
    assert read_sheet(data, "lists")[0].title == title.strip()


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=20))
def test_any_cells_leave_as_one_line_each(rows: list[tuple[str, str]]) -> None:
    kept = [tuple(cell.encode("utf-8", "ignore").decode() for cell in row) for row in rows]
    read = list(csv.reader(io.StringIO(write_rows(kept).decode(), newline=""), strict=True))
    assert len(read) == len(kept)
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cells in read for cell in cells)


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_a_refusal(data: bytes) -> None:
    for kind in ("following", "lists", "mutes", "bookmarks"):
        try:
            rows = read_sheet(data, kind)  # type: ignore[arg-type]
        except Invalid:
            continue
        assert all(len(row.subject) <= 2048 and "\0" not in row.subject for row in rows)


def test_failures_say_why_in_the_readers_language() -> None:
    failed = [("Friends", "zoe@far.example", "elsewhere")]
    text = write_failures("lists", failed, reasons("ko-KR")).decode()  # type: ignore[arg-type]
    assert text.startswith("Friends,zoe@far.example,")
    assert reasons("ko")["elsewhere"] in text
    assert reasons("xx") == reasons("en")
    assert reasons("en").keys() == reasons("vi").keys() == reasons("ko").keys()


@pytest.mark.parametrize("locale", ["en", "vi", "ko", "de"])
def test_the_read_me_names_whose_and_when(locale: str) -> None:
    text = read_me(locale, handle="@ann@weft.example", domain="weft.example", date="2026-01-01")
    assert "@ann@weft.example" in text and "2026-01-01" in text and "{" not in text


def test_only_addresses_of_this_server_name_a_post() -> None:
    places = Places("https://weft.example", "weft.example")
    assert places.post_id(places.post("ann", 117000000000000001)) == 117000000000000001
    assert places.post_id("https://weft.example/@ann/117") == 117
    for other in (
        "https://weft.example.evil.example/@ann/117",
        "https://far.example/users/ann/statuses/117",
        "https://weft.example/@ann/117/../118",
        "https://weft.example/@ann/x",
        "javascript:alert(1)",
        "",
    ):
        assert places.post_id(other) is None
