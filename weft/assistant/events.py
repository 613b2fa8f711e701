"""What the assistant tells its own caches in every process."""

from __future__ import annotations

from weft.accounts.events import OfAccount
from weft.infra.events import Event
from weft.kernel.ids import AccountId, PostId


class AssistantAllowed(OfAccount):
    """An account let the assistant read its public posts again, or forbade it (``out``)."""

    out: bool = False


class PostsEmbedded(Event):
    """These posts can be found by meaning from now on. A signal, never stored: the rows say it."""

    post_ids: tuple[PostId, ...]


class AuthorsForgotten(Event):
    """Nothing of these authors can be found by meaning any more. A signal, never stored: the rows are gone."""

    account_ids: tuple[AccountId, ...]


class AnswerWanted(Event):
    """A post may call the assistant: an errand looks, and answers once."""

    post_id: PostId


class QuotedChanged(Event):
    """Something that a reply of the assistant is made of changed, or its author's mind: an errand looks again."""

    reply_id: PostId


class CapabilitiesChecked(Event):
    """A model was checked. A signal, never stored: the rows say what came of it."""

    capability: str
