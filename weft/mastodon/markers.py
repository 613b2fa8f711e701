"""Read markers and preferences: small things that follow a person from device to device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from weft.accounts.service import find_user
from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import parse_id
from weft.mastodon.addresses import VISIBILITIES
from weft.mastodon.context import Mastodon
from weft.timelines.service import Marker, load_markers, save_markers


class MarkerEntity(msgspec.Struct):
    last_read_id: str
    version: int
    updated_at: str


class MarkersParams(msgspec.Struct):
    timeline: list[Literal["home", "notifications"]] = []


class Place(msgspec.Struct):
    last_read_id: str | None = None


class PlacesParams(msgspec.Struct):
    home: Place | None = None
    notifications: Place | None = None

    def places(self) -> dict[str, int]:
        """Where each timeline that is named was read to.

        Raises:
            Invalid: that is no id.
        """
        found: dict[str, int] = {}
        for name, place in (("home", self.home), ("notifications", self.notifications)):
            if place is None or not place.last_read_id:
                continue
            id_ = parse_id(place.last_read_id)
            if id_ is None:
                raise Invalid("param.type", field=f"{name}.last_read_id")
            found[name] = id_
        return found


class Preferences(msgspec.Struct):
    visibility: str = msgspec.field(name="posting:default:visibility")
    sensitive: bool = msgspec.field(name="posting:default:sensitive")
    language: str | None = msgspec.field(name="posting:default:language")
    quote_policy: str = msgspec.field(name="posting:default:quote_policy")
    media: str = msgspec.field(name="reading:expand:media", default="default")
    spoilers: bool = msgspec.field(name="reading:expand:spoilers", default=False)
    autoplay: bool = msgspec.field(name="reading:autoplay:gifs", default=False)


def _present(markers: Mapping[str, Marker]) -> dict[str, MarkerEntity]:
    return {
        name: MarkerEntity(str(marker.last_read_id), marker.version, rfc3339(marker.updated_ms))
        for name, marker in markers.items()
    }


async def show(call: Call[Mastodon, MarkersParams]) -> Response:
    async with call.app.db.read() as reader:
        return as_json(_present(await load_markers(reader, call.user_id, call.params.timeline)))


async def save(call: Call[Mastodon, PlacesParams]) -> Response:
    places = call.params.places()
    return as_json(_present(await save_markers(call.app.db, call.user_id, places)) if places else {})


async def preferences(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        user = await find_user(reader, call.user_id)
    if user is None:
        raise NotFound("record.absent")
    visibility = VISIBILITIES[user.post_visibility]
    return as_json(Preferences(visibility, user.post_sensitive, user.post_language or None, user.quote_policy))


_PATH = "/api/v1/markers"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET", path=_PATH, handler=show, auth=Auth.USER, scopes=("read:statuses",), sees=Sees.OWN, rate=API,
        body=0, params=MarkersParams, returns=dict[str, MarkerEntity], tag="markers",
    ),
    Route(
        method="POST", path=_PATH, handler=save, auth=Auth.USER, scopes=("write:statuses",), sees=Sees.OWN, rate=API,
        body=SMALL_BODY, params=PlacesParams, returns=dict[str, MarkerEntity], tag="markers", refusals=(409,),
    ),
    Route(
        method="GET", path="/api/v1/preferences", handler=preferences, auth=Auth.USER, scopes=("read:accounts",),
        sees=Sees.OWN, rate=API, body=0, returns=Preferences, tag="accounts",
    ),
)  # fmt: skip
