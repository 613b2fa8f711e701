"""Turns a question in somebody's own words into terms that posts may share with it. Pure.

A search wants all its words; an answer rarely holds all words of its question. So words that every question has are
left out, English words come with their inflections, Korean words without their endings, and what is left may match in
part. Languages without rules here are read word by word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import regex

from weft.kernel.text.words import fold_marks, pairs, words

MOST_WANTS: Final = 32
MOST_FORMS: Final = 12

_HANGUL = regex.compile(r"\p{Hangul}")
_BARE = 0.4
"""What a word counts that lost its marks by folding, beside the word as written: most such matches are other words."""

ENGLISH_STOP: Final = frozenset(
    """a about after all also am an and any anybody anyone are as at be been before being but by can could did do does
    doing done for from get gets got had has have having he her here him his how i if in into is it its just many may me
    might more most much must my no not of off on one or our out over own really say says she should so some somebody
    someone such than that the their them then there these they this those to too up us very was we were what when
    where which while who whom whose why will with would you your""".split()
)
VIETNAMESE_STOP: Final = frozenset(
    """ai bao bị bởi các cái cho chưa có còn của cũng cứ do dù đã đang để đến đó được gì hay hoặc hiện khi không kia là
    lại mà mấy mình một nào này nên nếu nhiêu như nhưng những nhau nữa ở ra rằng rất sao sẽ tại tất thế thì theo trên
    trong từ và vào vẫn vì việc với ấy đây lúc nhiều hơn đi lên xuống""".split()
)
KOREAN_STOP: Final = frozenset(
    """그 이 저 것 수 등 및 더 또 좀 잘 왜 몇 누구 누가 무엇 무슨 뭐 어떤 어느 어디 언제 언제쯤 얼마 얼마나 어떻게
    어떠 우리 저희 여기 거기 하는 하고 했 하 되 된 될 있 없 있는 없는 한 할 싶어 위해 대해 대한
    그리고 그러나 하지만""".split()
)
_STOP: Final = {"en": ENGLISH_STOP, "vi": VIETNAMESE_STOP}

# The longest first. An ending goes only if a stem of at least one syllable is left, a particle if two are.
_ENDINGS: Final = tuple(
    """이에요 습니까 습니다 인가요 은가요 는가요 하나요 되나요 했나요 됐나요 할까요 될까요 을까요 나요 까요 니까 니다
    어요 아요 해요 네요 지요 데요 예요 죠""".split()
)
_PARTICLES: Final = tuple(
    """으로부터 에게서는 에서는 에게서 이라고 으로는 까지는 부터는 라고 으로 에서 에게 까지 부터 보다 처럼 만큼 이나
    이란 하고 한테 께서 에는 과의 와의 은 는 이 가 을 를 에 의 로 와 과 도 만""".split()
)


class Want(msgspec.Struct, frozen=True):
    """One thing that a question asks after: a post has it if it has any of the terms."""

    terms: tuple[str, ...]
    weight: float = 1.0


def read_question(text: str, language: str) -> list[Want]:
    """What the question asks after, in its order. ``language`` is ISO 639-1; any other word just has no rules."""
    wants: dict[Want, None] = {}
    for word, paired in words(text):
        found = _paired_wants(word) if paired else _spaced_wants(word, language)
        wants.update(dict.fromkeys(found))
        if len(wants) >= MOST_WANTS:
            break
    return list(wants)[:MOST_WANTS]


def _spaced_wants(word: str, language: str) -> Iterator[Want]:
    if word in _STOP.get(language, ()):
        return
    folded = fold_marks(word)
    if folded != word:
        yield Want((folded,), _BARE)
        yield Want(("=" + word,), 1 - _BARE)
    elif language == "en":
        yield Want(tuple(english_forms(word)))
    else:
        yield Want((folded,))


def _paired_wants(run: str) -> Iterator[Want]:
    """The pairs of a run of letters that no spaces divide; together they weigh as much as a word or two."""
    stem = korean_stem(run) if _HANGUL.match(run) else run
    if not stem or not {stem, run}.isdisjoint(KOREAN_STOP) or run in _PARTICLES:
        return
    parts = pairs(stem)
    for part in parts:
        yield Want((part,), len(parts) ** -0.5)


def korean_stem(word: str) -> str:
    """The word without the ending of a verb or else its particle."""
    for ending in _ENDINGS:
        if word.endswith(ending):
            return word[: -len(ending)]
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word


def english_forms(word: str) -> list[str]:
    """The word and what it may stand as in an answer: ``rehearse``, ``rehearses``, ``rehearsed``, ``rehearsing``."""
    if len(word) < 3 or not word.isalpha():
        return [word]
    forms = {word: None}
    for stem in _english_stems(word):
        forms[stem] = None
        forms.update(dict.fromkeys(_inflected(stem)))
    return list(forms)[:MOST_FORMS]


def _english_stems(word: str) -> list[str]:
    stems = [word]
    for ending, others in _STEMS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            bare = word[: -len(ending)]
            stems = [bare + other for other in others]
            if not ending.startswith(("s", "i")) or ending == "ing":
                stems += [bare[:-1]] if bare[-1] == bare[-2] else []
            break
    return stems


_STEMS: Final = (
    ("ies", ("y",)),
    ("ied", ("y",)),
    ("ing", ("", "e")),
    ("sses", ("ss",)),
    ("ed", ("", "e")),
    ("ss", ("ss",)),
    ("es", ("e", "")),
    ("s", ("",)),
)


def _inflected(stem: str) -> list[str]:
    if stem.endswith("y") and stem[-2] not in "aeiou":
        return [stem[:-1] + "ies", stem[:-1] + "ied", stem + "ing"]
    if stem.endswith("e"):
        return [stem + "s", stem + "d", stem[:-1] + "ing"]
    if stem.endswith(("s", "x", "ch", "sh")):
        return [stem + "es", stem + "ed", stem + "ing"]
    return [stem + "s", stem + "ed", stem + "ing"]
