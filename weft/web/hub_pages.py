"""The hub's pages, for people with and without script: what there is, the form, and what became of a request.

Anybody sees them. A request's page is for whoever holds its address, and says so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from weft.hub.model import Form, Model, is_under_its_licence
from weft.hub.service import Asked, Hub
from weft.infra.admit import HUB_REQUEST
from weft.infra.routing.table import Call, Response, Route, Sees
from weft.kernel.errors import Invalid, NotFound, Unavailable
from weft.kernel.text.render import render_markdown
from weft.web.browser import Browser, browser_of, redirect, show
from weft.web.context import Web
from weft.web.hub_views import commands_of, file_view
from weft.web.page_route import page_route
from weft.web.public_words import Words
from weft.web.texts.countries import countries_in
from weft.web.texts.hub import hub_texts


class HubForm(msgspec.Struct, kw_only=True):
    name: str = ""
    purpose: str = ""
    country: str = ""
    email: str = ""
    licence_accepted: bool = False
    licence: str = ""
    """The hash of the licence that the page showed."""
    csrf: str = ""


_FIELDS = ("", "name", "purpose", "country", "email", "licence_accepted")
"""Where something may be wrong; the empty one is the form as a whole."""


class ProofParams(msgspec.Struct, kw_only=True):
    csrf: str = ""


def require_hub(call: Call[Web, Any]) -> Hub:
    if call.app.hub is None:
        raise NotFound("route.absent")
    return call.app.hub


async def list_models(call: Call[Web, None]) -> Response:
    models = await require_hub(call).models()
    browser = await browser_of(call)
    return _show(call, browser, "hub.html", {"models": models})


async def show_model(call: Call[Web, HubForm]) -> Response:
    model = await require_hub(call).require_model(call.path["name"])
    return _model_page(call, await browser_of(call), model, {})


async def send_form(call: Call[Web, HubForm]) -> Response:
    """Ask for a model; what is wrong is said beside its field."""
    hub, given = require_hub(call), call.params
    browser = await browser_of(call)
    browser.check_form(given.csrf)
    form = Form(
        name=given.name,
        purpose=given.purpose,
        country=given.country,
        email=given.email,
        language=browser.language,
        licence_accepted=given.licence_accepted,
        licence=given.licence,
    )
    try:
        asked = await hub.ask(call.path["name"], form)
    except Invalid as error:
        model = await hub.require_model(call.path["name"])
        return _model_page(call, browser, model, _problems(error, browser.language))
    except Unavailable as error:
        if error.code != "hub.full":
            raise
        model = await hub.require_model(call.path["name"])
        return _model_page(call, browser, model, {"": hub_texts(browser.language)["full"]})
    return redirect(f"/hub/requests/{asked.token}")


def _problems(error: Invalid, language: str) -> dict[str, str]:
    """What to say beside the field that is wrong."""
    field = str(error.values.get("field", "email" if error.code.startswith("mail.") else ""))
    texts = hub_texts(language)
    said = texts.get(f"problem.{error.code}", texts["problem.hub.blank"])
    return {field: said.format(limit=error.values.get("limit", ""))}


def _model_page(call: Call[Web, HubForm], browser: Browser, model: Model, problems: dict[str, str]) -> Response:
    files = [file_view(file, "") for file in model.files]
    values = {
        "model": model,
        "card": render_markdown(model.described.card),
        "files": files,
        "given": call.params,
        "error": bool(problems),
        "problems": {**dict.fromkeys(_FIELDS, ""), **problems},
        "countries": countries_in(browser.language),
        "keep_days": call.app.settings.hub_keep_days,
        "commands": commands_of(files, model.name),
    }
    return _show(call, browser, "hub_model.html", values, status=422 if problems else 200)


async def show_request(call: Call[Web, None]) -> Response:
    hub = require_hub(call)
    asked = await hub.require_asked(call.path["token"])
    files = [file_view(offer.file, offer.url) for offer in asked.offers]
    values = {
        "asked": asked,
        "model": asked.model,
        "request": asked.request,
        "says": _state_of(asked),
        "until_ms": min((offer.until_ms for offer in asked.offers), default=0),
        "files": files,
        "commands": commands_of(files, asked.model.name),
    }
    return _show(call, await browser_of(call), "hub_request.html", values)


def _state_of(asked: Asked) -> str:
    """Which sentence says how the request stands."""
    if asked.request.state != "approved" or asked.offers:
        return f"request.{asked.request.state}"
    if asked.model.state != "shown":
        return "request.hidden"
    return "request.over" if is_under_its_licence(asked.request, asked.model) else "request.licence"


async def delete_request(call: Call[Web, ProofParams]) -> Response:
    browser = await browser_of(call)
    browser.check_form(call.params.csrf)
    await require_hub(call).withdraw(call.path["token"])
    texts = hub_texts(browser.language)
    values = {"heading": texts["deleted.title"], "text": texts["deleted.text"], "link": "/hub"}
    return call.app.pages.show("message.html", browser.look, values)


def _show(
    call: Call[Web, Any], browser: Browser, template: str, values: dict[str, Any], *, status: int = 200
) -> Response:
    shared = {"h": hub_texts(browser.language), "w": Words(browser.language)}
    return show(call, browser, template, {**shared, **values}, status)


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/hub", list_models, None, sees=Sees.PUBLIC, summary="The models that may be asked for"),
    page_route("GET", "/hub/:name", show_model, HubForm, sees=Sees.PUBLIC, summary="A model and the form to ask"),
    page_route("POST", "/hub/:name", send_form, HubForm, rate=HUB_REQUEST, summary="Ask for a model"),
    page_route("GET", "/hub/requests/:token", show_request, None, summary="What became of a request"),
    page_route("POST", "/hub/requests/:token/delete", delete_request, ProofParams, summary="Delete a request"),
)
