"""What time does to the hub: links that end, requests that end, forms that are forgotten, files that nobody names."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.hub.files import small_gguf
from tests.hub.town import description
from weft.accounts.service import Seal
from weft.hub import queries
from weft.hub.jobs import jobs
from weft.hub.model import APPROVED_MS, DAY_MS, LINK_MS, Form
from weft.hub.service import Asked, Download, Hub, Shelf, open_hub
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from weft.kernel.ids import AccountId, bucket_of
from weft.operations import hub as operations
from weft.operations.reach import CommandFailed
from weft.settings import Settings

FORM = Form(name="Lan", purpose="To read with", country="vn", licence_accepted=True)


@pytest.fixture
def hub(db: Db, tmp_path: Path) -> Hub:
    return open_hub(db, Shelf(tmp_path / "hub"), Seal(b"k" * 32), "https://town.example")


async def published(hub: Hub, tmp_path: Path, name: str = "small", approval: str = "automatic", size: int = 64) -> None:
    source = tmp_path / "small.gguf"
    source.write_bytes(small_gguf(size))
    await hub.publishing.publish(description(name, approval), [source])  # type: ignore[arg-type]


def token_of(asked: Asked) -> str:
    return parse_qs(urlsplit(asked.offers[0].url).query)["token"][0]


async def follow(hub: Hub, token: str) -> Download:
    return await hub.open_link("small", "small.gguf", token)


async def test_a_link_ends_after_a_day_and_the_request_makes_a_new_one(
    hub: Hub, tmp_path: Path, clock: ManualClock
) -> None:
    await published(hub, tmp_path)
    asked = await hub.ask("small", FORM)
    assert asked.request.form.country == "VN"
    clock.advance(LINK_MS / 1000 - 1)
    await follow(hub, token_of(asked))
    clock.advance(2)
    with pytest.raises(NotFound, match=r"hub\.link"):
        await follow(hub, token_of(asked))
    await follow(hub, token_of(await hub.require_asked(asked.token)))


async def test_a_request_ends_and_gives_no_links_any_more(hub: Hub, tmp_path: Path, clock: ManualClock) -> None:
    await published(hub, tmp_path)
    asked = await hub.ask("small", FORM)
    clock.advance(APPROVED_MS / 1000 - 3600)
    last = await hub.require_asked(asked.token)
    assert last.offers[0].until_ms == asked.request.ends_ms
    clock.advance(3601)
    assert (await hub.require_asked(asked.token)).offers == ()
    with pytest.raises(NotFound):
        await follow(hub, token_of(last))


async def test_a_link_sealed_by_another_server_is_foreign(hub: Hub, db: Db, tmp_path: Path) -> None:
    await published(hub, tmp_path)
    asked = await hub.ask("small", FORM)
    other = open_hub(db, hub.shelf, Seal(b"o" * 32), "https://other.example")
    with pytest.raises(NotFound):
        await follow(other, token_of(asked))


async def test_what_was_written_is_forgotten_when_its_time_is_over_and_counts_stay(
    hub: Hub, db: Db, tmp_path: Path, clock: ManualClock
) -> None:
    await published(hub, tmp_path)
    asked = await hub.ask("small", FORM)
    (sweep,) = jobs(hub.shelf, keep_days=90)
    clock.advance((APPROVED_MS + 90 * DAY_MS) / 1000 - 60)
    await sweep.run(db)
    await hub.require_asked(asked.token)
    clock.advance(120)
    await sweep.run(db)
    with pytest.raises(NotFound):
        await hub.require_asked(asked.token)
    assert [day.requests for day in await hub.days("small")] == [1]


async def test_the_sweep_removes_files_that_no_model_names_a_day_later(
    hub: Hub, db: Db, tmp_path: Path, clock: ManualClock
) -> None:
    await published(hub, tmp_path, size=64)
    old = hub.shelf.path(hashlib.sha256(small_gguf(64)).hexdigest())
    await published(hub, tmp_path, size=65)
    new = hub.shelf.path(hashlib.sha256(small_gguf(65)).hexdigest())
    assert old is not None and new is not None
    (sweep,) = jobs(hub.shelf, keep_days=90)
    for path in (old, new):
        os.utime(path, (clock.now_ms() / 1000, clock.now_ms() / 1000))
    await sweep.run(db)
    assert old.is_file()
    clock.advance(2 * DAY_MS / 1000)
    await sweep.run(db)
    assert not old.is_file()
    assert new.is_file()


async def test_a_file_that_cannot_be_accepted_leaves_the_model_as_it_was(hub: Hub, tmp_path: Path) -> None:
    await published(hub, tmp_path)
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(small_gguf()[:-1])
    with pytest.raises(Invalid, match=r"hub\.file\.truncated"):
        await hub.publishing.publish(description("small", title="Other"), [tmp_path / "small.gguf", wrong])
    model = await hub.require_model("small")
    assert (model.described.title, [file.name for file in model.files]) == ("A small one", ["small.gguf"])
    assert not list((tmp_path / "hub" / "tmp").iterdir())


async def test_the_same_file_of_two_models_lies_on_the_disk_once(hub: Hub, tmp_path: Path) -> None:
    await published(hub, tmp_path, "one")
    await published(hub, tmp_path, "two")
    assert len([path for path in (tmp_path / "hub").glob("*/*") if path.is_file()]) == 1


async def test_a_link_in_a_folder_that_is_published_is_read_as_what_it_leads_to_is(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "secret.txt.gguf").symlink_to("/etc/passwd")
    with pytest.raises(Invalid, match=r"hub\.file\.format"):
        await hub.publishing.publish(description("small"), [tmp_path / "secret.txt.gguf"])


async def test_a_folder_publishes_nothing_that_lies_outside_of_it(db: Db, tmp_path: Path) -> None:
    """As one from elsewhere, with a link to what this machine keeps to itself."""
    folder, settings = tmp_path / "model", Settings(data=str(tmp_path / "data"))
    folder.mkdir()
    (folder / "m.gguf").write_bytes(small_gguf())
    (folder / "same.gguf").symlink_to("m.gguf")
    wanted = operations.Wanted(source=str(folder), name="small", licence="Apache-2.0")
    published = await operations.publish(db, settings, wanted)
    assert [file["name"] for file in published["files"]] == ["m.gguf", "same.gguf"]  # type: ignore[attr-defined]
    (tmp_path / "keys.json").write_text('{"key": "secret"}')
    (folder / "config.json").symlink_to("../keys.json")
    with pytest.raises(CommandFailed, match=r"config\.json"):
        await operations.publish(db, settings, wanted)


async def test_a_description_alone_does_not_show_what_is_hidden(hub: Hub, tmp_path: Path) -> None:
    await published(hub, tmp_path)
    await hub.publishing.set_state("small", "hidden")
    described = await hub.publishing.publish(description("small", title="Other"), None)
    assert (described.state, described.described.title, len(described.files)) == ("hidden", "Other", 1)
    await published(hub, tmp_path)
    assert (await hub.require_model("small")).state == "shown"


async def test_pieces_that_come_while_an_upload_is_accepted_do_not_change_it(hub: Hub, tmp_path: Path) -> None:
    """A file of a hash has this hash, whoever writes at the same time."""
    data, shelf = small_gguf(50_000), Shelf(tmp_path / "other")
    digest = hashlib.sha256(data).hexdigest()
    await shelf.add_piece(1, "m.gguf", 0, data)

    async def disturb() -> None:
        for _ in range(40):
            with suppress(Conflict):
                await shelf.add_piece(1, "m.gguf", 0, b"something else")
            await asyncio.sleep(0)

    accepted, _ = await asyncio.gather(shelf.finish(1, "m.gguf", digest), disturb(), return_exceptions=True)
    path = shelf.path(digest)
    if isinstance(accepted, BaseException):  # a piece came first
        assert isinstance(accepted, Invalid) and path is None
    else:
        assert path is not None and path.read_bytes() == data


async def test_a_piece_is_written_only_where_the_one_before_it_ended(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "hub")
    assert await shelf.add_piece(1, "m.json", 0, b"[1") == 2
    with pytest.raises(Conflict):
        await shelf.add_piece(1, "m.json", 1, b"x")
    done = await asyncio.gather(*(shelf.add_piece(1, "m.json", 2, b",2]") for _ in range(5)), return_exceptions=True)
    assert sorted(str(type(each).__name__) for each in done) == ["Conflict"] * 4 + ["int"]
    accepted = await shelf.finish(1, "m.json", hashlib.sha256(b"[1,2]").hexdigest())
    assert accepted.size == 5
    with pytest.raises(Invalid, match=r"hub\.file\.absent"):
        await shelf.finish(1, "m.json", accepted.sha256)


async def test_lists_do_without_the_long_texts(hub: Hub, tmp_path: Path) -> None:
    await published(hub, tmp_path)
    (listed,) = await hub.models()
    whole = await hub.require_model("small")
    assert listed.described.licence_text == "" != whole.described.licence_text
    assert listed.files == whole.files


async def test_requests_that_wait_are_bounded_and_the_refusal_says_so(
    hub: Hub, db: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(hub, tmp_path, approval="manual")
    monkeypatch.setattr("weft.hub.service.MOST_WAITING", 2)
    first, _ = await hub.ask("small", FORM), await hub.ask("small", FORM)
    with pytest.raises(Unavailable, match=r"hub\.full"):
        await hub.ask("small", FORM)
    await hub.decide(AccountId(1), first.request.id, "rejected", "No")
    await hub.ask("small", FORM)


async def test_deciding_twice_counts_once(hub: Hub, tmp_path: Path) -> None:
    await published(hub, tmp_path, approval="manual")
    asked = await hub.ask("small", FORM)
    for _ in range(2):
        await hub.decide(AccountId(1), asked.request.id, "approved", "")
    (day,) = await hub.days("small")
    assert (day.requests, day.approved, day.rejected) == (1, 1, 0)


async def test_of_two_decisions_at_one_moment_one_counts(hub: Hub, db: Db, tmp_path: Path) -> None:
    """Whoever decides on what they saw waiting does not overturn what a colleague decided meanwhile."""
    await published(hub, tmp_path, approval="manual")
    asked = await hub.ask("small", FORM)
    colleague = open_hub(db, hub.shelf, Seal(b"k" * 32), "https://town.example")
    waiting = await hub.require_request(asked.request.id)
    await colleague.decide(AccountId(2), asked.request.id, "rejected", "No")
    late = msgspec.structs.replace(waiting, state="approved", decided_by=AccountId(1))
    async with db.tx(bucket_of(waiting.id)) as tx:
        assert not await queries.decide(tx, late, waiting.state)
    assert (await hub.require_request(asked.request.id)).state == "rejected"
    await hub.decide(AccountId(1), asked.request.id, "approved", "")
    assert (await hub.require_request(asked.request.id)).state == "approved", "knowingly it is overturned"


async def test_a_licence_that_changed_is_not_what_was_accepted(hub: Hub, tmp_path: Path) -> None:
    """Neither on the way of the form nor afterwards."""
    await published(hub, tmp_path)
    read = (await hub.require_model("small")).described.licence_hash
    form = msgspec.structs.replace(FORM, licence=read)
    asked = await hub.ask("small", form)
    assert asked.request.form.licence == read
    changed = description("small", licence_text="Ask me first.")
    await hub.publishing.publish(changed, [tmp_path / "small.gguf"])
    with pytest.raises(Invalid, match=r"hub\.licence_changed"):
        await hub.ask("small", form)
    with pytest.raises(NotFound, match=r"hub\.link"):
        await follow(hub, token_of(asked))
    assert (await hub.require_asked(asked.token)).offers == ()
    again = await hub.ask("small", FORM)
    await follow(hub, token_of(again))
    await published(hub, tmp_path)
    await follow(hub, token_of(asked))


async def test_only_a_hash_of_the_secret_is_kept(hub: Hub, db: Db, tmp_path: Path) -> None:
    await published(hub, tmp_path)
    asked = await hub.ask("small", FORM)
    async with db.read() as reader:
        kept = await queries.find_request(reader, asked.request.id)
    assert kept is not None
    secret = asked.token.partition("-")[2]
    assert kept.secret == hashlib.sha256(secret.encode()).digest()


async def test_a_download_that_somebody_leaves_counts_what_went_out(hub: Hub, tmp_path: Path) -> None:
    await published(hub, tmp_path, size=1_000_000)
    download = await follow(hub, token_of(await hub.ask("small", FORM)))
    stream = hub.send(download, 0, download.file.size - 1)
    held = [await anext(stream), await anext(stream)]
    await stream.aclose()
    (day,) = await hub.days("small")
    assert (day.begun, day.completed) == (1, 0)
    assert len(held[0]) <= day.bytes <= sum(map(len, held))
