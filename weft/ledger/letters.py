"""The letter to the owner about a budget that nears its end, or has reached it.

A letter, and no page: whoever pays shall learn of it without looking. Budgets of single accounts are their own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weft.accounts.service import find_owner, find_user
from weft.infra.db import Db
from weft.infra.mail import Mail, Mailer
from weft.kernel.clock import rfc3339
from weft.ledger.events import BudgetReached
from weft.settings import Settings

_EN = {
    "subject": "{title}: {percent} % of a budget is spent",
    "text": "{percent} % of this budget of {title} is spent:\n\n{budget}\n\nIt begins anew at {time}. {then}\n\n"
    "These commands show and change budgets:\n\nweft budget list\nweft budget set\n",
    "near": "Work that nobody waits for stops first.",
    "end": "Until then nothing that draws on it begins.",
    "instance": "the whole server",
    "role": "everybody with the role {subject}",
    "segment": "the segment {subject}",
    "token": "in tokens",
    "money": "in money",
    "day": "per day",
    "quarter": "per quarter",
}
_VI = {
    "subject": "{title}: đã dùng {percent} % một hạn mức",
    "text": "Hạn mức sau của {title} đã dùng {percent} %:\n\n{budget}\n\nHạn mức bắt đầu lại lúc {time}. {then}\n\n"
    "Xem và đổi hạn mức bằng các lệnh:\n\nweft budget list\nweft budget set\n",
    "near": "Những việc không ai chờ sẽ dừng trước.",
    "end": "Cho đến lúc đó, không việc nào dùng hạn mức này được bắt đầu.",
    "instance": "toàn máy chủ",
    "role": "mọi người có vai trò {subject}",
    "segment": "mảng {subject}",
    "token": "tính bằng token",
    "money": "tính bằng tiền",
    "day": "mỗi ngày",
    "quarter": "mỗi quý",
}
_KO = {
    "subject": "{title}: 예산의 {percent} %를 썼습니다",
    "text": "{title}의 다음 예산을 {percent} % 썼습니다:\n\n{budget}\n\n{time}에 다시 시작합니다. {then}\n\n"
    "다음 명령으로 예산을 보고 바꿀 수 있습니다:\n\nweft budget list\nweft budget set\n",
    "near": "기다리는 사람이 없는 작업이 먼저 멈춥니다.",
    "end": "그때까지 이 예산을 쓰는 작업은 시작하지 않습니다.",
    "instance": "서버 전체",
    "role": "{subject} 역할 전체",
    "segment": "{subject} 부문",
    "token": "토큰",
    "money": "금액",
    "day": "하루",
    "quarter": "분기",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"en": _EN, "vi": _VI, "ko": _KO}


@dataclass(frozen=True)
class Letters:
    """Writes to the owner; the runner of ``BudgetReached``."""

    db: Db
    mailer: Mailer
    settings: Settings

    async def tell(self, event: BudgetReached) -> None:
        if event.scope == "account":
            return
        async with self.db.read() as reader:
            owner = await find_owner(reader)
            user = await find_user(reader, owner) if owner is not None else None
        if user is None or not user.email:
            return  # the log has it
        subject, text = letter(event, user.locale, self.settings.title)
        await self.mailer.send(Mail(user.email, subject, text))


def letter(event: BudgetReached, locale: str, title: str) -> tuple[str, str]:
    """Subject and text."""
    say = TEXTS.get(locale, _EN)
    budget = ", ".join((say[event.scope].format(subject=event.subject), say[event.unit], say[event.per]))
    values = {
        "title": title,
        "percent": str(event.percent),
        "budget": budget,
        "time": rfc3339(event.resets_ms),
        "then": say["end" if event.percent >= 100 else "near"],
    }
    return say["subject"].format_map(values), say["text"].format_map(values)
