"""What made-up people are called and what they write: beginnings, middles and ends that fit each other in any mix.

A post is one of each, about 120 characters together, in the author's language.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Language(msgspec.Struct, frozen=True):
    code: str
    share: float
    """Of all authors."""
    names: tuple[str, ...]
    begins: tuple[str, ...]
    middles: tuple[str, ...]
    ends: tuple[str, ...]
    tags: tuple[str, ...]


ENGLISH: Final = Language(
    "en",
    0.5,
    ("Ada", "Ben", "Cleo", "Dan", "Esme", "Finn", "Grace", "Hugo", "Iris", "Jack", "Kira", "Leo", "Mina", "Noah"),
    (
        "Early this morning",
        "On the way home from work",
        "After three days of rain",
        "While everybody else was asleep",
        "For the first time this year",
        "Somewhere between two meetings",
        "With the last of the light",
        "Against all good advice",
        "Just before the market closed",
        "Half an hour too late",
        "In the quiet after lunch",
        "Without any plan at all",
    ),
    (
        "I planted tomatoes along the southern wall",
        "we repaired the old bicycle in the shed",
        "my neighbour taught me how to bake rye bread",
        "a fox crossed the yard and looked straight at me",
        "I finished the book about lighthouses",
        "the choir sang in the station hall",
        "we counted eleven swallows above the river",
        "the kettle broke and tea was made in a pan",
        "I drew a map of every bench in the park",
        "the ferry was so full that people stood on the stairs",
        "somebody left a box of lemons at our door",
        "I taught the computer to water the plants",
        "we walked the long way round the lake",
        "the library found the photograph I was looking for",
        "my sister won the chess game she had given up",
        "I learned the names of four kinds of moss",
    ),
    (
        "and it made the whole week feel lighter.",
        "and nobody has complained so far.",
        "so tomorrow I will try it again.",
        "which is more than I had hoped for.",
        "and I still do not know why.",
        "though the cat disagrees.",
        "and now the kitchen smells of summer.",
        "and I would do it again at once.",
        "so if you are near, come and see.",
        "and that was the best part of the day.",
    ),
    ("garden", "bread", "books", "cycling", "birds", "music", "photography", "walking", "chess", "weekend"),
)

VIETNAMESE: Final = Language(
    "vi",
    0.3,
    ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hùng", "Lan", "Linh", "Minh", "Nga", "Phúc", "Quân", "Thảo"),
    (
        "Sáng sớm hôm nay",
        "Trên đường đi làm về",
        "Sau ba ngày mưa liên tục",
        "Lúc cả nhà còn đang ngủ",
        "Lần đầu tiên trong năm nay",
        "Giữa hai cuộc họp dài",
        "Trước khi chợ đóng cửa",
        "Vào một buổi chiều yên tĩnh",
        "Không hề có kế hoạch gì",
        "Muộn mất nửa tiếng đồng hồ",
    ),
    (
        "mình trồng thêm mấy luống rau bên hiên nhà",
        "cả nhóm cùng nhau sửa lại chiếc xe đạp cũ",
        "bà ngoại dạy mình nấu một nồi phở thật thơm",
        "có con mèo lạ ghé qua sân rồi nhìn mình rất lâu",
        "mình đọc xong cuốn sách về những ngọn hải đăng",
        "mấy đứa nhỏ thả diều kín cả một góc trời",
        "bọn mình đi bộ một vòng quanh hồ Tây",
        "quán cà phê đầu ngõ mở lại bản nhạc ngày xưa",
        "ai đó để lại một giỏ cam trước cửa nhà mình",
        "mình chụp được bức ảnh cây cầu trong sương mù",
        "em gái thắng ván cờ tưởng như đã thua",
        "chuyến phà đông đến mức phải đứng ở cầu thang",
    ),
    (
        "và cả tuần bỗng thấy nhẹ nhõm hơn.",
        "nên ngày mai nhất định sẽ thử lại.",
        "vui hơn những gì mình đã mong đợi.",
        "đến giờ vẫn chưa hiểu vì sao.",
        "dù con mèo nhà mình không đồng ý.",
        "và bây giờ gian bếp thơm mùi mùa hè.",
        "ai ở gần thì ghé qua chơi nhé.",
        "đó là phần đẹp nhất của một ngày dài.",
    ),
    ("làmvườn", "ẩmthực", "đọcsách", "cuốituần", "HàNội", "càphê", "nhiếpảnh", "âmnhạc"),
)

KOREAN: Final = Language(
    "ko",
    0.2,
    ("가온", "나래", "다은", "민준", "보라", "서연", "아름", "은우", "지호", "하늘", "현우", "소라"),
    (
        "오늘 아침 일찍 눈을 뜨자마자 창문을 열고",
        "퇴근하고 집으로 돌아오는 길에 천천히 걸으며",
        "사흘 동안 비가 내리고 난 다음 날 오후에",
        "모두가 아직 잠들어 있는 조용한 시간에",
        "올해 들어 처음으로 마음을 먹고",
        "긴 회의와 회의 사이의 짧은 틈에",
        "시장이 문을 닫기 바로 전에 서둘러서",
        "아무런 계획도 없이 그냥 밖으로 나가서",
    ),
    (
        "마당 남쪽 담벼락을 따라 토마토 모종을 심었는데",
        "창고에 있던 오래된 자전거를 친구와 함께 고쳤는데",
        "이웃에게 호밀빵 굽는 방법을 처음부터 배웠는데",
        "등대에 관한 두꺼운 책을 마지막 장까지 읽었는데",
        "강 위를 낮게 나는 제비를 열한 마리나 세었는데",
        "공원에 있는 모든 의자의 위치를 지도로 그렸는데",
        "호수를 따라 멀리 돌아가는 길을 끝까지 걸었는데",
        "도서관에서 오래 찾던 사진 한 장을 발견했는데",
        "동생이 포기했던 장기 한 판을 결국 이겼는데",
        "누군가 문 앞에 레몬 한 상자를 두고 갔는데",
    ),
    (
        "덕분에 일주일이 훨씬 가벼워진 기분이에요.",
        "내일 다시 한번 시도해 보려고 해요.",
        "기대했던 것보다 훨씬 좋았어요.",
        "아직도 이유를 잘 모르겠어요.",
        "우리 집 고양이는 생각이 다른 것 같아요.",
        "가까이 계신 분은 꼭 한번 들러 주세요.",
        "오늘 하루 중에서 가장 좋은 순간이었어요.",
    ),
    ("정원", "독서", "산책", "주말", "사진", "음악", "커피", "자전거"),
)

LANGUAGES: Final = (ENGLISH, VIETNAMESE, KOREAN)
