"""What the handlers of the client API work with: the ports and caches of one worker, put together by ``wiring``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weft.posts.service import Heat

if TYPE_CHECKING:
    from weft.accounts.service import Authenticator, Passwords, SessionAuthenticator
    from weft.assistant.service import Assistant
    from weft.infra.admit import Admit
    from weft.infra.blobs import Blobs
    from weft.infra.db import Db
    from weft.infra.http import Fetcher
    from weft.infra.mail import Mailer
    from weft.infra.outbox import Dispatcher
    from weft.infra.signals import Signals
    from weft.kernel.clock import Clock
    from weft.mastodon.census import Census
    from weft.mastodon.description import Document
    from weft.mastodon.presenter import Presenter
    from weft.media.service import Workshop
    from weft.settings import Settings
    from weft.timelines.service import Streams, Timelines, Viewers


@dataclass(frozen=True, kw_only=True)
class Mastodon:
    """The context of every handler: ``call.app``."""

    settings: Settings
    db: Db
    clock: Clock
    admit: Admit
    signals: Signals
    dispatcher: Dispatcher
    blobs: Blobs
    workshop: Workshop
    mailer: Mailer
    fetcher: Fetcher
    passwords: Passwords
    authenticator: Authenticator
    sessions: SessionAuthenticator
    viewers: Viewers
    timelines: Timelines
    streams: Streams
    presenter: Presenter
    vapid_key: str
    """The public key that browsers ask pushes to be signed with."""
    document: Document
    census: Census
    heat: Heat = field(default_factory=Heat)
    assistant: Assistant | None = None
    """Translates, where its model can; None where it is off."""
