"""The hub's pages for the staff: which models there are, who waits for a decision, and what was counted by day.

Whoever is signed out is sent to sign in, and whoever is not of the staff is refused; showing and hiding is for owner
and admins.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

import msgspec

from weft.hub.model import Day, Model, Request, is_open
from weft.hub.service import PUBLISHERS, Hub
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from weft.kernel.ids import MAX_ID, AccountId, parse_id
from weft.web.browser import Browser, browser_of, redirect, show
from weft.web.context import Web
from weft.web.hub_pages import require_hub
from weft.web.hub_views import DayView, ModelView
from weft.web.page_route import page_route
from weft.web.public_words import Words
from weft.web.texts.countries import countries_in
from weft.web.texts.hub_staff import staff_texts

OVERVIEW = "/hub/staff"
_SHOWN = 50
_DAYS_SHOWN = 90
_NOTHING = (Day(day=0), 0)

Change = Literal["show", "hide", "automatic", "manual"]
Decision = Literal["approve", "reject", "forget"]


class DecisionForm(msgspec.Struct, kw_only=True):
    decision: Decision = "approve"
    reason: str = ""
    model: str = ""
    """The model whose page it was sent from; empty for the overview."""
    csrf: str = ""


class ChangeForm(msgspec.Struct, kw_only=True):
    change: Change = "show"
    csrf: str = ""


async def overview(call: Call[Web, None]) -> Response:
    browser = await browser_of(call)
    if browser.session is None:
        return redirect(f"/auth/sign_in?return_to={OVERVIEW}")
    await _require_staff(call, browser)
    return await _overview_page(call, browser)


async def _overview_page(call: Call[Web, Any], browser: Browser, problem: str = "") -> Response:
    found = await require_hub(call).overview(_SHOWN)
    models = [ModelView(model, *found.totals.get(model.id, _NOTHING)) for model in found.models]
    names = {model.id: model for model in found.models}
    waiting = [(request, names[request.model_id]) for request in found.waiting]
    values = {"models": models, "waiting": waiting, "more": sum(view.waiting for view in models) > len(waiting)}
    return _show(call, browser, "hub_staff.html", {**values, "back": ""}, problem)


async def show_model(call: Call[Web, None]) -> Response:
    browser = await browser_of(call)
    if browser.session is None:
        return redirect(f"/auth/sign_in?return_to={OVERVIEW}")
    await _require_staff(call, browser)
    return await _model_page(call, browser, call.path["name"])


async def _model_page(call: Call[Web, Any], browser: Browser, name: str, problem: str = "") -> Response:
    hub = require_hub(call)
    model, waiting = await hub.queue(name, "waiting", MAX_ID, _SHOWN)
    _, approved = await hub.queue(name, "approved", MAX_ID, _SHOWN)
    days = [DayView(day) for day in (await hub.days(name))[:_DAYS_SHOWN]]
    values = {
        "model": model,
        "waiting": _of(waiting, model),
        "approved": _of([each for each in approved if is_open(each, call.app.db.clock.now_ms())], model),
        "days": days,
        "may_publish": browser.account is not None and browser.account.role in PUBLISHERS,
        "back": model.name,
    }
    return _show(call, browser, "hub_staff_model.html", values, problem)


def _of(requests: list[Request], model: Model) -> list[tuple[Request, Model]]:
    return [(request, model) for request in requests]


async def decide(call: Call[Web, DecisionForm]) -> Response:
    """Carry a decision out and show the page it was made on; what is wrong is said there."""
    browser, given = await _sent(call, call.params.csrf), call.params
    actor = await _require_staff(call, browser)
    id_ = parse_id(call.path["id"])
    if id_ is None:
        raise NotFound("record.absent")
    try:
        await _carry_out(require_hub(call), actor, id_, given)
    except (Invalid, Conflict) as error:
        texts = staff_texts(browser.language)
        said = texts.get(f"problem.{error.code}", texts["problem"])
        page = _model_page(call, browser, given.model, said) if given.model else _overview_page(call, browser, said)
        return await page
    return redirect(_address_of(given.model))


async def _carry_out(hub: Hub, actor: AccountId, id_: int, given: DecisionForm) -> None:
    match given.decision:
        case "approve":
            await hub.decide(actor, id_, "approved", "")
        case "reject":
            await hub.decide(actor, id_, "rejected", given.reason)
        case "forget":
            await hub.forget(actor, id_)


async def change_model(call: Call[Web, ChangeForm]) -> Response:
    """Show or hide a model, or change how requests for it are approved."""
    browser = await _sent(call, call.params.csrf)
    actor, publishing, name = _account_of(browser), require_hub(call).publishing, call.path["name"]
    await require_hub(call).require_staff(actor, PUBLISHERS)
    match call.params.change:
        case "show":
            await publishing.set_state(name, "shown")
        case "hide":
            await publishing.set_state(name, "hidden")
        case "automatic" | "manual" as approval:
            await publishing.set_approval(name, approval)
    return redirect(_address_of(name))


def _address_of(model: str) -> str:
    return f"{OVERVIEW}/models/{quote(model, safe='')}" if model else OVERVIEW


async def _sent(call: Call[Web, Any], csrf: str) -> Browser:
    browser = await browser_of(call)
    browser.check_form(csrf)
    return browser


async def _require_staff(call: Call[Web, Any], browser: Browser) -> AccountId:
    actor = _account_of(browser)
    await require_hub(call).require_staff(actor)
    return actor


def _account_of(browser: Browser) -> AccountId:
    if browser.session is None or browser.user is None or browser.user.state != "active":
        raise Forbidden("staff.only")
    return browser.session.account_id


def _show(call: Call[Web, Any], browser: Browser, template: str, values: dict[str, Any], problem: str) -> Response:
    language = browser.language
    words = {"s": staff_texts(language), "w": Words(language), "countries": dict(countries_in(language))}
    shared = {**words, "problem": problem}
    return show(call, browser, template, {**shared, **values}, 422 if problem else 200)


ROUTES: tuple[Route, ...] = (
    page_route("GET", OVERVIEW, overview, None, summary="The hub for its staff: models, and who waits"),
    page_route("GET", f"{OVERVIEW}/models/:name", show_model, None, summary="A model for the staff, with its days"),
    page_route("POST", f"{OVERVIEW}/requests/:id", decide, DecisionForm, summary="Approve, reject or delete a request"),
    page_route("POST", f"{OVERVIEW}/models/:name", change_model, ChangeForm, summary="Show or hide a model"),
)
