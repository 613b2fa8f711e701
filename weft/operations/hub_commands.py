"""The names, options and words of `weft hub`; what the commands do lies in ``weft.operations.hub``.

Apart from ``cli`` so that each of the two stays readable; loaded when somebody calls it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from cyclopts import App, Parameter

from weft.cli import AsJson, Place, _on, _show
from weft.kernel.errors import NotFound
from weft.kernel.ids import parse_id
from weft.operations import hub as operations

hub = App(name="hub", help="Publish open models, and decide who gets them.")
HERE = Place()


@Parameter(name="*")
@dataclass(frozen=True)
class About:
    """What is said of a model."""

    title: str = ""
    "What people read (default: the name)."
    card: str = ""
    "A Markdown file that describes the model."
    licence_text: str = ""
    "A file with the licence itself."
    base: str = ""
    "The model it was made from."
    languages: str = ""
    "Language codes with commas between them."
    tags: str = ""
    "Words with commas between them."
    evaluations: str = ""
    'A JSON file with numbers: [{"task", "metric", "value", "note"}].'
    approval: str = "manual"
    "manual, or automatic: whoever accepts the licence gets it at once."


NOTHING = About()


@hub.command(name="publish")
def hub_publish(
    source: str, *, name: str, licence: str, about: About = NOTHING, place: Place = HERE, as_json: AsJson = False
) -> None:
    """Publish a model, or put another in its place.

    Parameters
    ----------
    source
        A file, or a folder of files: GGUF, safetensors, JSON and plain text.
    name
        The name in addresses: small letters, digits, and . _ - in between.
    licence
        What the licence is called, such as Apache-2.0.
    """
    settings = place.settings()
    wanted = operations.Wanted(source=source, name=name, licence=licence, **asdict(about))
    _show(_on(settings, lambda db: operations.publish(db, settings, wanted)), as_json=as_json)


@hub.command(name="list")
def hub_list(*, place: Place = HERE, as_json: AsJson = False) -> None:
    """List the models with what was counted."""
    settings = place.settings()
    _rows(_on(settings, lambda db: operations.list_all(db, settings)), "models", as_json=as_json)


@hub.command(name="hide")
def hub_hide(name: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """Hide a model; its links lead nowhere from now on."""
    settings = place.settings()
    _show(_on(settings, lambda db: operations.set_state(db, settings, name, shown=False)), as_json=as_json)


@hub.command(name="unhide")
def hub_unhide(name: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """Show a hidden model again."""
    settings = place.settings()
    _show(_on(settings, lambda db: operations.set_state(db, settings, name, shown=True)), as_json=as_json)


@hub.command(name="requests")
def hub_requests(name: str = "", *, state: str = "waiting", place: Place = HERE, as_json: AsJson = False) -> None:
    """List requests, the newest first.

    Parameters
    ----------
    name
        Of this model; of all when left out.
    state
        waiting, approved or rejected.
    """
    settings = place.settings()
    _rows(_on(settings, lambda db: operations.requests(db, settings, name, state)), "requests", as_json=as_json)


@hub.command(name="approve")
def hub_approve(id: str, *, reason: str = "", place: Place = HERE, as_json: AsJson = False) -> None:
    """Approve a request."""
    settings = place.settings()
    _show(_on(settings, lambda db: operations.decide(db, settings, _id(id), "approved", reason)), as_json=as_json)


@hub.command(name="reject")
def hub_reject(
    id: str,
    *,
    reason: Annotated[str, Parameter(help="Why; whoever asked reads it.")],
    place: Place = HERE,
    as_json: AsJson = False,
) -> None:
    """Reject a request, or end one that was approved."""
    settings = place.settings()
    _show(_on(settings, lambda db: operations.decide(db, settings, _id(id), "rejected", reason)), as_json=as_json)


@hub.command(name="forget")
def hub_forget(id: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """Delete a request with everything that was written in it."""
    settings = place.settings()
    _show(_on(settings, lambda db: operations.forget(db, settings, _id(id))), as_json=as_json)


@hub.command(name="days")
def hub_days(name: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """What happened with a model, by day: requests, approvals, downloads, bytes."""
    settings = place.settings()
    _rows(_on(settings, lambda db: operations.days(db, settings, name)), "days", as_json=as_json)


def _id(text: str) -> int:
    found = parse_id(text)
    if found is None:
        raise NotFound("record.absent")
    return found


def _rows(answer: dict[str, object], name: str, *, as_json: bool) -> None:
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_rows(answer[name])
