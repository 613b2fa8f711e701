"""What a push says, in the languages Weft speaks. ``{name}`` is whoever caused it."""

from __future__ import annotations

from collections.abc import Mapping

EN: Mapping[str, str] = {
    "mention": "{name} mentioned you",
    "reply": "{name} replied to you",
    "message": "{name} sent you a message",
    "post": "{name} posted",
    "repost": "{name} reposted your post",
    "follow": "{name} follows you now",
    "follow_request": "{name} would like to follow you",
    "like": "{name} liked your post",
    "poll": "A poll you took part in has ended",
    "own_poll": "Your poll has ended",
    "edit": "{name} edited a post you reposted",
    "quote": "{name} quoted your post",
    "quoted_edit": "{name} edited a post you quoted",
    "sign_up": "{name} signed up",
    "report": "{name} sent a report",
    "media": "Pictures or other media",
}

VI: Mapping[str, str] = {
    "mention": "{name} đã nhắc đến bạn",
    "reply": "{name} đã trả lời bạn",
    "message": "{name} đã gửi cho bạn một tin nhắn",
    "post": "{name} vừa đăng bài",
    "repost": "{name} đã đăng lại bài của bạn",
    "follow": "{name} đã theo dõi bạn",
    "follow_request": "{name} muốn theo dõi bạn",
    "like": "{name} đã thích bài của bạn",
    "poll": "Cuộc bình chọn bạn tham gia đã kết thúc",
    "own_poll": "Cuộc bình chọn của bạn đã kết thúc",
    "edit": "{name} đã sửa bài mà bạn đăng lại",
    "quote": "{name} đã trích dẫn bài của bạn",
    "quoted_edit": "{name} đã sửa bài mà bạn trích dẫn",
    "sign_up": "{name} đã đăng ký",
    "report": "{name} đã gửi một báo cáo",
    "media": "Ảnh hoặc nội dung đa phương tiện",
}

KO: Mapping[str, str] = {
    "mention": "{name} 님이 회원님을 언급했어요",
    "reply": "{name} 님이 답글을 남겼어요",
    "message": "{name} 님이 메시지를 보냈어요",
    "post": "{name} 님이 새 글을 올렸어요",
    "repost": "{name} 님이 회원님의 글을 리포스트했어요",
    "follow": "{name} 님이 회원님을 팔로우해요",
    "follow_request": "{name} 님이 팔로우를 요청했어요",
    "like": "{name} 님이 회원님의 글을 좋아해요",
    "poll": "참여한 투표가 끝났어요",
    "own_poll": "회원님의 투표가 끝났어요",
    "edit": "{name} 님이 리포스트한 글을 수정했어요",
    "quote": "{name} 님이 회원님의 글을 인용했어요",
    "quoted_edit": "{name} 님이 인용한 글을 수정했어요",
    "sign_up": "{name} 님이 가입했어요",
    "report": "{name} 님이 신고를 보냈어요",
    "media": "사진 또는 미디어",
}

TEXTS: Mapping[str, Mapping[str, str]] = {"en": EN, "vi": VI, "ko": KO}


def push_text(key: str, locale: str, name: str = "") -> str:
    """A sentence in the receiver's language; English where Weft does not speak it."""
    texts = TEXTS.get(locale.partition("-")[0].lower(), EN)
    return texts[key].replace("{name}", name)
