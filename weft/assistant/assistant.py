"""The assistant of one worker: the context of its routes, and what must hold before any of them answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from weft.accounts.service import find_account, find_user
from weft.assistant.account import OwnAccount
from weft.assistant.answers import Answers, Tools
from weft.assistant.article import Articles
from weft.assistant.chats import Chats, Turns
from weft.assistant.conversing import Conversing
from weft.assistant.language import LANGUAGES
from weft.assistant.lines import Asker
from weft.assistant.opt_outs import opted_out
from weft.assistant.prompts import Feature
from weft.assistant.translating import Translator
from weft.assistant.wishes import OFFERS
from weft.infra.db import Db
from weft.infra.http import Fetcher
from weft.kernel.errors import Forbidden
from weft.kernel.ids import AccountId
from weft.ledger.model import BudgetLeft

LeftOf = Callable[[AccountId, str], Awaitable[Sequence[BudgetLeft]]]
"""How the budgets of an account with a role stand."""
GATED: Final[tuple[Feature, ...]] = ("chat", "reword", "alt_text")
"""What is offered in the languages in which the model passed the check."""

KEEP_DAYS: Final = 30
"""How long a chat is kept after its last word, where the operator says nothing else."""


async def unlimited(account_id: AccountId, role: str) -> Sequence[BudgetLeft]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Assistant:
    """``call.app`` of the assistant's routes."""

    db: Db
    on: bool
    answers: Answers
    articles: Articles
    conversing: Conversing
    own: OwnAccount
    translator: Translator
    left: LeftOf = unlimited
    keep_days: int = KEEP_DAYS

    @property
    def chats(self) -> Chats:
        return self.conversing.chats

    @property
    def turns(self) -> Turns:
        return self.conversing.turns

    async def asker(self, account_id: AccountId) -> Asker:
        """Whoever may ask.

        Raises:
            Forbidden: the assistant is off, or the asker wants nothing to do with it.
        """
        if not self.on:
            raise Forbidden("assistant.off")
        async with self.db.read() as reader:
            if await opted_out(reader, (account_id,)):
                raise Forbidden("assistant.opted_out")
            account = await find_account(reader, account_id)
            user = await find_user(reader, account_id)
        locale = user.locale[:2] if user is not None else "en"
        return Asker(account_id, account.role if account else "member", locale if locale in LANGUAGES else "en")

    def offers(self, language: str) -> list[str]:
        """What can be asked for in a language: three things always, the rest as far as the model was shown to do it."""
        gated = [feature for feature in GATED if self.answers.can(feature, language)]
        return [*OFFERS, *gated, *(["translate"] if self.translator.directions() else [])]


def open_assistant(
    tools: Tools,
    own: OwnAccount,
    fetcher: Fetcher,
    *,
    on: bool,
    left: LeftOf = unlimited,
    keep_days: int = KEEP_DAYS,
) -> Assistant:
    answers = Answers(tools)
    return Assistant(
        db=tools.db,
        on=on,
        answers=answers,
        articles=Articles(answers, fetcher),
        conversing=Conversing(answers, Chats(tools.db), Turns(tools.db)),
        own=own,
        translator=Translator(answers),
        left=left,
        keep_days=keep_days,
    )
