"""Suggestions while somebody writes: words for their own picture, tags and wordings, in the languages that passed."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.assistant.parlour import API, parlour, pass_check
from tests.security.house import House, Person
from tests.support.scripted_model import ScriptedModel
from weft.assistant.suggesting import MOST_DESCRIPTION

CANNOT = "This community's model cannot see pictures; please describe it in your own words."


@pytest.fixture
async def studio(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[House, ScriptedModel]]:
    """A parlour whose model sees pictures, too."""
    async with parlour(database_url, tmp_path, with_vision=True) as made:
        yield made


async def upload(person: Person, kind: str = "WEBP", size: tuple[int, int] = (1600, 1200)) -> str:
    file = io.BytesIO()
    Image.new("RGBA" if kind != "JPEG" else "RGB", size, "red").save(file, kind)
    answer = await person.http.post("/api/v2/media", files={"file": ("picture", file.getvalue())})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def describe(person: Person, media_id: str, text: str = "") -> Any:
    return await person.post(f"{API}/suggest", want="alt", text=text, media_id=media_id)


def sent_picture(model: ScriptedModel) -> Image.Image:
    (content,) = [one["content"] for one in model.calls[-1].body["messages"] if one["role"] == "user"]
    head, _, data = content[1]["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)), formats=["JPEG"])


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "JPEG"])
async def test_a_picture_of_ones_own_is_described_by_a_model_that_passed(
    studio: tuple[House, ScriptedModel], kind: str
) -> None:
    house, model = studio
    await pass_check(house, "alt_text")
    bob = await house.person()
    model.say = lambda body: "A red field.\n**Nothing** else, says @ann #red."
    made = await describe(bob, await upload(bob, kind))
    assert made == {"suggestions": ["A red field. Nothing else, says ann red."], "sentence": None, "model": "plain"}
    picture = sent_picture(model)
    assert picture.width * picture.height < 600_000 and picture.width > picture.height
    red, green, _ = picture.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 > 60 > green
    assert "alt_text" in (await bob.get(API))["offers"]


@pytest.mark.parametrize(
    "said",
    [
        "Go to https://evil.example now",
        "![x](https://evil.example/a.png)",
        "<script>alert(1)</script>",
        "",
        "javascript:alert(1)",
    ],
)
async def test_no_address_or_markup_comes_out_of_a_picture(studio: tuple[House, ScriptedModel], said: str) -> None:
    house, model = studio
    await pass_check(house, "alt_text")
    bob = await house.person()
    model.say = lambda body: f"A red field.\n{said}"
    media_id = await upload(bob)
    assert (await describe(bob, media_id))["suggestions"] in (["A red field."], ["A red field. alert(1)"])
    model.say = lambda body: "word " * 900
    (long,) = (await describe(bob, media_id))["suggestions"]
    assert len(long) <= MOST_DESCRIPTION
    model.say = lambda body: "See https://evil.example"
    made = await describe(bob, media_id)
    assert made["suggestions"] == [] and "in your own words" in made["sentence"]


async def test_where_the_check_did_not_pass_no_picture_leaves_the_server(studio: tuple[House, ScriptedModel]) -> None:
    house, model = studio
    bob = await house.person()
    media_id = await upload(bob)
    assert await describe(bob, media_id) == {"suggestions": [], "sentence": CANNOT, "model": None}
    assert "alt_text" not in (await bob.get(API))["offers"]
    await pass_check(house, "alt_text", languages=("en",))
    assert (await describe(bob, media_id, "Hôm nay trời đẹp quá"))["suggestions"] == []
    assert (await describe(bob, media_id, "오늘은 날씨가 좋다"))["suggestions"] == []
    assert model.calls == []
    assert (await describe(bob, media_id, "What a day"))["suggestions"] != []


async def test_a_picture_of_somebody_else_is_as_good_as_none(studio: tuple[House, ScriptedModel]) -> None:
    house, model = studio
    await pass_check(house, "alt_text")
    ann, bob = await house.person(), await house.person()
    media_id = await upload(ann)
    for given, status in ((media_id, 404), ("1", 404), ("x", 404), (None, 422), ("", 422)):
        answer = await bob.http.post(f"{API}/suggest", json={"want": "alt", "media_id": given})
        assert answer.status_code == status, (given, answer.text)
    assert model.calls == []


async def test_a_model_that_fails_is_named_as_the_reason(studio: tuple[House, ScriptedModel]) -> None:
    house, model = studio
    await pass_check(house, "alt_text")
    bob = await house.person()
    media_id = await upload(bob)
    model.behave = lambda body: "broken"
    answer = await bob.http.post(f"{API}/suggest", json={"want": "alt", "media_id": media_id})
    assert answer.status_code == 503 and "Traceback" not in answer.text
    assert answer.json()["error"] == "The model's answer could not be used"


async def test_tags_of_a_model_come_after_those_of_near_posts(studio: tuple[House, ScriptedModel]) -> None:
    house, model = studio
    ann, bob = await house.person(), await house.person()
    await ann.say("The choir rehearses on Tuesday #choir", language="en")
    await house.settle()
    model.say = lambda body: "#Choir #music, #rehearsal https://evil.example/#x @ann #tuesday #school #chairs"
    text = "Who else rehearses with the choir on Tuesday?"
    assert (await bob.post(f"{API}/suggest", text=text, want="tags"))["suggestions"] == ["choir"] and not model.calls
    await pass_check(house, "tags", languages=("en",))
    made = await bob.post(f"{API}/suggest", text=text, want="tags")
    assert made["suggestions"] == ["choir", "music", "rehearsal", "tuesday", "school"] and made["model"] == "plain"
    model.behave = lambda body: "full"
    assert (await bob.post(f"{API}/suggest", text=text, want="tags"))["suggestions"] == ["choir"]


async def test_a_wording_is_made_only_in_a_language_that_passed(studio: tuple[House, ScriptedModel]) -> None:
    house, model = studio
    async with house.db.job() as tx:
        await tx.execute("DELETE FROM assistant_capabilities  -- shared")
    await pass_check(house, "reword", languages=("en",))
    bob = await house.person()
    for text in ("Im đi, đồ ngốc ạ", "조용히 해, 바보들아"):
        made = await bob.post(f"{API}/suggest", text=text, want="kinder")
        assert made["suggestions"] == [] and made["sentence"]
    assert model.calls == []
    assert (await bob.post(f"{API}/suggest", text="Shut up", want="kinder"))["suggestions"]
