"""What the hub's routes answer with, and how models and requests become it."""

from __future__ import annotations

import msgspec

from weft.hub import model as m
from weft.hub.links import Links
from weft.hub.service import Asked
from weft.kernel.clock import rfc3339
from weft.kernel.text.render import render_markdown

SCHEMA = 1
"""Of the documents that other programs read; it grows when a field changes its meaning."""


class Licence(msgspec.Struct):
    name: str
    text: str
    sha256: str
    """Of name and text: what a request accepts. Empty in a list, which has no texts."""


class File(msgspec.Struct):
    name: str
    size: int
    sha256: str
    format: str
    architecture: str
    parameters: int
    context: int
    adapter: bool
    """It is only added to a model, and is none."""
    tensors: int
    types: dict[str, int]


class Model(msgspec.Struct, kw_only=True):
    """``weft`` says what kind of document this is, for programs that are given its address alone."""

    weft: str = "model"
    schema: int = SCHEMA
    name: str
    title: str
    page: str
    licence: Licence
    base: str
    languages: list[str]
    tags: list[str]
    evaluations: list[m.Evaluation]
    approval: m.Approval
    files: list[File]
    card: str
    card_html: str
    created_at: str
    updated_at: str


class Offer(msgspec.Struct):
    """A file that may be fetched now."""

    name: str
    size: int
    sha256: str
    format: str
    adapter: bool
    url: str
    expires_at: str


class Request(msgspec.Struct, kw_only=True):
    """What whoever asked may see. Whoever holds ``token`` is taken for them."""

    weft: str = "request"
    schema: int = SCHEMA
    token: str
    url: str
    page: str
    model: str
    state: m.RequestState
    reason: str
    asked_at: str
    ends_at: str
    files: list[Offer]


class StaffRequest(msgspec.Struct, kw_only=True):
    """What the staff sees: what was written in the form, never the token."""

    id: str
    state: m.RequestState
    name: str
    purpose: str
    country: str
    email: str
    language: str
    asked_at: str
    decided_at: str | None
    licence_sha256: str
    """Which licence was accepted; links are given out while it is the model's."""
    decided_by: str | None
    """None: nobody yet, or by itself."""
    reason: str
    ends_at: str


class StaffModel(msgspec.Struct, kw_only=True):
    name: str
    title: str
    state: m.ModelState
    approval: m.Approval
    licence: str
    files: list[File]
    created_at: str
    updated_at: str


class Day(msgspec.Struct, kw_only=True):
    date: str
    requests: int
    approved: int
    rejected: int
    begun: int
    completed: int
    bytes: int


class Piece(msgspec.Struct):
    """How much of an upload is here."""

    size: int


def file_shape(file: m.File) -> File:
    facts = file.facts
    return File(
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        format=facts.format,
        architecture=facts.architecture,
        parameters=facts.parameters,
        context=facts.context,
        adapter=facts.adapter,
        tensors=facts.tensors,
        types=facts.types,
    )


def model_shape(model: m.Model, links: Links, *, whole: bool = True) -> Model:
    """The document; of a model in a list, which is not ``whole``, the long texts are not known."""
    given = model.described
    return Model(
        name=model.name,
        title=given.title,
        page=links.model_url(model.name),
        licence=Licence(given.licence, given.licence_text, given.licence_hash if whole else ""),
        base=given.base,
        languages=list(given.languages),
        tags=list(given.tags),
        evaluations=list(given.evaluations),
        approval=given.approval,
        files=[file_shape(file) for file in model.files],
        card=given.card,
        card_html=render_markdown(given.card) if given.card else "",
        created_at=rfc3339(model.created_ms),
        updated_at=rfc3339(model.updated_ms),
    )


def request_shape(asked: Asked, links: Links) -> Request:
    request = asked.request
    return Request(
        token=asked.token,
        url=links.request_url(asked.token),
        page=links.page_url(asked.token),
        model=asked.model.name,
        state=request.state,
        reason=request.reason,
        asked_at=rfc3339(request.asked_ms),
        ends_at=rfc3339(request.ends_ms),
        files=[
            Offer(
                offer.file.name,
                offer.file.size,
                offer.file.sha256,
                offer.file.facts.format,
                offer.file.facts.adapter,
                offer.url,
                rfc3339(offer.until_ms),
            )
            for offer in asked.offers
        ],
    )


def staff_request(request: m.Request) -> StaffRequest:
    form = request.form
    return StaffRequest(
        id=str(request.id),
        state=request.state,
        name=form.name,
        purpose=form.purpose,
        country=form.country,
        email=form.email,
        language=form.language,
        asked_at=rfc3339(request.asked_ms),
        decided_at=rfc3339(request.decided_ms) if request.decided_ms else None,
        licence_sha256=form.licence,
        decided_by=str(request.decided_by) if request.decided_by else None,
        reason=request.reason,
        ends_at=rfc3339(request.ends_ms),
    )


def staff_model(model: m.Model) -> StaffModel:
    return StaffModel(
        name=model.name,
        title=model.described.title,
        state=model.state,
        approval=model.described.approval,
        licence=model.described.licence,
        files=[file_shape(file) for file in model.files],
        created_at=rfc3339(model.created_ms),
        updated_at=rfc3339(model.updated_ms),
    )


def day_shape(day: m.Day) -> Day:
    return Day(
        date=rfc3339(day.day * m.DAY_MS)[:10],
        requests=day.requests,
        approved=day.approved,
        rejected=day.rejected,
        begun=day.begun,
        completed=day.completed,
        bytes=day.bytes,
    )
