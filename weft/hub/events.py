"""What the hub tells of."""

from __future__ import annotations

from weft.hub.model import RequestState
from weft.infra.events import Event


class RequestDecided(Event):
    """Somebody of the staff approved or rejected a request; whoever gave an address is written to."""

    request_id: int
    state: RequestState
