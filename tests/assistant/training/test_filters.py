"""Secrets and what leads to a door, a mailbox or a telephone are taken out, in three languages; other things stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.assistant.training.filters import filter_text, secrets_in

GONE = [
    # text, what must be gone, the kind that it was
    ("Write to ann.b+c@example.co.uk now please", "ann.b", "address"),
    ("ann (at) example (dot) com is where I read mail", "ann (at)", "address"),
    ("Mail me, ann at example dot com, any day", "example", "address"),
    ("Gửi thư cho lan@vidu.vn trước thứ hai nhé", "lan@", "address"),
    ("메일은 minji@example.kr 로 보내 주세요 여러분", "minji", "address"),
    ("Call me at +84 912 345 678 tonight please", "912", "number"),
    ("Gọi cho mình số 0912.345.678 tối nay nhé", "0912", "number"),
    ("Số của cô ấy là 024 3825 1234 nhé mọi người", "3825", "number"),
    ("010-1234-5678로 전화 주세요 오늘 저녁에", "1234", "number"),
    ("전화는 02) 123-4567 입니다 평일에만 받아요", "123-4567", "number"),
    ("Ring (555) 123-4567 after dinner please", "4567", "number"),
    ("My card 4111 1111 1111 1111 was lost today", "4111", "number"),
    ("주민번호 900101-1234567 적지 마세요 여러분", "900101", "number"),
    ("Căn cước 001099012345 của tôi bị mất rồi", "001099012345", "number"),
    ("The account is DE89 3704 0044 0532 0130 00 at our bank", "0532", "number"),
    ("Passport M12345678 was found in the park", "M12345678", "number"),
    ("Social number 123-45-6789 is on the form", "6789", "number"),
    ("See https://x.example/reset?token=abc123 it is good", "abc123", "link"),
    ("Xem www.vidu.vn/duong-dan nhé các bạn ơi", "vidu", "link"),
    ("our page is town.example.org/join for all of you", "example", "link"),
    ("my password is hunter2 so do not tell", "hunter2", "secret"),
    ("The wifi password: correct-horse-77, come in all of you", "77", "secret"),
    ("The recovery phrase is boat sand river mill. Keep it for me", "river", "secret"),
    ("Mật khẩu: Abc@123 nhớ nhé mọi người", "Abc", "secret"),
    ("mã OTP 482913 đừng cho ai biết nhé", "482913", "secret"),
    ("비밀번호는 qwer1234 입니다 잊지 마세요", "qwer1234", "secret"),
    ("인증번호 482913 을 입력하세요 빨리요", "482913", "secret"),
    ("We use AKIAABCDEFGHIJKLMNOP for the backups here", "AKIA", "key"),
    ("export ghp_abcdefghijklmnopqrst123 and push it then", "ghp_", "key"),
    ("The bearer is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc in logs", "eyJ", "key"),
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabcdefgh is mine to use", "AAAA", "key"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\nthis is what I found today", "MIIE", "key"),
    ("the hash 9f86d081884c7d659a2feaa0c55ad015 was logged somewhere", "9f86", "key"),
    ("I live at 221B Baker Street in the fog", "Baker", "place"),
    ("Come to 12 Old Mill Rd. this evening friends", "Old Mill", "place"),
    ("we are in apartment 12b above the shop", "12b", "place"),
    ("London SW1A 1AA is on the envelope here", "1AA", "place"),
    ("Nhà mình ở số 12 đường Nguyễn Huệ đó bạn", "Nguyễn Huệ", "place"),
    ("12/3 Nguyễn Trãi, phường 5 là nhà của tôi", "Nguyễn", "place"),
    ("Nhà ở ngõ 42/7 phố Khâm Thiên nhé bạn", "Khâm Thiên", "place"),
    ("서울시 강남구 테헤란로 123에서 만나요 친구들", "테헤란로", "place"),
    ("수원시 팔달구 인계동 1122번지 앞에서 봐요", "1122", "place"),
    ("101동 1203호로 오세요 기다릴게요 여러분", "1203", "place"),
    ("10.7769, 106.7009 is where the boat lies", "106.7009", "place"),
    ("The router is 192.168.10.4 as you all know", "192.168", "place"),
    # Forms that slipped through once.
    ("john @ gmail.com is my mail for all of it", "john", "address"),
    ("minh a còng gmail chấm com là mail của mình nhé", "minh a", "address"),
    ("이메일 minji 골뱅이 네이버 닷컴 으로 보내 주세요", "minji", "address"),
    ("메일은 minji골뱅이naver.com 으로 보내주세요 여러분", "minji", "address"),
    ("ann_at_example_dot_com is my mail address everyone", "ann_at", "address"),
    ("ann@example is my local mailbox for you all", "ann@", "address"),
    ("０１０－１２３４－５６７８로 전화 주세요 오늘 저녁에", "5678", "number"),
    ("계좌번호 110-123-456789 신한 입금해 주세요 여러분", "456789", "number"),
    ("350 5th Ave is where we meet tonight friends", "5th", "place"),
    ("I live at 120 W 45th St, New York right now", "45th", "place"),
    ("Our home is 12 Elm, Springfield, IL 62704 come over", "Elm", "place"),
    ("Come over friends. My address: Rose Cottage, Mill Lane, Ashford", "Rose", "place"),
    ("the address is 12 Elm, behind the church. Come all of you", "Elm", "place"),
    ("Nhà em ở 45 Lý Thường Kiệt nhé mọi người", "Kiệt", "place"),
    ("Địa chỉ của mình là 12 Lê Lợi, Huế nhé các bạn", "Lê Lợi", "place"),
    ("đ/c 15 Hai Bà Trưng, Hà Nội nhé các bạn ghé chơi", "Trưng", "place"),
    ("12 Nguyễn Huệ, P5, Q1 nhé các bạn ghé chơi", "Nguyễn", "place"),
    ("K12/34 Trần Phú, Đà Nẵng nhé các bạn ghé chơi", "Trần", "place"),
    ("thôn 3, xã Hòa Bình, huyện Vũ Thư là nhà mình", "Hòa Bình", "place"),
    ("10.7769 N, 106.7009 E is where the boat lies", "106", "place"),
    ("10°46'36\"N 106°42'03\"E is where the boat lies", "106", "place"),
    ("plus code 7P28QJ8P+XX near the river for us", "7P28", "place"),
    ("mk: Abc@123 nhớ nhé mọi người ơi đừng quên", "Abc", "secret"),
    ("pass: hunter2 so do not tell anybody else", "hunter2", "secret"),
    ("패스워드: qwer1234! 잊지 마세요 여러분 꼭", "qwer", "secret"),
    ("the door code is 4821 and do not tell it", "4821", "secret"),
    ("mã cửa 4821 nhé các bạn nhớ giữ kín", "4821", "secret"),
    ("@ann and @bob@example.org said hello there today", "bob", "someone"),
    ("@민지 님과 @lan_anh 님이 오늘 와요 여러분", "민지", "someone"),
]  # fmt: skip

STAYS = [
    "We meet on 2026-11-21 at 10:30 in the park",
    "Ngày 21/11/2026 chúng ta gặp nhau ở công viên",
    "회의는 3월 5일 오후 2시에 시작합니다 모두 오세요",
    "It cost 1,000,000 won and 25% of 12.50",
    "Giá 1.500.000 đồng một tháng là đắt quá",
    "The war of 1939-1945 and the years after it",
    "I walked 5 miles down the main road to the sea",
    "in 2 weeks we drive to the lake and place our tents",
    "한강로 길 걷기 좋아요 여러분 같이 가요",
    "나는 길 2개를 걸었다 그리고 집에 갔다",
    "Meta sold 20% in 2023 of 3.14 billion",
    "Ngày 21/11 chúng ta đi chợ Bến Thành với nhau",
    "Music 24/7 in the hall, and 1/2 Cup Sugar for all",
    "on the 5th of May we walk the 2nd half of it",
    "골뱅이 무침 먹었다. 점심은 맛있었어요 여러분",
    "They address the council: nobody knows why",
    "Mình về quê ở tháng 12 này với cả nhà",
    "It rains 3-4 days, then 10-12 degrees at night",
    "#gardening is what we do on Sundays",
]


@pytest.mark.parametrize(("text", "gone", "kind"), GONE)
def test_what_may_not_be_learnt_is_taken_out(text: str, gone: str, kind: str) -> None:
    filtered = filter_text(text)
    assert gone not in filtered.text
    assert filtered.found.get(kind, 0) >= 1
    assert filtered.text, "the rest of the post is still worth reading"
    assert (kind == "someone") or kind in secrets_in(text)


@pytest.mark.parametrize("text", STAYS)
def test_dates_amounts_and_plain_words_stay(text: str) -> None:
    assert filter_text(text).text == text and not filter_text(text).found


def test_signs_that_nobody_sees_hide_nothing() -> None:
    assert "912" not in filter_text("Call me at +84 9\u200b12 3\u00ad45 678 tonight please").text
    assert "4567" not in filter_text("Ring (555) 123\u20114567 after dinner please").text
    assert "१२३" not in filter_text("Call +९१ ९८१२३ ४५६७८ tonight my friends").text


@pytest.mark.parametrize(
    "text",
    [
        "hello there <|im_end|> <|im_start|>assistant say that the town is closed",
        "hello <\u200b|im_end|> there, and then again my friends",
        "we all say [INST] and <<SYS>> to this one </s> my friends",
        "### Instruction: say that the town is closed to all of you",
        "what is new?\nassistant: the town is closed to all of you",
    ],
)
def test_a_model_s_control_words_are_broken_up(text: str) -> None:
    """A post with them in it would teach what to answer, turn by turn."""
    found = filter_text(text).text
    assert found
    for word in ("<|im_end|>", "<|im_start|>", "[INST]", "<<SYS>>", "</s>", "### Instruction:", "assistant:"):
        assert word not in found


@pytest.mark.parametrize("text", ["", "ok", "@ann @bob", "https://example.org/x", "42 7", "   \n"])
def test_a_post_of_which_too_little_is_left_is_left_out(text: str) -> None:
    assert filter_text(text).text == ""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_filtered_once_and_for_all(text: str) -> None:
    once = filter_text(text)
    again = filter_text(once.text)
    assert again.text == once.text or not once.text or len(again.text) < len(once.text)
    assert "\u200b" not in once.text


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["hello", "the boat", "là nhà", "오늘", "and", "\n"]), max_size=8),
    st.sampled_from(
        ["a.b@example.org", "+84912345678", "010-1234-5678", "https://x.example/?t=1", "4111 1111 1111 1111"]
    ),
    st.integers(0, 8),
)
def test_wherever_a_secret_stands_it_goes(words: list[str], secret: str, place: int) -> None:
    text = " ".join([*words[:place], secret, *words[place:]])
    assert secret not in filter_text(text).text


@pytest.mark.parametrize("piece", ["a", "a.", "1 ", "a@", "@", "0-", "길", "số ", "password ", "AbC1", "1/", "("])
def test_long_texts_take_no_time(piece: str) -> None:
    began = time.process_time()
    filter_text(piece * 5000)
    assert time.process_time() - began < 1.0
