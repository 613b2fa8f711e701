"""What the demo says is whole: every name is somebody's, every picture is described and drawn, nobody looks alike."""

from __future__ import annotations

import io
import random
from collections import Counter

import pytest
from PIL import Image

from weft.operations.demo.avatars import draw_avatar
from weft.operations.demo.moving import FILM, GIF, can_film, draw_film, draw_gif
from weft.operations.demo.people import load_inhabitants
from weft.operations.demo.pictures import PICTURES, draw_picture
from weft.operations.demo.plan import Like, Planner, Write
from weft.operations.demo.shelves import load_shelves
from weft.operations.demo.talk import load_talk, read_talk

PEOPLE = load_inhabitants()
LINES = load_talk()
NAMES = {person.name for person in PEOPLE}


def test_at_least_thirty_people_have_faces_and_no_two_are_alike() -> None:
    drawn = [draw_avatar(person.face) for person in PEOPLE if person.face is not None]
    assert len(PEOPLE) >= 32 and len(drawn) >= 30
    assert len(set(drawn)) == len(drawn)
    assert any(person.face is None for person in PEOPLE)


def test_everybody_named_in_the_conversations_lives_here() -> None:
    shelves = load_shelves()
    named = {line.by for line in LINES} | {name for line in LINES for name in (*line.direct, *line.bookmarked)}
    named |= set(shelves.notes) | {name for shelf in shelves.lists for name in (shelf.owner, *shelf.members)}
    assert not named - NAMES
    assert not NAMES - {line.by for line in LINES}, "somebody says nothing"


def test_conversations_are_in_three_languages_and_end_before_now() -> None:
    spoken = Counter(line.language for line in LINES)
    assert min(spoken[language] for language in ("en", "vi", "ko")) >= 25
    assert not [line.key for line in LINES if line.ago_s <= 0]
    assert not [line.key for line in LINES if len(line.text) > 480]
    assert len({line.key for line in LINES}) == len(LINES)


def test_what_is_quoted_or_answered_was_there_before() -> None:
    by_key = {line.key: line for line in LINES}
    for line in LINES:
        for other in (line.parent, line.quote):
            assert not other or by_key[other].ago_s > line.ago_s, line.key


def test_every_picture_is_described_and_can_be_drawn() -> None:
    pictures = [picture for line in LINES for picture in line.pictures]
    assert max(len(line.pictures) for line in LINES) == 4
    for words, drawing in pictures:
        assert len(words) > 8
        assert drawing in (FILM, GIF) or drawing.split()[0] in PICTURES
    with Image.open(io.BytesIO(draw_picture("bridge 3 tall"))) as image:
        assert image.size == (900, 1200)
    with Image.open(io.BytesIO(draw_gif())) as moving:
        assert getattr(moving, "n_frames", 1) > 10


def test_a_film_is_drawn_where_ffmpeg_is() -> None:
    if not can_film():
        pytest.skip("ffmpeg is not installed")
    assert draw_film()[4:8] == b"ftyp"


def test_a_conversation_is_read_as_it_is_written() -> None:
    text = "# key · ann · 2h · likes 3 · lang vi\n! Warning\nHello\n- [2] yes\n- [1] no\nends 1d\n## bob · 5m\nYes."
    first, second = read_talk(text, "en")
    assert (first.by, first.ago_s, first.likes, first.language) == ("ann", 7_200, 3, "vi")
    assert first.warning == "Warning" and first.text == "Hello"
    assert first.poll is not None and first.poll.votes == [2, 1]
    assert (second.parent, second.ago_s, second.language) == ("key", 6_900, "en")


def test_nobody_likes_a_post_before_it_is_written() -> None:
    acts = Planner(PEOPLE, 1_767_225_600_000, random.Random(1)).acts(LINES, [], load_shelves())
    written: set[str] = set()
    for act in acts:
        match act:
            case Write():
                written.add(act.line.key)
            case Like():
                assert act.key in written
    assert len(written) == len(LINES)
