"""The names, options and words of `weft model`; what the commands do lies in ``weft.operations.models``.

Apart from ``cli`` so that each of the two stays readable; loaded when somebody calls it.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import App

from weft.cli import AsJson, Place, Switch, _on, _show
from weft.operations import models as operations
from weft.operations import training_commands

model = App(name="model", help="Look after the assistant's models.")
HERE = Place()
training_commands.add_to(model)


@model.command(name="add")
def model_add(
    source: str,
    *,
    name: str = "",
    sha256: str = "",
    most_gb: float = 32.0,
    place: Place = HERE,
    as_json: AsJson = False,
) -> None:
    """Add a model from a GGUF file or an address. A download that broke off goes on where it stopped.

    Parameters
    ----------
    source
        A file, or an address that starts with https:// or http://.
    name
        What it is called here (default: after the file).
    sha256
        The hash that the file must have.
    most_gb
        The largest file that is taken.
    """
    wanted = operations.Wanted(source, name, sha256, int(most_gb * (1 << 30)))
    _show(operations.add(place.settings(), wanted), as_json=as_json)


@model.command(name="list")
def model_list(*, place: Place = HERE, as_json: AsJson = False) -> None:
    """List the models; a star marks those in use."""
    answer = operations.list_all(place.settings())
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_list(answer)


@model.command(name="use")
def model_use(name: str, *, for_: str = "", place: Place = HERE, as_json: AsJson = False) -> None:
    """Let a model do what it is for.

    Parameters
    ----------
    name
        One that `weft model list` shows.
    for_
        chat or embed; found out where it is left out.
    """
    _show(operations.use(place.settings(), name, for_), as_json=as_json)


@model.command(name="remove")
def model_remove(name: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """Remove an added model and its file."""
    _show(operations.remove(place.settings(), name), as_json=as_json)


@model.command(name="check")
def model_check(
    *capabilities: str,
    language: str = "",
    whole: Annotated[bool, Switch] = False,
    place: Place = HERE,
    as_json: AsJson = False,
) -> int:
    """Put the golden set to the configured models, and switch on only what they pass. Status 1 where one was away.

    Parameters
    ----------
    capabilities
        ask, summary, translate, alt_text, reword, tags, chat, embed; all when left out.
    language
        en, vi or ko; all when left out.
    whole
        Go on with a part when its bar is out of reach.
    """
    from weft.operations import model_check as checking

    wanted = checking.wanted_of(capabilities, language, whole=whole)
    settings = place.settings()
    answer = _on(settings, lambda db: checking.check(db, settings, wanted))
    if as_json:
        _show(answer, as_json=True)
    else:
        checking.print_table(answer)
    return 1 if answer["away"] else 0
