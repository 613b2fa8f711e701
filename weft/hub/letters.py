"""The letter that says what was decided about a request: a link where it was approved, a plain sentence where not.

It goes to an address that nobody confirmed, so it holds nothing that was written in the form. Requests that are
approved by themselves are answered where they are made, and nobody is written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weft.hub import queries
from weft.hub.events import RequestDecided
from weft.hub.links import Links
from weft.hub.model import LETTER_LANGUAGES, Model, Request, is_open
from weft.infra.db import Db
from weft.infra.mail import Mail, Mailer

Text = tuple[str, str]
TEXTS: Mapping[str, Mapping[str, Text]] = {
    "en": {
        "approved": (
            "{model}: your request was approved",
            "Hello,\n\nyour request for the model {model} at {title} was approved. Download it here:\n\n{link}\n\n"
            "Keep this address to yourself: it is a key to your request, for 30 days. You can delete the request "
            "there too.\n",
        ),
        "rejected": (
            "{model}: your request was rejected",
            "Hello,\n\nyour request for the model {model} at {title} was rejected.\n\nReason: {reason}\n",
        ),
    },
    "vi": {
        "approved": (
            "{model}: yêu cầu của bạn đã được chấp thuận",
            "Chào bạn,\n\nyêu cầu của bạn về mô hình {model} ở {title} đã được chấp thuận. Tải xuống ở đây:\n\n"
            "{link}\n\n"
            "Hãy giữ kín địa chỉ này: nó là chìa khóa cho yêu cầu của bạn, trong 30 ngày. Bạn cũng có thể xóa yêu cầu "
            "ở đó.\n",
        ),
        "rejected": (
            "{model}: yêu cầu của bạn đã bị từ chối",
            "Chào bạn,\n\nyêu cầu của bạn về mô hình {model} ở {title} đã bị từ chối.\n\nLý do: {reason}\n",
        ),
    },
    "ko": {
        "approved": (
            "{model}: 요청이 승인되었습니다",
            "안녕하세요.\n\n{title}의 모델 {model} 요청이 승인되었습니다. 여기에서 내려받으세요:\n\n{link}\n\n"
            "이 주소는 30일 동안 요청을 여는 열쇠이니 다른 사람에게 알리지 마세요. 그 페이지에서 요청을 지울 수도 "
            "있습니다.\n",
        ),
        "rejected": (
            "{model}: 요청이 거절되었습니다",
            "안녕하세요.\n\n{title}의 모델 {model} 요청이 거절되었습니다.\n\n이유: {reason}\n",
        ),
    },
}
assert tuple(TEXTS) == LETTER_LANGUAGES


@dataclass(frozen=True)
class Letters:
    """Writes to whoever asked; the runner of ``RequestDecided``."""

    db: Db
    mailer: Mailer
    links: Links
    title: str

    async def tell(self, event: RequestDecided) -> None:
        """Nothing is sent where the request is gone, or was decided otherwise in the meantime."""
        async with self.db.read() as reader:
            request = await queries.find_request(reader, event.request_id)
            model = await queries.find_model(reader, request.model_id) if request is not None else None
        if request is None or model is None or not request.form.email or request.state != event.state:
            return
        if request.state == "approved" and not is_open(request, self.db.clock.now_ms()):
            return
        subject, text = self.letter(request, model)
        await self.mailer.send(Mail(request.form.email, subject, text))

    def letter(self, request: Request, model: Model) -> Text:
        """Subject and text."""
        subject, text = TEXTS.get(request.form.language, TEXTS["en"])[request.state]
        link = self.links.page_url(self.links.mailed_token(request)) if request.state == "approved" else ""
        values = {"model": model.described.title, "title": self.title, "link": link, "reason": request.reason}
        return subject.format_map(values), text.format_map(values)
