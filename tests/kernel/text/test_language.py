from __future__ import annotations

import pytest

from weft.kernel.text.language import LANGUAGES, check_language


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("KO_kr", "ko"),
        ("zh", "zh"),
        ("zh-cn", "zh-CN"),
        ("zh-Hant-TW", "zh-TW"),
        ("pt-BR", "pt-BR"),
        ("iw", "he"),
        ("tok", "tok"),
        ("xx", None),
        ("", None),
        ("english", None),
        ("e\u0301n", None),
    ],
)
def test_a_clients_code_becomes_a_known_one(code: str, known: str | None) -> None:
    assert check_language(code) == known


def test_every_language_has_both_names_and_is_its_own_code() -> None:
    assert len(LANGUAGES) > 190
    for code, (english, own) in LANGUAGES.items():
        assert english and own
        assert check_language(code) == code
