"""Every screen of the app: a name, and its path in the demo. Some paths hold the id of a post that is looked up."""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.browser.town import Town


class Place(NamedTuple):
    name: str
    path: str
    """``{words}`` stands for the id of the newest post that says so."""
    member: bool = True
    staff: bool = False


PLACES: Final = (
    Place("welcome", "/", member=False),
    Place("thread-visitor", "/@shuttle/{The old bridge closes}", member=False),
    Place("profile-visitor", "/@rosa", member=False),
    Place("home", "/"),
    Place("for-you", "/for-you"),
    Place("local", "/local"),
    Place("thread", "/@shuttle/{The old bridge closes}"),
    Place("thread-rtl", "/@omar/{صباح الخير}"),
    Place("post-likes", "/@dev/{Six years of maintaining}/likes"),
    Place("post-quotes", "/@dev/{Six years of maintaining}/quotes"),
    Place("profile", "/@mai"),
    Place("profile-replies", "/@ada/replies"),
    Place("profile-media", "/@eunbyeol/media"),
    Place("profile-about", "/@theo/about"),
    Place("profile-followers", "/@mai/followers"),
    Place("profile-rtl", "/@omar"),
    Place("profile-bare", "/@kit"),
    Place("search", "/search"),
    Place("search-results", "/search?q=bridge"),
    Place("search-ask", "/search?type=ask&q=bridge"),
    Place("tag", "/tags/bridge"),
    Place("tags", "/tags"),
    Place("activity", "/activity"),
    Place("activity-mentions", "/activity/mentions"),
    Place("messages", "/messages"),
    Place("requests", "/requests"),
    Place("lists", "/lists"),
    Place("saved", "/saved"),
    Place("likes", "/likes"),
    Place("scheduled", "/scheduled"),
    Place("drafts", "/drafts"),
    Place("compose", "/compose"),
    Place("assistant", "/assistant"),
    Place("assistant-new", "/assistant/new"),
    Place("start", "/start"),
    Place("absent", "/settings/nothing-here"),
    Place("settings", "/settings"),
    Place("settings-profile", "/settings/profile"),
    Place("settings-account", "/settings/account"),
    Place("settings-sessions", "/settings/sessions"),
    Place("settings-invites", "/settings/invites"),
    Place("settings-appearance", "/settings/appearance"),
    Place("settings-notifications", "/settings/notifications"),
    Place("settings-privacy", "/settings/privacy"),
    Place("settings-filters", "/settings/filters"),
    Place("settings-filter-new", "/settings/filters/new"),
    Place("settings-blocks", "/settings/blocks"),
    Place("settings-portability", "/settings/portability"),
    Place("settings-about", "/settings/about"),
    Place("assistant-about", "/assistant/new?about={The old bridge closes}"),
    Place("reports", "/reports", staff=True),
    Place("reports-digest", "/reports?state=digest", staff=True),
    Place("reports-scores", "/reports?state=scores", staff=True),
)


def path_of(town: Town, place: Place) -> str:
    """The path in this run of the demo."""
    start, brace, rest = place.path.partition("{")
    if not brace:
        return place.path
    words, _, end = rest.partition("}")
    return f"{start}{town.find(words)['id']}{end}"
