"""What may be a note: its length is what a reader counts, in any script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId
from weft.kernel.text.length import graphemes
from weft.notes.model import NOTE_LIMIT, Note, NoteAudience, check_note
from weft.relationships.model import Facts, can_see

# One entry is one character for a reader, however many code points it takes.
CHARACTERS = (
    *(
        "a",
        "Z",
        "é",
        "e\u0301",
        "ộ",
        "o\u0302\u0323",
        "đ",
        "Ữ",
        "ư\u0309",
        "한",
        "글",
        "\u1112\u1161\u11ab",
        "뷁",
        "日",
        "ก",
    ),
    *("👍", "👍🏽", "👩\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🇻🇳", "🇰🇷", "❤️", "7️⃣", "ع", "क्"),
)
character = st.sampled_from(CHARACTERS)


def joined(characters: list[str]) -> str:
    """With a mark between flags and joining scripts, so that neighbours do not become one."""
    return "·".join(characters)


@given(st.lists(character, min_size=1, max_size=NOTE_LIMIT // 2))
def test_what_a_reader_counts_as_sixty_characters_is_taken_whole(characters: list[str]) -> None:
    text = joined(characters)
    assert check_note(text) == unicodedata.normalize("NFC", text)


@given(st.lists(character, min_size=NOTE_LIMIT // 2 + 1, max_size=200))
def test_a_longer_one_is_refused_and_never_cut(characters: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        check_note(joined(characters))
    assert refused.value.code == "note.too_long" and refused.value.values["limit"] == NOTE_LIMIT


@pytest.mark.parametrize("one", CHARACTERS)
def test_sixty_of_any_character_are_a_note(one: str) -> None:
    if graphemes(one * 2) != 2:
        pytest.skip("two of these are one character")
    assert graphemes(check_note(one * NOTE_LIMIT)) == NOTE_LIMIT
    with pytest.raises(Invalid):
        check_note(one * (NOTE_LIMIT + 1))


@given(st.text(max_size=400))
def test_any_text_is_one_visible_line_or_refused(text: str) -> None:
    try:
        line = check_note(text)
    except Invalid as refused:
        assert refused.code in ("note.empty", "note.too_long")
        return
    assert 1 <= graphemes(line) <= NOTE_LIMIT
    assert line == line.strip() and len(line.splitlines()) == 1
    assert not any(unicodedata.category(each) in ("Cc", "Cs") for each in line)
    assert check_note(line) == line


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b", "\u200d\u2060", "\u3164", "\u202e", "\u0000", "\u00ad "])
def test_a_note_that_nobody_can_see_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"note\.empty"):
        check_note(text)


def test_lines_and_controls_become_one_line() -> None:
    assert check_note("on\x00e\x07\r\ntwo\u2028three\tfour") == "one two three four"
    assert check_note("a" + " " * 900 + "b") == "a b"
    with pytest.raises(Invalid, match=r"note\.too_long"):
        check_note("a" + " " * 2000 + "b")


@given(
    audience=st.sampled_from(("followers", "mutuals")),
    gone=st.booleans(),
    own=st.booleans(),
    follows=st.booleans(),
    followed=st.booleans(),
    blocking=st.booleans(),
    blocked=st.booleans(),
)
def test_followers_or_only_mutual_ones_see_it(
    *, audience: NoteAudience, gone: bool, own: bool, follows: bool, followed: bool, blocking: bool, blocked: bool
) -> None:
    author, viewer = AccountId(1), AccountId(1 if own else 2)
    note = Note(id=9, account_id=author, text="x", audience=audience, created_ms=0, expires_ms=1)
    facts = Facts(
        viewer,
        following={author} if follows else frozenset(),
        blocking={author} if blocking else frozenset(),
        blocked_by={author} if blocked else frozenset(),
        followed_by={author} if followed else frozenset(),
    )
    tied = follows and (followed or audience == "followers")
    wanted = not gone and (own or (tied and not blocking and not blocked))
    assert can_see(note.rights(gone=gone), facts) is wanted
