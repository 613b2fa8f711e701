"""Every text of the web app exists in English, Vietnamese and Korean, with the same places to fill."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TEXT = Path(__file__).parents[2] / "frontend" / "src" / "text"
AREAS = sorted(file.stem for file in (TEXT / "en").glob("*.json"))
PLACE = re.compile(r"\{\w+\}")


def texts(language: str, area: str) -> dict[str, str | dict[str, str]]:
    return dict(json.loads((TEXT / language / f"{area}.json").read_bytes()))


def places(text: str | dict[str, str]) -> set[str]:
    """The places of a text; of a plural those of its general form."""
    return set(PLACE.findall(text if isinstance(text, str) else text["other"]))


@pytest.mark.parametrize("language", ["vi", "ko"])
@pytest.mark.parametrize("area", AREAS)
def test_no_text_is_missing(area: str, language: str) -> None:
    english, other = texts("en", area), texts(language, area)
    assert set(other) == set(english)
    assert {key for key in english if places(english[key]) != places(other[key])} == set()
    assert {key for key, text in other.items() if not text} == set()


@pytest.mark.parametrize("area", AREAS)
def test_the_keys_of_an_area_begin_with_its_name(area: str) -> None:
    assert {key for key in texts("en", area) if not key.startswith(f"{area}.")} == set()


def test_every_language_has_the_same_areas() -> None:
    assert {
        folder.name: sorted(file.stem for file in folder.glob("*.json")) for folder in TEXT.iterdir() if folder.is_dir()
    } == dict.fromkeys(("en", "vi", "ko"), AREAS)
