"""What an archive and a list of failures say to their reader, in the three languages of the program."""

from __future__ import annotations

from collections.abc import Mapping

_READ_ME = {
    "en": """\
This is what {handle} has on {domain}, as of {date}.

actor.json            the profile
outbox.json           every post and repost, with edits, polls and descriptions of pictures (ActivityStreams)
likes.json            addresses of liked posts
bookmarks.json        addresses of saved posts
following.csv         and followers, blocks, mutes, lists, domain_blocks, bookmarks: sheets that Weft and Mastodon read
filters.json          word filters
media_attachments/    pictures, films and sound of the posts
avatar.*, header.*    pictures of the profile

Posts for followers and direct posts are in it too: keep this file to yourself.
""",
    "vi": """\
Đây là những gì {handle} có trên {domain}, tính đến {date}.

actor.json            hồ sơ
outbox.json           mọi bài viết và bài đăng lại, cùng các lần sửa, bình chọn và mô tả ảnh (ActivityStreams)
likes.json            địa chỉ các bài đã thích
bookmarks.json        địa chỉ các bài đã lưu
following.csv         cùng followers, blocks, mutes, lists, domain_blocks, bookmarks: bảng mà Weft và Mastodon đọc được
filters.json          bộ lọc từ
media_attachments/    ảnh, phim và âm thanh của các bài viết
avatar.*, header.*    ảnh của hồ sơ

Trong này có cả bài chỉ dành cho người theo dõi và bài nhắn riêng: hãy giữ tệp này cho riêng bạn.
""",
    "ko": """\
{date} 기준으로 {domain}에 있는 {handle}의 모든 것이에요.

actor.json            프로필
outbox.json           모든 글과 다시 올린 글. 고친 내역, 투표, 사진 설명이 함께 들어 있어요 (ActivityStreams)
likes.json            좋아한 글의 주소
bookmarks.json        저장한 글의 주소
following.csv         그리고 followers, blocks, mutes, lists, domain_blocks, bookmarks: Weft와 Mastodon이 읽는 표
filters.json          단어 필터
media_attachments/    글에 붙은 사진, 영상, 소리
avatar.*, header.*    프로필 사진

팔로워에게만 보이는 글과 개인 메시지도 들어 있으니 이 파일은 혼자만 보관해 주세요.
""",
}

_REASONS = {
    "en": {
        "unreadable": "This could not be read",
        "elsewhere": "This is on another server, which is not reached from here yet",
        "unknown": "There is nothing here by this name",
        "refused": "This is not allowed",
        "not_followed": "Only accounts you follow can be on a list",
        "limit": "There are as many as there may be",
    },
    "vi": {
        "unreadable": "Không đọc được dòng này",
        "elsewhere": "Ở máy chủ khác, hiện chưa kết nối được từ đây",
        "unknown": "Ở đây không có gì mang tên này",
        "refused": "Việc này không được phép",
        "not_followed": "Chỉ tài khoản bạn theo dõi mới có thể vào danh sách",
        "limit": "Đã đạt số lượng tối đa",
    },
    "ko": {
        "unreadable": "이 줄을 읽지 못했어요",
        "elsewhere": "다른 서버에 있어요. 아직 여기서 연결되지 않아요",
        "unknown": "여기에는 이런 이름이 없어요",
        "refused": "허용되지 않아요",
        "not_followed": "팔로우하는 계정만 리스트에 넣을 수 있어요",
        "limit": "더 이상 만들 수 없어요",
    },
}


def _known(locale: str, texts: Mapping[str, object]) -> str:
    code = locale.partition("-")[0].lower()
    return code if code in texts else "en"


def read_me(locale: str, *, handle: str, domain: str, date: str) -> str:
    return _READ_ME[_known(locale, _READ_ME)].format(handle=handle, domain=domain, date=date)


def reasons(locale: str) -> Mapping[str, str]:
    """A sentence for each fault of a row."""
    return _REASONS[_known(locale, _REASONS)]
