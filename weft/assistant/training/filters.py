"""What no training text may hold: secrets, what leads to a person's door, mailbox or telephone, and control words of
models, by which a post could teach one what to answer. Rules, not a model.

They take out too much rather than too little. Names of people stay, and so does what people tell of themselves in
words: no rule finds that, and the card says so.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Final

import msgspec
import regex

from weft.assistant.guard import neutralise

SOMEONE: Final = "@someone"
MENTION: Final = "someone"
LONGEST: Final = 2000
"""Characters of a post that are looked at; the rest is cut off."""

_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cc}--[\n\t]]", regex.VERSION1)
_WIDE: Final = {0xFF01 + n: 0x21 + n for n in range(94)}
"""Signs and letters in the width of an ideograph, by which numbers and addresses are written, too."""
_DASH = regex.compile(r"[\u2010-\u2015\u2212\uff0d\u30fc]")
# What stands between the digits of a telephone number or of a card.
_GAP: Final = r"[ .()\u00a0/-]{0,3}"
_NOT_IN_NUMBER: Final = r"(?<![\d.,])"
_SECRET_WORD: Final = (
    r"(?:pass(?:word|code|phrase|wd)|pwd|pin(?: code)?|otp|secret|api[ _-]?key|access[ _-]?key|token|cvv|"
    r"(?:login|verification|door|gate|entry|alarm|lock) code|recovery (?:code|phrase)|seed phrase|"
    r"wi-?fi (?:key|password)|"
    r"mật khẩu|mã (?:otp|pin|xác (?:nhận|minh|thực)|bảo mật|khôi phục|cửa|cổng|khoá|khóa|két)|khoá bí mật|"
    r"비밀 ?번호|비번|암호|패스워드|인증 ?(?:번호|코드)|보안 ?(?:번호|코드)|복구 ?(?:코드|구문))"
)
_IS: Final = r"(?:\s*(?:[:=]|->|→|\bis\b|\bwas\b|\blà\b|[은는이가]\b|[은는이가] )\s*)"
_WAY: Final = r"(?:street|avenue|road|boulevard|lane|square|terrace|crescent)"

_WEAK_WAY: Final = r"(?:st|rd|ave|blvd|ln|dr|ct|sq|pl|drive|court|close|place|way|highway|hwy|parkway|pkwy|alley)"

_ORDINAL: Final = r"(?:[NSEW]{1,2}\.?\s|(?:north|south|east|west)\s)?\d{1,3}(?:st|nd|rd|th)"
# A house of Vietnam, with the lanes that lead to it, and the name of a street or a town.
_HOUSE: Final = r"\d{1,4}[A-Za-z]?(?:/\d{1,4}[A-Za-z]?){0,6}"
_NAMED: Final = r"\p{Lu}\p{L}{0,20}(?:,?\s(?:\p{Lu}\p{L}{0,20}|\d{1,3}\b)){0,10}"

RULES: Final[tuple[tuple[str, str], ...]] = (
    ("key", r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)"),
    ("key", r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"),
    ("key", r"\b(?:gh[opsur]|github_pat|glpat|xox[abpros]|sk|pk|rk|hf|npm|pypi|dop|shpat)[-_][A-Za-z0-9_-]{10,}"),
    ("key", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"),
    ("key", r"\bssh-(?:rsa|ed25519|dss) [A-Za-z0-9+/=]{20,}"),
    (
        "someone",
        r"(?<![\p{L}\p{N}/.])@[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,64}[\p{L}\p{N}_])?"
        r"(?:@(?:[\p{L}\p{N}-]{1,63}\.){0,8}[\p{L}\p{N}-]{0,63}[\p{L}\p{N}])?",
    ),
    ("address", r"(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){0,8}[\p{L}\p{N}]{2,63}"),
    ("address", r"(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}+\s@\s(?:[\p{L}\p{N}-]{1,63}\s?\.\s?){1,8}\p{L}{2,24}"),
    # As it is said aloud in Vietnamese and Korean.
    (
        "address",
        r"(?i)(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}?\s?(?:a còng|a cong|a móc|골뱅이)\s?[\p{L}\p{N}-]{1,63}?"
        r"(?:\s?(?:chấm|cham|닷|점|\.)\s?\p{L}{1,24}){1,4}",
    ),
    ("address", r"(?i)\b[a-z0-9.-]{1,64}_at_[a-z0-9-]{1,63}(?:_dot_[a-z]{2,24}){1,4}\b"),
    (
        "address",
        r"(?i)(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}+\s?[\[({<]\s?(?:at|a)\s?[\])}>]\s?[\p{L}\p{N}-]{1,63}"
        r"(?:\s?(?:[\[({<]\s?(?:dot|d)\s?[\])}>]|\.)\s?\p{L}{1,63}){1,8}",
    ),
    (
        "address",
        r"(?i)(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}+ at [\p{L}\p{N}-]{1,63}(?: dot \p{L}{1,63}){1,8}\b",
    ),
    ("link", r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:|tel:)[^\s<>\"]+"),
    (
        "link",
        r"(?i)(?<![a-z0-9.-])(?:[a-z0-9-]{1,63}\.){1,8}(?:com|org|net|io|me|vn|kr|eu|de|fr|uk|app|dev|gg|xyz|info|social|link)\b(?:/\S*)?",
    ),
    ("secret", rf"(?i)\b(?:recovery|seed) phrase{_IS}[^\n.]{{1,400}}"),
    ("secret", rf"(?i)\b{_SECRET_WORD}{_IS}\S{{1,200}}(?: \S{{0,40}}\d\S{{0,40}}){{0,4}}"),
    ("secret", r"(?i)\b(?:pass|pw|mk)\s?[:=]\s?\S{3,200}|\bpw\s(?=\S{0,60}\d)\S{4,200}"),
    ("secret", rf"(?i)\b{_SECRET_WORD}\s(?=\S{{0,60}}\d)\S{{4,200}}"),
    ("key", r"(?<![A-Za-z0-9+/_=-])(?=[A-Za-z+/_=-]*\d)(?=[0-9+/_=-]*[A-Za-z])[A-Za-z0-9+/_=-]{24,}"),
    ("key", r"\b(?:[0-9a-fA-F]{2}[:-]){5,}[0-9a-fA-F]{2}\b|\b[0-9a-fA-F]{16,}\b"),
    ("place", r"-?\d{1,3}\.\d{3,}\s*[,;/ ]\s*-?\d{1,3}\.\d{3,}"),
    ("place", r"-?\d{1,3}\.\d{3,}\s?°?\s?[NSEW]\b"),
    ("place", r"\d{1,3}°\s?\d{1,2}(?:\.\d+)?['′’](?:\s?\d{1,2}(?:\.\d+)?[\"″”])?\s?[NSEW]?"),
    ("place", r"\b[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}\b"),
    ("place", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    # Whatever stands behind the word for it.
    ("place", r"(?i)\b(?:home|postal|mailing|street|my|our|his|her|their) address(?: is\b|\s?[:=])[^\n.;!?]{3,120}"),
    ("place", r"(?i)\baddress(?: is\b|\s?[:=])(?=[^\n]{0,40}\d)[^\n.;!?]{3,120}"),
    (
        "place",
        rf"\b(?i:địa chỉ|đ/c|đc|nhà|ở|tại|ghé|về|tới)"
        rf"(?i:\s(?:của|nhà|mình|em|anh|chị|tôi|tui|ở|là|số)){{0,4}}\s?[:=]?\s?(?:K\.?)?{_HOUSE},?\s(?!(?i:tháng|giờ)\b){_NAMED}",
    ),
    # Vietnam: the number, the street with its word, or the number before a named street and its ward.
    (
        "place",
        r"(?:\b(?i:số nhà|nhà số|số)\s)?\b\d{1,4}[A-Za-z]?(?:/\d{1,4}[A-Za-z]?){0,6},?\s?"
        r"(?i:đường|phố|ngõ|ngách|hẻm|kiệt)\s(?:(?:\p{Lu}\p{L}{0,20}|\d{1,4})(?:[ /](?:\p{Lu}\p{L}{0,20}|\d{1,4})){0,4}"
        r"|[\p{L}\d]{1,20}(?: [\p{L}\d]{1,20})?)",
    ),
    ("place", r"(?i)\b(?:số nhà|nhà số|căn hộ|chung cư|toà nhà|phòng số)\s[\p{L}\d/.-]{0,20}\d[\p{L}\d/.-]{0,20}"),
    (
        "place",
        r"\b(?i:ngõ|ngách|hẻm|kiệt)\s\d[\d/]{0,12}(?:,?\s(?:(?i:đường|phố)\s)?\p{Lu}\p{L}+(?: \p{Lu}\p{L}+){0,3})?",
    ),
    (
        "place",
        r"\b\d{1,4}[A-Za-z]?(?:/\d{1,4}[A-Za-z]?){0,6}\s(?:\p{Lu}\p{L}{1,20} ?){1,5},?\s?"
        r"(?:(?i:phường|quận|p\.|q\.|xã|huyện|thị trấn|tp\.?)\s*[\p{L}\d]+|[PpQq]\s?\d{1,2}\b)"
        r"(?:,?\s?[PpQq]\.?\s?\d{1,2}\b)?",
    ),
    # A lane's number before a name, which only Vietnamese writes so: no date and no fraction of anything.
    ("place", rf"\bK?\d{{1,4}}[A-Za-z]?(?:/\d{{1,4}}[A-Za-z]?){{1,6}},?\s(?=[^\n,.]{{0,30}}[\u00c0-\u1eff]){_NAMED}"),
    (
        "place",
        r"\b(?i:thôn|ấp|xóm|tổ|khu phố|khóm)\s\d{1,3}[A-Za-z]?,?\s(?i:xã|phường|thị trấn|khu phố)\s"
        r"[\p{L}\d]{1,20}(?:,?\s(?:(?i:xã|phường|huyện|quận|tỉnh)\s)?\p{Lu}\p{L}{0,20}){0,6}",
    ),
    # Korea: a road with its number, a lot, a flat.
    (
        "place",
        r"(?:\p{Hangul}{1,10}(?:시|도|군|구)\s){0,3}(?:\p{Hangul}{1,10}(?:읍|면|동|리)\s)?"
        r"[\p{Hangul}\d]{1,12}(?:대로|로|길)\s?\d+(?:번길|길)?(?:\s?\d+)?(?:-\d+)?(?![\d년월일시분개명번원%])",
    ),
    ("place", r"(?:\p{Hangul}{1,10}(?:시|도|군|구|읍|면|동|리)\s){1,5}\d+(?:-\d+)?(?:번지)?"),
    ("place", r"\d+(?:-\d+)?\s?번지|\d+동\s?\d+호|\d{3,}호(?![선기차])"),
    # English: a number and a street, a flat, a box.
    ("place", rf"\b\d{{1,5}}[A-Za-z]?,?\s+(?:\p{{Lu}}[\p{{L}}.'-]{{0,30}}\s){{1,4}}(?i:{_WAY}|{_WEAK_WAY})\b\.?"),
    ("place", rf"(?i)\b\d{{1,5}}[a-z]?,?\s[\p{{L}}'-]{{1,30}}\s{_WAY}\b"),
    ("place", rf"(?i)\b\d{{1,5}}[a-z]?,?\s{_ORDINAL}\s(?:{_WAY}|{_WEAK_WAY})\b\.?"),
    ("place", r"\b\d{1,5}\s\p{Lu}[^\n\d]{0,60}?,\s?[A-Z]{2}\s\d{5}(?:-\d{4})?\b"),
    ("place", r"(?i)\b(?:apartment|apt|flat|suite|unit|room)\.?\s*#?\s*\d+[a-z]?\b|\bp\.?\s?o\.?\s*box\s+\d+"),
    ("place", r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"),
    # Days and times of day are no numbers of anybody's: they are kept.
    (
        "",
        r"\b\d{4}[-./]\d{1,2}[-./]\d{1,2}\b|\b\d{1,2}[-./]\d{1,2}[-./]\d{4}\b(?!\d)|\b\d{4}\s?[-–]\s?\d{4}\b(?![\d-])",
    ),
    ("number", rf"{_NOT_IN_NUMBER}\+\(?\d(?:{_GAP}\d){{6,16}}"),
    ("number", rf"{_NOT_IN_NUMBER}\(?0\d(?:{_GAP}\d){{6,13}}"),
    ("number", rf"{_NOT_IN_NUMBER}\(?[2-9]\d{{2}}\)?[ .-]{{1,2}}\d{{3}}[ .-]\d{{4}}(?!\d)"),
    ("number", r"\b(?=(?:\d-?){8})\d{2,6}(?:-\d{2,8}){2,4}\b"),
    ("number", r"\b\d{3}-\d{3,4}(?!\d)|\b\d{6}\s?-\s?\d{7}\b|\b\d{3}-\d{2}-\d{4,6}\b"),
    ("number", r"\b(?:\d{4}[ -]){2,4}\d{1,7}\b"),
    ("number", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
    ("number", r"\b[A-Z]{1,3}\d{6,}\b"),
    ("number", r"(?<![\d.,])\d{7,}(?![\d])"),
)
"""Kind and form. The first that fits at a place takes it; a form without a kind keeps what it finds."""

_ONE: Final = regex.compile(
    "|".join(f"(?P<r{number}>{form})" for number, (_, form) in enumerate(RULES)), regex.VERSION1 | regex.DOTALL
)
_SPACES: Final = regex.compile(r"[^\S\n]+")
_LINES: Final = regex.compile(r"\n{3,}")
_HOLE: Final = regex.compile(r"\[(?:key|address|link|secret|place|number)\]|@someone")
_WORD: Final = regex.compile(r"\p{Hangul}{1,2}|[\p{L}\p{M}]{2,}")
FEWEST_WORDS: Final = 3


class Filtered(msgspec.Struct, frozen=True):
    """``text`` is empty where too little was left; ``found`` counts by kind what was taken out."""

    text: str
    found: dict[str, int]


def filter_text(text: str) -> Filtered:
    """The text with a word in brackets for each thing that may not be learnt, without anybody's handle, and with its
    control words broken up."""
    plain = unicodedata.normalize("NFC", _DASH.sub("-", _INVISIBLE.sub("", text[:LONGEST])).translate(_WIDE))
    found: Counter[str] = Counter()

    def put(match: regex.Match[str]) -> str:
        kind = RULES[int((match.lastgroup or "r0")[1:])][0]
        if not kind:
            return match[0]
        found[kind] += 1
        return SOMEONE if kind == MENTION else f"[{kind}]"

    bare = _LINES.sub("\n\n", _SPACES.sub(" ", neutralise(_ONE.sub(put, plain)))).strip()
    left = _WORD.findall(_HOLE.sub(" ", bare))
    return Filtered(bare if len(left) >= FEWEST_WORDS else "", dict(found))


def secrets_in(text: str) -> list[str]:
    """The kinds of what the rules find: nothing of them may stand in what a trained model says."""
    return sorted(filter_text(text).found.keys() - {MENTION})
