"""What the assistant says in its own words, in English, Vietnamese and Korean: all of it is here, and none is made."""

from __future__ import annotations

from typing import Final, Literal

Key = Literal[
    "cannot", "not_now", "unsourced", "found",
    "summed", "missed", "nothing", "nothing_missed", "no_thread", "quotes_label", "made_label",
    "article", "article_none", "no_reword", "no_alt", "no_words", "no_tags", "bio", "off", "sources",
    "ask_date", "ask_amount", "ask_promise", "ask_decision", "ask_about",
]  # fmt: skip

_EN: Final[dict[Key, str]] = {
    "cannot": (
        "This community's model cannot do that; I can find posts, sum up a thread by quotes, and show what you missed."
    ),
    "not_now": "The model cannot answer now; I can find posts, sum up a thread by quotes, and show what you missed.",
    "unsourced": "No post here answers this. Without a source, and maybe wrong, the model says:",
    "found": "Posts that may answer this:",
    "summed": "From this thread:",
    "missed": "Since your last visit, up to a week back, {count} posts; among them:",
    "nothing": "No post that you may see answers this.",
    "nothing_missed": "Nothing new since your last visit.",
    "no_thread": "Open a thread and ask there: I sum up the thread on screen.",
    "quotes_label": "Found automatically · quotes, nothing generated",
    "made_label": "AI-generated · {model} · {count} sources · may be wrong",
    "article": "Summary made automatically; read the article for the whole",
    "article_none": "The article could not be read",
    "no_reword": "This community's model cannot suggest another wording.",
    "no_alt": "This community's model cannot see pictures; please describe it in your own words.",
    "no_words": "The model found no words for this picture; please describe it in your own words.",
    "no_tags": "No post near to this one carries a tag.",
    "bio": "I am a program. I find posts, sum up threads by quotes, and show what you missed. Block me if you like.",
    "off": "The assistant is off.",
    "sources": "Sources:",
    "ask_date": "When is it?",
    "ask_amount": "How much is it about?",
    "ask_promise": "Who promised what?",
    "ask_decision": "What was decided?",
    "ask_about": "Sum up this thread",
}

_VI: Final[dict[Key, str]] = {
    "cannot": (
        "Mô hình của cộng đồng này không làm được việc đó; tôi có thể tìm bài viết, tóm tắt bằng trích dẫn và cho biết"
        " bạn đã bỏ lỡ gì."
    ),
    "not_now": (
        "Lúc này mô hình không trả lời được; tôi có thể tìm bài viết, tóm tắt bằng trích dẫn và cho biết bạn đã bỏ lỡ"
        " gì."
    ),
    "unsourced": "Không có bài viết nào ở đây trả lời. Không có nguồn và có thể sai, mô hình nói:",
    "found": "Những bài viết có thể trả lời câu hỏi này:",
    "summed": "Từ cuộc trò chuyện này:",
    "missed": "Từ lần ghé trước của bạn, nhiều nhất là một tuần, có {count} bài viết, trong đó:",
    "nothing": "Không có bài viết nào bạn được xem trả lời câu hỏi này.",
    "nothing_missed": "Không có gì mới từ lần ghé trước của bạn.",
    "no_thread": "Hãy mở một cuộc trò chuyện và hỏi ở đó: tôi tóm tắt cuộc trò chuyện đang xem.",
    "quotes_label": "Tìm tự động · trích dẫn, không có nội dung do AI tạo",
    "made_label": "Do AI tạo · {model} · {count} nguồn · có thể sai",
    "article": "Tóm tắt được tạo tự động; hãy đọc bài báo để biết toàn bộ",
    "article_none": "Không đọc được bài báo",
    "no_reword": "Mô hình của cộng đồng này không gợi ý được cách viết khác.",
    "no_alt": "Mô hình của cộng đồng này không xem được ảnh; hãy mô tả bằng lời của bạn.",
    "no_words": "Mô hình không tìm được lời nào cho ảnh này; hãy mô tả bằng lời của bạn.",
    "no_tags": "Không có bài viết gần giống nào mang thẻ.",
    "bio": (
        "Tôi là một chương trình. Tôi tìm bài viết, tóm tắt bằng trích dẫn và cho biết bạn đã bỏ lỡ gì. Bạn có thể chặn"
        " tôi nếu muốn."
    ),
    "off": "Trợ lý đang tắt.",
    "sources": "Nguồn:",
    "ask_date": "Khi nào?",
    "ask_amount": "Bao nhiêu?",
    "ask_promise": "Ai đã hứa điều gì?",
    "ask_decision": "Đã quyết định điều gì?",
    "ask_about": "Tóm tắt cuộc trò chuyện này",
}

_KO: Final[dict[Key, str]] = {
    "cannot": (
        "이 커뮤니티의 모델이 할 수 없는 일이에요. 저는 글을 찾고, 인용으로 대화를 요약하고, 놓친 글을 보여 드릴 수"
        " 있어요."
    ),
    "not_now": (
        "지금은 모델이 답하지 못해요. 저는 글을 찾고, 인용으로 대화를 요약하고, 놓친 글을 보여 드릴 수 있어요."
    ),
    "unsourced": "답이 되는 글이 없어요. 출처가 없고 틀릴 수도 있지만, 모델은 이렇게 말해요:",
    "found": "답이 될 수 있는 글이에요:",
    "summed": "이 대화에서 뽑았어요:",
    "missed": "지난 방문 이후(최대 일주일) 글 {count}개가 있고, 그중에는 이런 글이 있어요:",
    "nothing": "볼 수 있는 글 가운데 답이 되는 글이 없어요.",
    "nothing_missed": "지난 방문 이후 새 글이 없어요.",
    "no_thread": "대화를 열고 그곳에서 물어보세요. 화면에 있는 대화를 요약해요.",
    "quotes_label": "자동으로 찾음 · 인용이며 생성된 글이 아님",
    "made_label": "AI 생성 · {model} · 출처 {count}개 · 틀릴 수 있음",
    "article": "자동으로 만든 요약이에요. 전체 내용은 기사에서 읽어 주세요",
    "article_none": "기사를 읽지 못했어요",
    "no_reword": "이 커뮤니티의 모델은 다른 표현을 제안하지 못해요.",
    "no_alt": "이 커뮤니티의 모델은 사진을 보지 못해요. 직접 설명을 써 주세요.",
    "no_words": "모델이 이 사진을 설명할 말을 찾지 못했어요. 직접 설명을 써 주세요.",
    "no_tags": "비슷한 글 가운데 태그가 있는 글이 없어요.",
    "bio": "저는 프로그램이에요. 글을 찾고, 인용으로 요약하고, 놓친 글을 보여 드려요. 원하면 저를 차단해도 돼요.",
    "off": "도우미가 꺼져 있어요.",
    "sources": "출처:",
    "ask_date": "언제인가요?",
    "ask_amount": "얼마인가요?",
    "ask_promise": "누가 무엇을 약속했나요?",
    "ask_decision": "무엇이 결정됐나요?",
    "ask_about": "이 대화 요약하기",
}

TEXTS: Final[dict[str, dict[Key, str]]] = {"en": _EN, "vi": _VI, "ko": _KO}


def say(key: Key, language: str, **values: object) -> str:
    """The sentence in this language, or in English."""
    return TEXTS.get(language, _EN)[key].format_map({name: str(value) for name, value in values.items()})


def profile_text() -> str:
    """What the assistant's profile says, in all languages."""
    return "\n".join(texts["bio"] for texts in TEXTS.values())
