"""What the hub holds: models with their files, requests for them, and the rules of both. Values only.

A model's card is Markdown and becomes HTML elsewhere; what a file says of itself is shown and never relied on.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal

import msgspec

from weft.hub.countries import COUNTRIES
from weft.hub.formats.reader import ENDINGS, ending_of
from weft.hub.formats.source import Facts
from weft.kernel.errors import Invalid
from weft.kernel.ids import ms_of
from weft.kernel.text.clean import clean_text

Approval = Literal["automatic", "manual"]
ModelState = Literal["shown", "hidden"]
RequestState = Literal["waiting", "approved", "rejected"]

DAY_MS: Final = 86_400_000
LINK_MS: Final = DAY_MS
"""How long a link to a file works."""
APPROVED_MS: Final = 30 * DAY_MS
"""How long new links are given out after a request was approved."""
WAITING_MS: Final = 90 * DAY_MS
"""How long a request waits for somebody's decision."""
MOST_WAITING: Final = 20_000
"""Requests for one model that wait for a decision."""

MOST_CARD: Final = 64 * 1024
MOST_LICENCE: Final = 128 * 1024
MOST_FILES: Final = 64
MOST_WORDS: Final = 32
MOST_EVALUATIONS: Final = 256
LONGEST_LINE: Final = 200
LONGEST_PURPOSE: Final = 2000
LONGEST_REASON: Final = 1000

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9]|[._-](?=[a-z0-9])){0,62}", re.ASCII)
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_+=-]|\.(?=[A-Za-z0-9])){0,126}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One number that somebody measured, with what it takes to read it."""

    task: str
    metric: str
    value: float
    note: str = ""


class File(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sha256: str
    size: int
    facts: Facts


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator says of a model."""

    name: str
    title: str
    licence: str
    card: str = ""
    licence_text: str = ""
    base: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    approval: Approval = "manual"

    @property
    def licence_hash(self) -> str:
        """Which licence was accepted, should it change later."""
        return hashlib.sha256(f"{self.licence}\n{self.licence_text}".encode()).hexdigest()


class Model(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    described: Description
    state: ModelState = "shown"
    updated_ms: int = 0
    files: tuple[File, ...] = ()

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def created_ms(self) -> int:
        return ms_of(self.id)

    def file(self, name: str) -> File | None:
        return next((file for file in self.files if file.name == name), None)


LETTER_LANGUAGES: Final = ("en", "vi", "ko")
"""In which people are written to."""
_RESERVED: Final = frozenset({"requests", "staff"})
"""Pages beside those of the models."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who wants a model writes."""

    name: str
    purpose: str
    country: str
    email: str = ""
    language: str = "en"
    """In which they are written to; another one than ours becomes English."""
    licence_accepted: bool = False
    licence: str = ""
    """The hash of the licence as it was read; empty means the present one."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    model_id: int
    secret: bytes
    state: RequestState
    form: Form
    """Its ``licence`` is the one that was accepted."""
    reason: str = ""
    decided_by: int = 0
    decided_ms: int = 0
    ends_ms: int = 0

    @property
    def asked_ms(self) -> int:
        return ms_of(self.id)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What happened with a model on one day of UTC, counted from 1970, or on all (0). Nobody's address is in it."""

    day: int
    requests: int = 0
    approved: int = 0
    rejected: int = 0
    begun: int = 0
    completed: int = 0
    bytes: int = 0


def check_description(given: Description) -> Description:
    """The description as it is kept.

    Raises:
        Invalid: a field is missing, too long, or no such thing.
    """
    if _NAME.fullmatch(given.name) is None or given.name in _RESERVED:
        raise Invalid("hub.name", field="name")
    for language in given.languages:
        if _LANGUAGE.fullmatch(language) is None:
            raise Invalid("hub.language", field="languages")
    for field, words in (("languages", given.languages), ("tags", given.tags)):
        if len(words) > MOST_WORDS:
            raise Invalid("hub.too_many", field=field, limit=MOST_WORDS)
    if len(given.evaluations) > MOST_EVALUATIONS:
        raise Invalid("hub.too_many", field="evaluations", limit=MOST_EVALUATIONS)
    return msgspec.structs.replace(
        given,
        title=_line(given.title, "title"),
        licence=_line(given.licence, "licence"),
        base=_line(given.base, "base", blank=True),
        card=_text(given.card, "card", MOST_CARD, blank=True),
        licence_text=_text(given.licence_text, "licence_text", MOST_LICENCE, blank=True),
        tags=tuple(dict.fromkeys(_line(tag, "tags") for tag in given.tags)),
        languages=tuple(dict.fromkeys(given.languages)),
        evaluations=tuple(_evaluation(each) for each in given.evaluations),
    )


def _evaluation(given: Evaluation) -> Evaluation:
    return msgspec.structs.replace(
        given,
        task=_line(given.task, "evaluations"),
        metric=_line(given.metric, "evaluations"),
        note=_line(given.note, "evaluations", blank=True),
    )


def check_form(given: Form) -> Form:
    """The form as it is kept. The address is checked by whoever knows addresses.

    Raises:
        Invalid: something is missing or too long, or the licence was not accepted.
    """
    if not given.licence_accepted:
        raise Invalid("hub.licence_not_accepted", field="licence_accepted")
    country = given.country.strip().upper()
    if country not in COUNTRIES:
        raise Invalid("hub.country", field="country")
    return msgspec.structs.replace(
        given,
        name=_line(given.name, "name"),
        purpose=_text(given.purpose, "purpose", LONGEST_PURPOSE),
        country=country,
        email=given.email.strip(),
        language=given.language if given.language in LETTER_LANGUAGES else "en",
    )


def check_licence(form: Form, described: Description) -> Form:
    """The form with the licence that it accepts.

    Raises:
        Invalid: it is another one by now than the one that was read.
    """
    if form.licence and form.licence != described.licence_hash:
        raise Invalid("hub.licence_changed", field="licence_accepted")
    return msgspec.structs.replace(form, licence=described.licence_hash)


def is_under_its_licence(request: Request, model: Model) -> bool:
    """Whether the model is given out under the licence that was accepted for it."""
    return request.form.licence == model.described.licence_hash


def check_reason(reason: str, *, blank: bool) -> str:
    return _text(reason, "reason", LONGEST_REASON, blank=blank)


def check_file_name(name: str) -> str:
    """The name under which a file is offered: it is part of an address, and of a path on other people's machines.

    Raises:
        Invalid: it could not be, or its ending is of no format that the hub holds.
    """
    if _FILE_NAME.fullmatch(name) is None:
        raise Invalid("hub.file.name", field="file", name=name)
    if ending_of(name) not in ENDINGS:
        raise Invalid("hub.file.format", field="file", name=name)
    return name


def is_hash(text: str) -> bool:
    return _HASH.fullmatch(text) is not None


def is_open(request: Request, now_ms: int) -> bool:
    """Whether links may be given out and followed for it."""
    return request.state == "approved" and now_ms < request.ends_ms


def _line(given: str, field: str, *, blank: bool = False) -> str:
    text = " ".join(clean_text(given).split())
    return _bounded(text, field, LONGEST_LINE, blank=blank)


def _text(given: str, field: str, limit: int, *, blank: bool = False) -> str:
    return _bounded(clean_text(given).strip(), field, limit, blank=blank)


def _bounded(text: str, field: str, limit: int, *, blank: bool) -> str:
    if not text and not blank:
        raise Invalid("hub.blank", field=field)
    if len(text) > limit:
        raise Invalid("hub.too_long", field=field, limit=limit)
    return text
