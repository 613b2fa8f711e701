"""What a summary should not miss: dates, amounts, promises and decisions, found by rule in three languages.

A rule finds a form of words, not a fact: each finding is shown as the sentence it stands in, never by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, Literal

import msgspec
import regex

from weft.assistant.extract import Source
from weft.assistant.sentences import split_sentences

Kind = Literal["date", "amount", "promise", "decision"]
MOST_FINDINGS: Final = 40

_MONTH: Final = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAY: Final = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_NUMBER: Final = r"(?<![\p{L}\p{N}.,])\p{N}++(?:[.,\u00a0 ]\p{N}++)*+"
_WON: Final = "(?:달러|원|명|건)"
_LONGEST: Final = 1000
"""Of a longer sentence no form is looked for."""

_RULES: Final[dict[Kind, tuple[str, ...]]] = {
    "date": (
        r"\b\d{4}-\d{2}-\d{2}\b",
        r"\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b",
        rf"\b{_DAY}s?\b(?: at \d{{1,2}}(?::\d{{2}})?)?",
        rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH} \d{{1,2}})\b(?:,? \d{{4}})?",
        rf"\b(?:in|by|until|since|next|last) {_MONTH}\b(?: \d{{4}})?",
        r"(?i)\b(?:tomorrow|tonight|next (?:week|month|year))\b",
        r"\b\d{1,2}:\d{2}\b",
        r"(?i)\b(?:ngày \d{1,2}(?: tháng \d{1,2})?|tháng \d{1,2}|quý (?:\d|I{1,3}|IV))(?:[ /](?:năm )?\d{4})?\b",
        r"(?i)\bnăm \d{4}\b|\b\d{1,2} giờ(?: \d{1,2})?\b|\b(?:thứ (?:hai|ba|tư|năm|sáu|bảy)|chủ nhật)\b(?! tư)",
        r"(?:\d{4}년 ?)?\d{1,2}월(?: ?\d{1,2}일)?|\d{4}년|(?<![\p{N}.])\d{1,2}일(?!\p{Hangul}째)|[1-4]분기",
        r"[월화수목금토일]요일(?: ?(?:오전|오후)? ?(?:\d{1,2}|[가-힣]{1,3}) ?시)?|내일|모레|다음 ?(?:주|달)",
    ),
    "amount": (
        rf"[$€£₫₩] ?{_NUMBER}(?: ?(?:million|billion|[kmb]n?\b))?",
        rf"{_NUMBER} ?%",
        rf"(?i){_NUMBER} ?(?:million|billion|thousand|euros?|dollars?|usd|eur|weeks?|months?|people|tons?)\b",
        rf"(?i){_NUMBER} ?(?:nghìn|triệu|tỷ|đồng|người|usd|đô la)\b(?: (?:usd|đô la(?: mỹ)?|đồng|người))?",
        rf"\p{{N}}[\p{{N}}.,]*+[억만조천](?:[\p{{N}}.,~]*[억만조천])*+ ?{_WON}?",
        rf"\p{{N}}[\p{{N}}.,]*+ ?(?:{_WON}|주(?=[ ,]))",
    ),
    "promise": (
        r"(?i)\b(?:(?:I|we)(?: will|[’']ll)(?! not\b)|(?:I|we) promise|I hold them|count on me|leave it to me)\b",
        r"(?i)\b(?:(?:mình|tôi|em|anh|chị|chú|cháu|con|chúng tôi) (?:sẽ|xin|nhận)|để (?:mình|tôi|em)(?= ))\b",
        r"(?i)\b(?:hứa|cam kết)\b",
        r"\p{Hangul}(?:게요|겠습니다|겠어요)|약속",
    ),
    "decision": (
        r"(?i)\b(?:decided|agreed|passed|approved|voted|settled|adjourned|resolved|it is decided)\b",
        r"(?i)\b(?:quyết định|thống nhất|đồng ý|thông qua|chốt)\b",
        r"결정|합의|통과|정했|정해졌|기로 했|보류",
    ),
}
_COMPILED: Final = {kind: tuple(regex.compile(rule) for rule in rules) for kind, rules in _RULES.items()}


class Finding(msgspec.Struct, frozen=True):
    """``words`` are what the rule saw; ``sentence`` is what to show, and stands in the source as it is."""

    kind: Kind
    words: str
    sentence: str
    post_id: int
    url: str


def findings_of(sources: Sequence[Source]) -> list[Finding]:
    """Everything the rules see, in the order of the texts; of each kind the first of a sentence."""
    return list(islice(_found(sources), MOST_FINDINGS))


def _found(sources: Sequence[Source]) -> Iterator[Finding]:
    for source in sources:
        for sentence in split_sentences(source.text):
            if len(sentence.text) > _LONGEST:
                continue
            for kind, rules in _COMPILED.items():
                matches = [match for rule in rules if (match := rule.search(sentence.text))]
                if matches:
                    first = min(matches, key=lambda match: match.start())
                    yield Finding(kind, first[0].strip(), sentence.text, source.post_id, source.url)
