"""The door of the hub: what there is, asking for it, deciding, following a link to a file.

Publishing lies in ``publishing``. Hidden, unknown and foreign look alike: they are absent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from weft.accounts.model import STAFF, Role
from weft.accounts.service import Seal, check_email, require_staff
from weft.hub import links, queries
from weft.hub.events import RequestDecided
from weft.hub.inspection import inspect as inspect_file
from weft.hub.letters import Letters
from weft.hub.links import Links
from weft.hub.model import (
    APPROVED_MS,
    DAY_MS,
    MOST_WAITING,
    WAITING_MS,
    Day,
    File,
    Form,
    Model,
    Request,
    RequestState,
    check_form,
    check_licence,
    check_reason,
    is_open,
    is_under_its_licence,
)
from weft.hub.publishing import Publishing
from weft.hub.shelf import Shelf
from weft.infra.db import Db, Tx
from weft.infra.routing.ranges import read_range
from weft.kernel.errors import Conflict, NotFound, Unavailable
from weft.kernel.ids import AccountId, bucket_of

PUBLISHERS: frozenset[Role] = frozenset({"owner", "admin"})
_DRAWS = 4


class Record(Protocol):
    """Writes a decision of the staff into their record, within the transaction that carries it out."""

    async def __call__(self, tx: Tx, actor_id: AccountId, action: str, subject: str, reason: str) -> None: ...


@dataclass(frozen=True)
class Offer:
    """A file that may be fetched now, and until when."""

    file: File
    url: str
    until_ms: int


@dataclass(frozen=True)
class Asked:
    """A request as its maker sees it. ``token`` is the secret that says so."""

    request: Request
    model: Model
    token: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class Download:
    """A file on the way to somebody who may have it."""

    request: Request
    file: File
    path: Path


@dataclass(frozen=True)
class Overview:
    """All models, hidden ones too. By id: what was counted and how many requests wait. The oldest of those."""

    models: list[Model]
    totals: dict[int, tuple[Day, int]]
    waiting: list[Request]


@dataclass(frozen=True)
class Hub:
    """One per worker."""

    db: Db
    shelf: Shelf
    links: Links
    publishing: Publishing
    record: Record

    # ------------------------------------------------------------------------------------------------ reading

    async def models(self, *, hidden: bool = False) -> list[Model]:
        """All of them, without card and licence text."""
        async with self.db.read() as reader:
            return await queries.load_models(reader, None, hidden=hidden)

    async def is_offering(self) -> bool:
        """Whether there is anything to ask for."""
        async with self.db.read() as reader:
            return bool(await reader.value(queries.IS_OFFERING))

    async def require_model(self, name: str, *, hidden: bool = False) -> Model:
        """The model of this name.

        Raises:
            NotFound: there is none, or it is hidden and hidden ones are not wanted.
        """
        async with self.db.read() as reader:
            found = await queries.load_models(reader, name, hidden=hidden)
        if not found:
            raise NotFound("record.absent")
        return found[0]

    # ------------------------------------------------------------------------------------------------ asking

    async def ask(self, name: str, given: Form) -> Asked:
        """Ask for a model. Where it is approved by itself, the links are in the answer.

        Raises:
            NotFound: there is no such model.
            Invalid: the form cannot be accepted.
            Unavailable: too many wait for a decision already.
        """
        form = check_form(given)
        if form.email:
            form = msgspec.structs.replace(form, email=check_email(form.email))
        model = await self.require_model(name)
        form = check_licence(form, model.described)
        if model.described.approval == "manual":
            await self._check_room(model)
        for _ in range(_DRAWS):
            asked = self._new_request(model, form)
            day = asked.request.asked_ms // DAY_MS
            if await queries.ask(self.db, asked.request, day):
                return asked
        raise Unavailable("overloaded")

    def _new_request(self, model: Model, form: Form) -> Asked:
        now_ms = self.db.clock.now_ms()
        automatic = model.described.approval == "automatic"
        secret, kept = links.new_secret()
        request = Request(
            id=self.db.ids.new(bucket_of(model.id)),
            model_id=model.id,
            secret=kept,
            state="approved" if automatic else "waiting",
            form=form,
            decided_ms=now_ms if automatic else 0,
            ends_ms=now_ms + (APPROVED_MS if automatic else WAITING_MS),
        )
        return self._asked(request, model, links.token_of(request.id, secret))

    async def _check_room(self, model: Model) -> None:
        async with self.db.read() as reader:
            if await reader.value(queries.IS_FULL, bucket_of(model.id), model.id, MOST_WAITING - 1):
                raise Unavailable("hub.full", retry_after=3600)

    def _asked(self, request: Request, model: Model, token: str) -> Asked:
        now_ms = self.db.clock.now_ms()
        offers: tuple[Offer, ...] = ()
        if is_open(request, now_ms) and model.state == "shown" and is_under_its_licence(request, model):
            until_ms = links.link_end_ms(request, now_ms)
            offers = tuple(
                Offer(file, self.links.file_url(request, model, file, until_ms), until_ms) for file in model.files
            )
        return Asked(request, model, token, offers)

    async def require_asked(self, token: str) -> Asked:
        """The request of this token.

        Raises:
            NotFound: there is none, or it was deleted.
        """
        request = await self._require_by_token(token)
        async with self.db.read() as reader:
            model = await queries.find_model(reader, request.model_id)
        if model is None:
            raise NotFound("record.absent")
        return self._asked(request, model, token)

    async def withdraw(self, token: str) -> None:
        """Delete a request with everything that was written in it. Its links end."""
        request = await self._require_by_token(token)
        await self._forget(request.id)

    async def _require_by_token(self, token: str) -> Request:
        mailed = self.links.open_mailed(token, self.db.clock.now_ms()) if "." in token else None
        if mailed is not None:
            return await self.require_request(mailed)
        named = links.read_token(token)
        request = await self._find_request(named[0]) if named is not None else None
        if named is None or request is None or not links.is_secret_of(request, named[1]):
            raise NotFound("record.absent")
        return request

    async def _find_request(self, id_: int) -> Request | None:
        async with self.db.read() as reader:
            return await queries.find_request(reader, id_)

    # ------------------------------------------------------------------------------------------------ downloads

    async def open_link(self, name: str, file_name: str, token: str) -> Download:
        """The file that a link leads to.

        Raises:
            NotFound: the link is too old, foreign or changed, its request is over, the file is gone, or the licence is
                another one than was accepted.
        """
        link = self.links.open(token, name, file_name, self.db.clock.now_ms())
        if link is None:
            raise NotFound("hub.link")
        request = await self._find_request(link.request_id)
        if request is None or not is_open(request, self.db.clock.now_ms()):
            raise NotFound("hub.link")
        model = await self.require_model(name)
        file = model.file(file_name)
        path = self.shelf.path(link.sha256)
        if file is None or file.sha256 != link.sha256 or path is None or model.id != request.model_id:
            raise NotFound("hub.link")
        if not is_under_its_licence(request, model):
            raise NotFound("hub.link")
        return Download(request, file, path)

    async def send(self, download: Download, first: int, last: int) -> AsyncIterator[bytes]:
        """The bytes of a range. What went out is counted, whether the other side stays to the end or not."""
        await self._count(download, begun=int(first == 0))
        sent = 0
        try:
            async for piece in read_range(download.path, first, last):
                yield piece
                sent += len(piece)
        finally:
            is_whole = sent == last - first + 1 and last == download.file.size - 1
            await self._count(download, completed=int(is_whole), sent=sent)

    async def _count(self, download: Download, *, begun: int = 0, completed: int = 0, sent: int = 0) -> None:
        request = download.request
        change = Day(day=self._today(), begun=begun, completed=completed, bytes=sent)
        async with self.db.once(bucket_of(request.id)) as tx:
            await queries.count(tx, request.model_id, request.id, change)

    def _today(self) -> int:
        return self.db.clock.now_ms() // DAY_MS

    # ------------------------------------------------------------------------------------------------ the staff

    async def require_staff(self, account_id: AccountId, roles: Collection[Role] = STAFF) -> None:
        """Refuse whoever is not of the staff, or not of that part of it.

        Raises:
            Forbidden: they are not.
        """
        async with self.db.read() as reader:
            await require_staff(reader, account_id, roles)

    async def queue(self, name: str, state: RequestState, before: int, limit: int) -> tuple[Model, list[Request]]:
        model = await self.require_model(name, hidden=True)
        async with self.db.read() as reader:
            return model, await queries.load_queue(reader, model.id, state, before, limit)

    async def overview(self, limit: int) -> Overview:
        """What the staff looks after: every model, and what has waited longest."""
        async with self.db.read() as reader:
            models = await queries.load_models(reader, None, hidden=True)
            totals = await queries.load_totals(reader)
            waiting = await queries.load_waiting(reader, models, limit)
        return Overview(models, totals, waiting)

    async def require_request(self, id_: int) -> Request:
        """A request, for the staff.

        Raises:
            NotFound: there is none.
        """
        request = await self._find_request(id_)
        if request is None:
            raise NotFound("record.absent")
        return request

    async def decide(self, actor_id: AccountId, id_: int, state: RequestState, reason: str) -> Request:
        """Approve or reject. Rejecting what was approved ends its links; the same twice changes nothing.

        Raises:
            NotFound: there is no such request.
            Invalid: a rejection gives no reason.
            Conflict: somebody else decided at this moment, or it was deleted.
        """
        request = await self.require_request(id_)
        why = check_reason(reason, blank=state == "approved")
        if request.state == state:
            return request
        now_ms = self.db.clock.now_ms()
        ends_ms = now_ms + (APPROVED_MS if state == "approved" else 0)
        decided = msgspec.structs.replace(
            request, state=state, reason=why, decided_by=actor_id, decided_ms=now_ms, ends_ms=ends_ms
        )
        approved = state == "approved"
        async with self.db.tx(bucket_of(id_)) as tx:
            if not await queries.decide(tx, decided, request.state):
                raise Conflict("update.conflict")
            change = Day(day=self._today(), approved=int(approved), rejected=int(not approved))
            await queries.count(tx, request.model_id, id_, change)
            await self.record(tx, actor_id, f"hub.{state}", f"hub_request:{id_}", why)
            tx.emit(RequestDecided(request_id=id_, state=state))
        return decided

    async def forget(self, actor_id: AccountId, id_: int) -> None:
        """Delete a request for whoever wrote it and lost its token."""
        await self.require_request(id_)
        async with self.db.tx(bucket_of(id_)) as tx:
            await tx.execute(queries.FORGET, bucket_of(id_), id_)
            await self.record(tx, actor_id, "hub.forgotten", f"hub_request:{id_}", "")

    async def _forget(self, id_: int) -> None:
        async with self.db.once(bucket_of(id_)) as tx:
            await tx.execute(queries.FORGET, bucket_of(id_), id_)

    async def days(self, name: str, since: int = 0) -> list[Day]:
        model = await self.require_model(name, hidden=True)
        async with self.db.read() as reader:
            return await queries.load_days(reader, model.id, since)


async def unrecorded(tx: Tx, actor_id: AccountId, action: str, subject: str, reason: str) -> None:
    """For programs without a record: commands' own, and tests."""


def open_hub(db: Db, shelf: Shelf, seal: Seal, url: str, record: Record = unrecorded) -> Hub:
    """Everything of this slice, put together."""
    return Hub(db, shelf, Links(seal, url), Publishing(db, shelf), record)


__all__ = [
    "PUBLISHERS",
    "Asked",
    "Download",
    "Hub",
    "Letters",
    "Links",
    "Offer",
    "Overview",
    "Publishing",
    "Shelf",
    "inspect_file",
    "open_hub",
]
