"""Whoever gave an address learns by mail what the staff decided: a link where it was approved, a sentence where not."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from tests.hub.files import small_gguf
from tests.hub.town import description
from tests.infra.post_office import PostOffice, post_office
from weft.accounts.service import Seal
from weft.hub.events import RequestDecided
from weft.hub.letters import TEXTS, Letters
from weft.hub.model import APPROVED_MS, Form
from weft.hub.service import Asked, Hub, Shelf, open_hub
from weft.infra.db import Db
from weft.infra.mail import Mailer
from weft.kernel.clock import ManualClock
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId

FORM = Form(
    name="Buy at evil.example",
    purpose="Click evil.example",
    country="vn",
    email="lan@example.org",
    licence_accepted=True,
)
BOSS = AccountId(1)


@pytest.fixture
async def hub(db: Db, tmp_path: Path) -> Hub:
    made = open_hub(db, Shelf(tmp_path / "hub"), Seal(b"k" * 32), "https://town.example")
    source = tmp_path / "small.gguf"
    source.write_bytes(small_gguf())
    await made.publishing.publish(description("small", "manual"), [source])
    return made


async def told(hub: Hub, asked: Asked, state: str) -> PostOffice:
    async with post_office() as office:
        mailer = Mailer(office.url, "Weft <weft@town.example>", ManualClock(1_767_322_980_000))
        try:
            event = RequestDecided(request_id=asked.request.id, state=state)  # type: ignore[arg-type]
            await Letters(hub.db, mailer, hub.links, "Our town").tell(event)
        finally:
            mailer.close()
    return office


async def test_an_approval_brings_a_link_that_opens_the_request_until_it_ends(hub: Hub, clock: ManualClock) -> None:
    heard: list[object] = []
    hub.db.publish = heard.extend
    asked = await hub.ask("small", FORM)
    await hub.decide(BOSS, asked.request.id, "approved", "")
    assert RequestDecided(request_id=asked.request.id, state="approved") in heard
    (mail,) = (await told(hub, asked, "approved")).mails
    assert (mail["to"], mail["subject"]) == ("lan@example.org", "A small one: your request was approved")
    assert "evil" not in mail.get_content() + mail["subject"], (
        "an address that nobody confirmed gets no words of the form"
    )
    (link,) = [line.strip() for line in mail.get_content().splitlines() if line.startswith("http")]
    token = unquote(urlsplit(link).path.removeprefix("/hub/requests/"))
    assert urlsplit(link).netloc == "town.example"
    opened = await hub.require_asked(token)
    assert opened.request.id == asked.request.id and len(opened.offers) == 1
    for wrong in (token[:-1], token.replace(".", ".0"), "." + token, token.partition(".")[0]):
        with pytest.raises(NotFound):
            await hub.require_asked(wrong)
    clock.advance(APPROVED_MS / 1000 + 1)
    with pytest.raises(NotFound):
        await hub.require_asked(token)


async def test_a_mailed_key_ends_with_the_request_and_another_server_s_opens_nothing(hub: Hub) -> None:
    asked = await hub.ask("small", FORM)
    decided = await hub.decide(BOSS, asked.request.id, "approved", "")
    token = hub.links.mailed_token(decided)
    other = open_hub(hub.db, hub.shelf, Seal(b"o" * 32), "https://other.example")
    with pytest.raises(NotFound):
        await other.require_asked(token)
    await hub.withdraw(token)
    with pytest.raises(NotFound):
        await hub.require_asked(token)


async def test_a_rejection_is_a_plain_sentence_without_a_link(hub: Hub) -> None:
    asked = await hub.ask("small", msgspec.structs.replace(FORM, language="ko"))
    await hub.decide(BOSS, asked.request.id, "rejected", "No room for this.")
    (mail,) = (await told(hub, asked, "rejected")).mails
    assert "요청이 거절되었습니다" in mail["subject"]
    assert "No room for this." in mail.get_content()
    assert "http" not in mail.get_content()


async def test_nobody_is_written_to_without_an_address_or_when_it_was_decided_otherwise_since(hub: Hub) -> None:
    silent = await hub.ask("small", msgspec.structs.replace(FORM, email=""))
    await hub.decide(BOSS, silent.request.id, "approved", "")
    assert (await told(hub, silent, "approved")).mails == []
    changed = await hub.ask("small", FORM)
    await hub.decide(BOSS, changed.request.id, "approved", "")
    await hub.decide(BOSS, changed.request.id, "rejected", "After all not")
    assert (await told(hub, changed, "approved")).mails == []
    await hub.forget(BOSS, changed.request.id)
    assert (await told(hub, changed, "rejected")).mails == []


async def test_what_is_approved_by_itself_writes_to_nobody(hub: Hub) -> None:
    """Else anybody could have the server write to any address."""
    await hub.publishing.set_approval("small", "automatic")
    heard: list[object] = []
    hub.db.publish = heard.extend
    await hub.ask("small", FORM)
    assert not [event for event in heard if isinstance(event, RequestDecided)]


def test_each_language_writes_both_letters() -> None:
    for letters in TEXTS.values():
        assert letters.keys() == {"approved", "rejected"}
        assert "{link}" in letters["approved"][1].splitlines() and "{reason}" in letters["rejected"][1]
