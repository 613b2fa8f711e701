"""What somebody wants, read from their words: the things by name, a question, or else."""

from __future__ import annotations

import pytest

from weft.assistant.wishes import read_wish

WANTED = {
    "missed": [
        "What did I miss?",
        "what have I missed since Monday",
        "Did I miss anything?",
        "What I missed",
        "What's new?",
        "what is new here today?",
        "Catch me up",
        "Tôi đã bỏ lỡ gì?",
        "놓친 글 보여 줘",
    ],
    "question": [
        "What is the new address of the school?",
        "What time does the new bakery open?",
        "What was new about the bridge?",
        "What's new in the library?",
        "Who is the new mayor?",
        "What is Miss Marple reading?",
    ],
    "sum_up": ["Sum up this thread", "Can you sum it up?", "tl;dr", "Tóm tắt giúp mình", "요약해 줘"],
    "find": ["find the choir", "search for posts about soup", "tìm bài viết về hồ bơi", "수영장 글 찾아 줘"],
    "other": ["Write me a poem", "hello", "thanks"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in WANTED.items() for text in texts])
def test_the_words_say_what_is_wanted(kind: str, text: str) -> None:
    assert read_wish(text).kind == kind
