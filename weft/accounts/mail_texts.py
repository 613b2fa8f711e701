"""What Weft writes to people, in the languages it speaks. ``{link}`` stands alone on its line, so that no mail program
breaks it.
"""

from __future__ import annotations

from collections.abc import Mapping

Text = tuple[str, str]

EN: Mapping[str, Text] = {
    "confirm": (
        "Confirm your address for {title}",
        "Hello {name},\n\nplease confirm that this address is yours:\n\n{link}\n\n"
        "The link works for two days. If you did not sign up at {title}, nothing happens when you do nothing.\n",
    ),
    "reset": (
        "A new password for {title}",
        "Hello {name},\n\nsomebody, probably you, asked for a new password. Choose one here:\n\n{link}\n\n"
        "The link works for an hour. If it was not you, your password stays as it is.\n",
    ),
    "address_used": (
        "You already have an account at {title}",
        "Hello {name},\n\nsomebody, probably you, signed up with this address, which is yours already. "
        "You can sign in here:\n\n{link}\n\n"
        "If it was not you, there is nothing to do: nobody gets into your account.\n",
    ),
    "approved": (
        "Welcome to {title}",
        "Hello {name},\n\nyour account was approved. You can sign in now:\n\n{link}\n",
    ),
    "password_changed": (
        "Your password for {title} was changed",
        "Hello {name},\n\nyour password was changed and everything else was signed out. "
        "If it was not you, choose a new one here:\n\n{link}\n",
    ),
    "invitation": (
        "{name} invites you to {title}",
        "Hello,\n\n{name} is at {title} and would like to see you there. Join here:\n\n{link}\n\n"
        "The link works once, for two weeks. Nobody writes to you again when you do nothing.\n",
    ),
}

VI: Mapping[str, Text] = {
    "confirm": (
        "Xác nhận địa chỉ của bạn cho {title}",
        "Chào {name},\n\nhãy xác nhận rằng địa chỉ này là của bạn:\n\n{link}\n\n"
        "Liên kết có hiệu lực trong hai ngày. Nếu bạn không đăng ký ở {title}, bạn không cần làm gì cả.\n",
    ),
    "reset": (
        "Mật khẩu mới cho {title}",
        "Chào {name},\n\ncó người, chắc là bạn, đã yêu cầu mật khẩu mới. Chọn mật khẩu ở đây:\n\n{link}\n\n"
        "Liên kết có hiệu lực trong một giờ. Nếu không phải bạn, mật khẩu vẫn giữ nguyên.\n",
    ),
    "address_used": (
        "Bạn đã có tài khoản ở {title}",
        "Chào {name},\n\ncó người, chắc là bạn, đã đăng ký bằng địa chỉ vốn đã là của bạn. "
        "Bạn có thể đăng nhập ở đây:\n\n{link}\n\n"
        "Nếu không phải bạn, bạn không cần làm gì: không ai vào được tài khoản của bạn.\n",
    ),
    "approved": (
        "Chào mừng đến với {title}",
        "Chào {name},\n\ntài khoản của bạn đã được duyệt. Bạn có thể đăng nhập:\n\n{link}\n",
    ),
    "password_changed": (
        "Mật khẩu của bạn ở {title} đã đổi",
        "Chào {name},\n\nmật khẩu của bạn đã được đổi và mọi nơi khác đã bị đăng xuất. "
        "Nếu không phải bạn, hãy chọn mật khẩu mới ở đây:\n\n{link}\n",
    ),
    "invitation": (
        "{name} mời bạn đến {title}",
        "Chào bạn,\n\n{name} đang ở {title} và muốn gặp bạn ở đó. Tham gia tại đây:\n\n{link}\n\n"
        "Liên kết dùng được một lần, trong hai tuần. Nếu bạn không làm gì, sẽ không ai viết cho bạn nữa.\n",
    ),
}

KO: Mapping[str, Text] = {
    "confirm": (
        "{title} 이메일 주소 확인",
        "{name} 님, 안녕하세요.\n\n이 주소가 본인의 것인지 확인해 주세요:\n\n{link}\n\n"
        "링크는 이틀 동안 유효합니다. {title}에 가입하지 않으셨다면 아무것도 하지 않으셔도 됩니다.\n",
    ),
    "reset": (
        "{title} 새 비밀번호",
        "{name} 님, 안녕하세요.\n\n새 비밀번호 요청이 있었습니다. 여기에서 정해 주세요:\n\n{link}\n\n"
        "링크는 한 시간 동안 유효합니다. 본인이 요청하지 않았다면 비밀번호는 그대로 유지됩니다.\n",
    ),
    "address_used": (
        "{title}에 이미 계정이 있습니다",
        "{name} 님, 안녕하세요.\n\n이미 사용 중인 이 주소로 가입 요청이 있었습니다. 여기에서 로그인할 수 있습니다:\n\n"
        "{link}\n\n"
        "본인이 아니라면 아무것도 하지 않으셔도 됩니다. 계정은 안전합니다.\n",
    ),
    "approved": (
        "{title}에 오신 것을 환영합니다",
        "{name} 님, 안녕하세요.\n\n계정이 승인되었습니다. 이제 로그인할 수 있습니다:\n\n{link}\n",
    ),
    "password_changed": (
        "{title} 비밀번호가 변경되었습니다",
        "{name} 님, 안녕하세요.\n\n비밀번호가 변경되어 다른 곳에서는 모두 로그아웃되었습니다. "
        "본인이 아니라면 여기에서 새 비밀번호를 정해 주세요:\n\n{link}\n",
    ),
    "invitation": (
        "{name} 님이 {title}에 초대했어요",
        "안녕하세요.\n\n{title}에 있는 {name} 님이 함께하고 싶어 해요. 여기에서 가입할 수 있어요:\n\n{link}\n\n"
        "링크는 2주 동안 한 번 쓸 수 있어요. 아무것도 하지 않으시면 다시 메일을 보내지 않아요.\n",
    ),
}

TEXTS: Mapping[str, Mapping[str, Text]] = {"en": EN, "vi": VI, "ko": KO}


def mail_text(kind: str, locale: str, values: Mapping[str, str]) -> Text:
    """Subject and text of a kind of mail."""
    subject, text = TEXTS.get(locale, EN)[kind]
    return subject.format_map(values), text.format_map(values)
