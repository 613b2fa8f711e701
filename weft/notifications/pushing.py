"""Sending a push: what decides over one, read anew when it is sent, and the request to the push service.

What the message says is made by the edge. Neither messages nor endpoints, which are addresses of devices, are logged.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import structlog

from weft.infra.db import Db, Reader
from weft.infra.http import Fetcher, FetchRequest
from weft.infra.webpush import Receiver, Signer, draw, seal, seal_as_draft
from weft.kernel.errors import Unavailable
from weft.kernel.ids import AccountId, bucket_of
from weft.notifications.events import PushWanted
from weft.notifications.model import Notification
from weft.notifications.push import Target, decoded, drop_target, read_alerts

KEPT_S = 2 * 86_400
"""How long a push service keeps a message for a device that is off."""
LATE_MS = 20 * 60_000
"""After that no further attempt is made: before the errands give up by themselves."""
DEADLINE_S = 10.0
ANSWER_BYTES = 64 * 1024
_GONE = (404, 410)

log = structlog.get_logger()


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """One notification on its way to one target."""

    account_id: AccountId
    token_id: int
    target: Target
    notification: Notification
    locale: str
    held: bool
    """The token or session it hangs on is still there."""
    follows: bool
    """The receiver follows the sender."""
    followed: bool

    def is_wanted(self, alert: str) -> bool:
        """Whether the receiver asked for this. ``alert`` is the kind's name in the app's words."""
        known = {"all": True, "followed": self.follows, "follower": self.followed, "none": False}
        return self.target.alerts.get(alert, False) and known[self.target.policy] and not self.notification.filtered


# Everything about it lies in the receiver's bucket.
FIND = """
SELECT t.token_id, t.id, t.endpoint, t.key, t.auth, t.standard, t.alerts::text, t.policy,
       n.id, n.kind, n.from_id, n.post_id, n.group_key, n.filtered, u.locale,
       EXISTS (SELECT 1 FROM tokens k WHERE k.bucket = $1 AND k.id = t.token_id)
    OR EXISTS (SELECT 1 FROM sessions s WHERE s.bucket = $1 AND s.id = t.token_id),
       EXISTS (SELECT 1 FROM following f WHERE f.bucket = $1 AND f.account_id = $2 AND f.target_id = n.from_id),
       EXISTS (SELECT 1 FROM followers f WHERE f.bucket = $1 AND f.account_id = $2 AND f.follower_id = n.from_id)
  FROM push_targets t
  JOIN notifications n ON n.bucket = $1 AND n.account_id = $2 AND n.id = $4
  JOIN users u ON u.bucket = $1 AND u.account_id = $2 AND u.state = 'active'
 WHERE t.bucket = $1 AND t.account_id = $2 AND t.id = $3
"""


async def find_push(reader: Reader, event: PushWanted) -> Push | None:
    """What was asked to be pushed; None where the target or the notification is gone."""
    row = await reader.row(FIND, bucket_of(event.account_id), event.account_id, event.target_id, event.notification_id)
    if row is None:
        return None
    names = "id", "endpoint", "key", "auth", "standard"
    place = dict(zip(names, row[1:6], strict=True))
    return Push(
        account_id=event.account_id,
        token_id=row[0],
        target=Target(**place, alerts=read_alerts(row[6]), policy=row[7]),
        notification=Notification(*row[8:14]),
        locale=row[14],
        held=row[15],
        follows=row[16],
        followed=row[17],
    )


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the edge made it."""

    payload: bytes
    urgent: bool
    topic: str
    """What a newer message takes the place of, where the older one was not delivered yet."""


@dataclass(frozen=True)
class PushSender:
    """Sends, through the one gate to the outside; one per worker."""

    db: Db
    fetcher: Fetcher
    signer: Signer

    def is_late(self, push: Push) -> bool:
        return self.db.clock.now_ms() - push.notification.created_ms > LATE_MS

    async def drop(self, push: Push) -> None:
        await drop_target(self.db, push.account_id, push.token_id)

    async def send(self, push: Push, parcel: Parcel) -> None:
        """Hand a message over to the push service. A target that is no more is forgotten.

        Raises:
            Unavailable: the service is away or overloaded; trying again later may work.
        """
        try:
            fetched = await self.fetcher.fetch(self._request(push.target, parcel))
        except Unavailable as error:
            if error.code != "fetch.refused":
                raise
            await self.drop(push)  # an address that may not be asked, now or later
            return
        if fetched.status in _GONE:
            await self.drop(push)
        elif fetched.status == 429 or fetched.status >= 500:
            raise Unavailable("fetch.failed", reason="status", status=fetched.status)
        elif not fetched.is_success:
            log.warning("push.refused", status=fetched.status)

    def _request(self, target: Target, parcel: Parcel) -> FetchRequest:
        receiver = Receiver(decoded(target.key), decoded(target.auth))
        now_s = self.db.clock.now_ms() // 1000
        headers = {
            "ttl": str(KEPT_S),
            "urgency": "high" if parcel.urgent else "normal",
            "topic": parcel.topic,
            "content-type": "application/octet-stream",
        }
        if target.standard:
            message = seal(parcel.payload, receiver, draw())
            headers |= {**message.headers, **self.signer.headers(target.endpoint, now_s)}
        else:
            message = seal_as_draft(parcel.payload, receiver, draw())
            headers |= {**message.headers, **self.signer.headers_as_draft(target.endpoint, now_s, message)}
        return FetchRequest(
            "POST",
            target.endpoint,
            headers,
            message.body,
            max_bytes=ANSWER_BYTES,
            follow=False,
            deadline_s=DEADLINE_S,
        )
