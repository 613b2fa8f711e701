"""The hub from the command line: publish, list, hide, and decide about requests, by the hub's own service.

Every function returns one object of plain values, which the command prints as JSON or in words.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import msgspec

from weft.accounts.service import load_seal
from weft.hub.model import Approval, Description, Evaluation, File, Model, Request, RequestState
from weft.hub.service import Hub, Shelf, open_hub
from weft.infra.db import Db
from weft.kernel.clock import rfc3339
from weft.kernel.ids import MAX_ID, AccountId
from weft.moderation.service import record
from weft.operations.reach import CommandFailed
from weft.settings import Settings

Answer = dict[str, object]
NOBODY = AccountId(0)
"""Who decides on the command line: whoever has the machine."""
MOST = 200


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A model as the operator asks for it; files are paths."""

    source: str
    name: str
    title: str = ""
    card: str = ""
    licence: str
    licence_text: str = ""
    base: str = ""
    languages: str = ""
    tags: str = ""
    evaluations: str = ""
    approval: str = "manual"


async def open_at(db: Db, settings: Settings) -> Hub:
    return open_hub(db, Shelf(settings.folder / "hub"), await load_seal(db), settings.url, record)


async def publish(db: Db, settings: Settings, wanted: Wanted) -> Answer:
    """Copy the files in and show the model. A folder's files are its own, not those of folders in it."""
    sources = await asyncio.to_thread(_sources, Path(wanted.source))
    described = Description(
        name=wanted.name,
        title=wanted.title or wanted.name,
        card=await asyncio.to_thread(_read, wanted.card),
        licence=wanted.licence,
        licence_text=await asyncio.to_thread(_read, wanted.licence_text),
        base=wanted.base,
        languages=_words(wanted.languages),
        tags=_words(wanted.tags),
        evaluations=_evaluations(await asyncio.to_thread(_read, wanted.evaluations)),
        approval=_approval(wanted.approval),
    )
    hub = await open_at(db, settings)
    model = await hub.publishing.publish(described, sources)
    return {**_model(model), "page": hub.links.model_url(model.name)}


async def list_all(db: Db, settings: Settings) -> Answer:
    hub = await open_at(db, settings)
    models = []
    for model in await hub.models(hidden=True):
        days = await hub.days(model.name)
        totals = {
            "requests": sum(day.requests for day in days),
            "approved": sum(day.approved for day in days),
            "downloads": sum(day.completed for day in days),
            "bytes": sum(day.bytes for day in days),
        }
        models.append({**_model(model), **totals})
    return {"models": models}


async def set_state(db: Db, settings: Settings, name: str, *, shown: bool) -> Answer:
    hub = await open_at(db, settings)
    await hub.publishing.set_state(name, "shown" if shown else "hidden")
    return _model(await hub.require_model(name, hidden=True))


async def requests(db: Db, settings: Settings, name: str, state: str) -> Answer:
    """Requests in one state, of one model or of all."""
    if state not in get_args(RequestState):
        raise CommandFailed(f"{state!r} is no state: {', '.join(get_args(RequestState))}.")
    hub = await open_at(db, settings)
    names = [name] if name else [model.name for model in await hub.models(hidden=True)]
    found = []
    for each in names:
        model, queue = await hub.queue(each, state, MAX_ID, MOST)  # type: ignore[arg-type]
        found += [_request(model.name, request) for request in queue]
    return {"requests": found}


async def decide(db: Db, settings: Settings, id_: int, state: RequestState, reason: str) -> Answer:
    hub = await open_at(db, settings)
    decided = await hub.decide(NOBODY, id_, state, reason)
    return {"id": str(decided.id), "state": decided.state, "reason": decided.reason}


async def forget(db: Db, settings: Settings, id_: int) -> Answer:
    hub = await open_at(db, settings)
    await hub.forget(NOBODY, id_)
    return {"id": str(id_), "deleted": True}


async def days(db: Db, settings: Settings, name: str) -> Answer:
    hub = await open_at(db, settings)
    lines = [{"date": rfc3339(day.day * 86_400_000)[:10], **msgspec.to_builtins(day)} for day in await hub.days(name)]
    return {"days": lines}


def print_rows(rows: object) -> None:
    """One line each, name and value."""
    assert isinstance(rows, list)
    for row in rows:
        print("  ".join(f"{name}={value}" for name, value in row.items() if name != "files" and value not in ("", [])))


def _sources(source: Path) -> list[Path]:
    if source.is_dir():
        found = sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith("."))
        # A folder from elsewhere must not make anything of this machine public by a link to it.
        if away := [path.name for path in found if not path.resolve().is_relative_to(source.resolve())]:
            raise CommandFailed(
                f"{source} holds links that lead out of it: {', '.join(away)}. Put the files themselves there."
            )
        if not found:
            raise CommandFailed(f"{source} holds no files.")
        return found
    return [source]


def _read(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text("utf-8")
    except UnicodeDecodeError:
        raise CommandFailed(f"{path} is no text in UTF-8.") from None


def _evaluations(text: str) -> tuple[Evaluation, ...]:
    try:
        return msgspec.json.decode(text or "[]", type=tuple[Evaluation, ...])
    except msgspec.MsgspecError as error:
        raise CommandFailed(f'Evaluations are [{{"task", "metric", "value", "note"}}, ...]: {error}') from None


def _approval(text: str) -> Approval:
    match text:
        case "automatic" | "manual":
            return text
    raise CommandFailed(f"{text!r} is no approval: automatic, manual.")


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _model(model: Model) -> Answer:
    return {
        "name": model.name,
        "title": model.described.title,
        "state": model.state,
        "approval": model.described.approval,
        "licence": model.described.licence,
        "files": [_file(file) for file in model.files],
    }


def _file(file: File) -> Answer:
    return {"name": file.name, "size": file.size, "sha256": file.sha256, "format": file.facts.format}


def _request(model: str, request: Request) -> Answer:
    form = request.form
    return {
        "id": str(request.id),
        "model": model,
        "state": request.state,
        "name": form.name,
        "country": form.country,
        "email": form.email,
        "purpose": form.purpose,
        "asked_at": rfc3339(request.asked_ms),
        "reason": request.reason,
    }
