"""What can be told of an answer by rule: its language, its numbers, names and links, and whether it only repeats.

Each rule is made to let no good answer fail rather than to find every bad one; several of them together are hard to
pass by an echo, by words without sense, or by one answer for everything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

import regex

from weft.assistant.golden_set import Language, Ways

MARKERS = regex.compile(
    r"<\|.*?\|>|\|>|<\|im_|\[/?INST\]|<</?SYS|</?s>|<(?:start|end)_of_turn>|</?posts>|^\s*(?:system|user|assistant)\s*:",
    regex.IGNORECASE | regex.MULTILINE,
)
_LINK = regex.compile(r"(?:https?://|www\.)\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:example|com|net|org|io)\b\S*", regex.I)
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}']+")
_SOURCE_MARK = regex.compile(r"\[\d{1,2}\]")
_HANGUL = regex.compile(r"\p{Hangul}")
_LETTER = regex.compile(r"\p{L}")
_MARKED = regex.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", regex.I)
_WEEKDAY = regex.compile(r"thứ [2-7]\b", regex.I)
_CLOCK = regex.compile(r"(?<!\d)(\d{1,2})[:h](\d\d)(?!\d)")
_DIGITS = regex.compile(r"[0-9]{1,15}")
_MONTHS: Final = "january february march april may june july august september october november december".split()
_MONTH = regex.compile(r"tháng (\d{1,2})|(\d{1,2}) ?월")
_SPELLED: Final[dict[Language, dict[str, int]]] = {
    "en": {
        word: number
        for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
    }
    | {"twenty": 20, "thirty": 30, "thirty-five": 35, "forty": 40},
    "vi": {word: number for number, word in enumerate("một hai ba bốn năm sáu bảy tám chín mười".split(), 1)}
    | {"tư": 4, "hai mươi": 20, "ba mươi": 30, "bốn mươi": 40},
    "ko": dict.fromkeys(("하나", "한"), 1)
    | dict.fromkeys(("둘", "두", "이틀"), 2)
    | {
        "세": 3,
        "네": 4,
        "다섯": 5,
        "닷새": 5,
        "여섯": 6,
        "일곱": 7,
        "여덟": 8,
        "아홉": 9,
        "열": 10,
        "열흘": 10,
        "스무": 20,
    },
}
_ENGLISH: Final = frozenset(
    """a an the of to in on at for and or but is are was were be been has have had will would can could may it its this
    that these those with from by as not no we you i they he she my your our their me us there here when who what all
    out up if so than then do does please""".split()
)
# Capitals that say nothing about a name.
_KNOWN: Final = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday i i'm i'd i'll ok ai euro eur tv
    thứ hai ba tư năm sáu bảy chủ nhật""".split()
) | frozenset(_MONTHS)
_LOOP: Final = 3
_LEAK_WORDS: Final = 7


def plain(text: str) -> str:
    """For comparing: composed letters, small, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("’", "'").split())


def words_of(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def says(text: str, way: str) -> bool:
    """Whether the text says it; a Latin word counts from its beginning, as endings differ."""
    return _holds(plain(text), plain(way))


def _holds(whole: str, wanted: str) -> bool:
    if wanted not in whole:
        return False
    if not wanted[:1].isalpha() or _HANGUL.match(wanted):
        return True
    return regex.search(rf"(?<![\p{{L}}\p{{N}}]){regex.escape(wanted)}", whole) is not None


def unsaid(text: str, ways: Ways) -> list[str]:
    """What has to be said and is not, by the first way to say it."""
    whole = plain(text)
    return [group[0] for group in ways if not any(_holds(whole, plain(way)) for way in group)]


def is_in(text: str, language: Language) -> bool:
    """Whether a text is written in the language, told by its letters and, in English, its small words."""
    letters, hangul = len(_LETTER.findall(text)), len(_HANGUL.findall(text))
    words = words_of(text)
    if not letters:
        return False
    marked = sum(1 for word in words if _MARKED.search(word)) / len(words)
    match language:
        case "ko":
            return hangul / letters >= 0.5
        case "vi":
            return not hangul and (marked >= 0.3 or (len(words) <= 4 and marked > 0))
        case "en":
            small = sum(1 for word in words if word in _ENGLISH) / len(words)
            return not hangul and marked <= 0.15 and (len(words) < 8 or small >= 0.15)


def numbers_of(text: str, language: Language) -> tuple[set[int], set[int]]:
    """Numbers that stand there as such, and those that may as well be written in another way: months, hours, words."""
    whole = _WEEKDAY.sub(" ", plain(_SOURCE_MARK.sub(" ", text)))
    maybe = {1} | {int(first or second) for first, second in _MONTH.findall(whole)}
    maybe |= {number for number, name in enumerate(_MONTHS, 1) if _holds(whole, name)}
    maybe |= {number for word, number in _SPELLED[language].items() if _holds(whole, word)}
    for hour, _ in _CLOCK.findall(whole):
        maybe |= {int(hour), int(hour) % 12}
    return set(written_numbers(text)) - maybe, maybe


def all_numbers(text: str, language: Language) -> set[int]:
    sure, maybe = numbers_of(text, language)
    return sure | maybe


def written_numbers(text: str) -> list[int]:
    """Numbers in digits, without those that name a source or, in Vietnamese, a day of the week."""
    whole = _WEEKDAY.sub(" ", plain(_SOURCE_MARK.sub(" ", text)))
    return sorted({int(digits) for digits in _DIGITS.findall(whole)})


def invented_numbers(text: str, sources: Iterable[str], language: Language) -> list[int]:
    """Numbers of the answer that no source has."""
    known = {number for source in sources for number in all_numbers(source, language)}
    return [number for number in written_numbers(text) if number not in known]


def lost_numbers(text: str, source: str, from_: Language, to: Language) -> list[int]:
    """Numbers that stand in the source as such and nowhere in its translation."""
    return sorted(numbers_of(source, from_)[0] - all_numbers(text, to))


def invented_names(text: str, sources: Iterable[str]) -> list[str]:
    """Words with a capital inside a sentence that stand in no source; for languages that have capitals."""
    known = {word for source in sources for word in words_of(source)}
    found = []
    for match in regex.finditer(r"(?<=[\p{L}\p{N},;] )\p{Lu}[\p{L}\p{M}]+", unicodedata.normalize("NFC", text)):
        word = match[0].casefold()
        if word not in known and word not in _KNOWN and word.removesuffix("s") not in known:
            found.append(match[0])
    return found


def invented_links(text: str, sources: Iterable[str]) -> list[str]:
    whole = "\n".join(sources)
    return [link for link in _LINK.findall(text) if link.rstrip(".,)") not in whole]


def holds_markers(text: str) -> bool:
    return MARKERS.search(text) is not None


def goes_round(text: str) -> bool:
    """Whether it says the same again and again."""
    words = words_of(text)
    runs = [tuple(words[at : at + _LOOP]) for at in range(len(words) - _LOOP + 1)]
    return len(runs) > 9 and len(set(runs)) < 0.6 * len(runs)


def likeness(text: str, other: str) -> float:
    """From 0 to 1: how much of two texts is the same, in the same order."""
    return SequenceMatcher(None, plain(text), plain(other), autojunk=False).ratio()


def shared(text: str, other: str) -> int:
    """How many of a text's pairs of letters stand in another: what it is about, whatever its words end on."""
    parts = ({word[at : at + 2] for word in words_of(one) for at in range(len(word) - 1)} for one in (text, other))
    first, second = parts
    return len(first & second)


def leaks(text: str, instructions: str) -> bool:
    """Whether a run of words of the instructions stands in the answer."""
    said, told = " ".join(words_of(text)), words_of(instructions)
    runs = (" ".join(told[at : at + _LEAK_WORDS]) for at in range(len(told) - _LEAK_WORDS + 1))
    return any(run in said for run in runs)


def weight(text: str) -> int:
    """How long a text is for its reader: a syllable of Hangul says as much as two letters."""
    return len(text) + len(_HANGUL.findall(text))
