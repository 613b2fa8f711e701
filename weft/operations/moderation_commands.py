"""The names, options and words of `weft moderation`; what the commands do lies in ``weft.operations.moderating``."""

from __future__ import annotations

from cyclopts import App

from weft.cli import AsJson, Place, _on, _show
from weft.operations import moderating as operations

moderation = App(name="moderation", help="See what waits for the moderators.")
HERE = Place()


@moderation.command(name="digest")
def moderation_digest(*, days: int = 7, place: Place = HERE, as_json: AsJson = False) -> None:
    """What came and was decided, what waits, since when, and which reports are about the same.

    Parameters
    ----------
    days
        How far back to look.
    """
    answer = _on(place.settings(), lambda db: operations.digest(db, days))
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_digest(answer)


@moderation.command(name="judge")
def moderation_judge(*, place: Place = HERE, as_json: AsJson = False) -> None:
    """Train the judge of posts on the moderators' decisions, and measure it on those that it did not see."""
    settings = place.settings()
    _show(_on(settings, lambda db: operations.measure_judge(db, settings)), as_json=as_json)
