"""The names, options and words of `weft model train`, `trained` and `publish`; what they do lies in
``weft.operations.training``. Loaded when somebody calls one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from cyclopts import App, Parameter

from weft.assistant.service import training
from weft.cli import AsJson, Place, _show
from weft.operations import training as operations

HERE = Place()


@Parameter(name="*")
@dataclass(frozen=True)
class Learning:
    """How the model learns."""

    steps: int = 200
    "Steps at most."
    cpu_minutes: float = 60.0
    "CPU minutes for learning; it stops there, and a longer budget goes on. Measuring comes on top."
    days: int = 365
    "How far back posts are read."
    rank: int = 8
    "Rank of the adapter."
    batch: int = 4
    "Sequences a step."
    length: int = 256
    "Tokens of a sequence."
    rate: float = 2e-4
    "Learning rate."
    seed: int = 1
    "The number that everything is drawn from."
    threads: int = 1
    "Threads that compute."
    share: float = 0.05
    "The largest part of the text that may be one author's, in a community that is large enough."


USUAL = Learning()


def train(
    *, name: str, base: str = "smollm2-135m", learning: Learning = USUAL, place: Place = HERE, as_json: AsJson = False
) -> int:
    """Train a model of the community's own on public posts of members who agreed. Status 3 where a gate failed.

    A run that was broken off goes on when it is called with the same name.

    Parameters
    ----------
    name
        The model's name: small letters, digits, and . _ - in between.
    base
        The model it is made from; `weft model list` names them.
    """
    plan = training.Plan(
        name=name,
        seed=learning.seed,
        rank=learning.rank,
        alpha=2.0 * learning.rank,
        steps=learning.steps,
        batch=learning.batch,
        length=learning.length,
        rate=learning.rate,
        cpu_s=learning.cpu_minutes * 60,
        threads=learning.threads,
    )
    wanted = operations.Wanted(plan=plan, base=base, days=learning.days, share=learning.share)
    answer = operations.train(place.settings(), wanted)
    _show(answer, as_json=as_json)
    return 0 if answer["may_be_published"] else 3


def trained(name: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """Show what a run came to: its card, or with --json its numbers.

    Parameters
    ----------
    name
        The run's name.
    """
    if as_json:
        _show(operations.show(place.settings(), name), as_json=True)
    else:
        operations.print_card(place.settings(), name)


def publish(
    name: str, *, title: str = "", approval: str = "manual", place: Place = HERE, as_json: AsJson = False
) -> None:
    """Put a trained model on the hub, with adapter, manifest and card. Refused where a gate failed.

    Parameters
    ----------
    name
        The run's name.
    title
        What people read (default: the name).
    approval
        manual, or automatic: whoever accepts the licence gets it at once.
    """
    _show(operations.publish(place.settings(), name, title, approval), as_json=as_json)


def add_to(model: App) -> None:
    """Let `weft model` have these."""
    for command in (train, trained, publish):
        model.command(command)
