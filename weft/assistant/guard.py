"""What keeps other people's texts from acting: on the model that reads them, and on the people who read its answer.

A post may hold a model's own control words; read as such they would end the post's turn and begin another. A model may
answer with links, pictures and mentions that nobody here wrote. Neither gets through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import regex

from weft.assistant.sentences import ABBREVIATIONS
from weft.kernel.text.clean import clean_text, drop_invisible
from weft.kernel.text.entities import find_entities, find_urls

DEFAULT_SPECIALS: Final = (
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"),
    *("<|start_header_id|>", "<|end_header_id|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|eom_id|>"),
    *("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>"),
    *("<start_of_turn>", "<end_of_turn>", "<start_of_image>", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]"),
    *(
        "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
        "<\uff5cUser\uff5c>",
        "<\uff5cAssistant\uff5c>",
    ),
    *("<think>", "</think>", "<|tool|>"),
    *("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[BOS]", "[EOS]"),
    *("<repo_name>", "<file_sep>", "<|start_of_role|>", "<|end_of_role|>", "<|channel|>", "<|message|>", "<|return|>"),
    *("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<EOS_TOKEN>", "<|end_of_turn|>"),
    *("<|im_user|>", "<|im_assistant|>", "<|im_middle|>", "<|observation|>", "[gMASK]", "[sMASK]", "<sop>", "<eop>"),
    *("[|system|]", "[|user|]", "[|assistant|]", "[|endofturn|]", "]~!b[", "]~b]", "[e~[", "<extra_id_0>", "<unused0>"),
    *("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_RESULTS]", "[IMG]", "[THINK]", "[control_8]", "[UNUSED_TOKEN_146]"),
    *("<|vision_start|>", "<|image_pad|>", "<image>", "<start_function_call>", "[@BOS@]", "[multimodal]"),
    *("### Instruction:", "### Response:", "### Human:", "### Assistant:"),
)
"""Control words of the families of models in use, for servers, which do not say theirs."""
MOST_TEXT: Final = 4000
"""Characters of one text that a model is given."""
LONGEST_SENTENCE: Final = 1500
"""Characters of an answer without an end between them that are still a sentence."""

# Any bracket that could begin or end a control word, in its plain and its wide form, is set apart from what it holds.
_OPENING = regex.compile(r"([<\uff1c])(?=[<\uff1c/|\uff5c\p{L}_])|(\[)(?=/?[A-Z_][A-Z0-9_]+\]|control_\d+\]|[|\uff5c])")
_CLOSING = regex.compile(r"(?<=[|\uff5c>\uff1e])([>\uff1e])")
_HEADING = regex.compile(r"^(\s*#{2,})(?=\s*\p{L}[\p{L} ]{0,30}:)", regex.MULTILINE)
_ROLE = regex.compile(r"^(\s*(?:system|user|assistant|human|developer|tool))(\s*:)", regex.MULTILINE | regex.IGNORECASE)


def neutralise(text: str, specials: Iterable[str] = DEFAULT_SPECIALS) -> str:
    """The text with every control word broken up by a space; nothing else of what it says is changed.

    Args:
        specials: the control words of the model that reads it, beside the forms that are broken up for every model.
    """
    text = drop_controls(text[:MOST_TEXT])
    text = _OPENING.sub(lambda found: f"{found[0]} ", text)
    text = _CLOSING.sub(r" \1", text)
    text = _HEADING.sub(lambda found: found[1][:-1] + " " + found[1][-1], text)
    text = _ROLE.sub(r"\1 \2", text)
    folded = text.casefold()
    for word in specials:
        if word.casefold() in folded:
            text = broken_up(text, word)
            folded = text.casefold()
    return text


def without_form(words: Iterable[str]) -> tuple[str, ...]:
    """Those of a model's control words that do not have a form that is broken up for every model."""
    return tuple(dict.fromkeys(word for word in words if not (_OPENING.search(word) or _CLOSING.search(word))))


def drop_controls(text: str) -> str:
    """Without what shows nothing: it could stand inside a control word and be dropped by the model's own reading."""
    return "\n".join(drop_invisible(line) for line in clean_text(text).split("\n"))


def broken_up(text: str, word: str) -> str:
    """The text without this very word in it, whatever its case; words of letters alone are just words."""
    word = word.strip()
    if len(word) < 2 or word.isalnum():
        return text
    pattern = regex.compile(regex.escape(word), regex.IGNORECASE)
    while pattern.search(text):
        text = pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return text


class Sentence(msgspec.Struct, frozen=True):
    """A sentence of a model that may be shown, and the numbers of the sources that it names."""

    text: str
    sources: tuple[int, ...]


_CITED = regex.compile(r"[ ]?\[\s?(\d{1,2}(?:\s?[,;]\s?\d{1,2})*)\s?\]")
# A number in brackets may stand behind the full stop: it belongs to the sentence before it.
_BREAK = regex.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*(?:[ ]?\[[\d,; ]{1,20}\])*[.!?]?(?=\s+[^\s\[])|\n+")
_PICTURE = regex.compile(r"!\[[^\]]*+\](?:\([^)]*+\))?")
_LINK = regex.compile(r"\[([^\]]*+)\]\(([^)]*+)\)")
_TAGGED = regex.compile(r"</?[a-zA-Z!][^<>]*+>")
_SCHEMED = regex.compile(
    r"[a-z][a-z0-9+.-]{1,20}:/{1,2}\S+|\b(?:javascript|data|mailto|tel|file):\S+|\bwww\.\S+", regex.IGNORECASE
)
# Possessive, and never begun inside a label: what a model or a person writes is read in one pass.
_DOTTED = regex.compile(
    r"(?<![\p{L}\p{N}-])(?P<host>[\p{L}\p{N}-]++(?:\.[\p{L}\p{N}-]++)++)(?::[0-9]{2,5}+)?+(?P<path>/\S++)?+"
)
# The script ends where a particle begins: `example.com에서`. Two letters are a country's.
_TLD = regex.compile(
    r"(?:com|org|net|io|dev|app|info|biz|xyz|top|example|test|shop|store|online|site|website|click|link|live|club|vip"
    r"|icu|buzz|page|cloud|tech|pro|mobi|zip|mov|onion|edu|gov|xn--[a-z0-9-]++|[a-z]{2})(?![\p{Latin}\p{M}\p{N}-])",
    regex.IGNORECASE,
)
_NAMED = regex.compile(r"[\p{L}-]*\p{L}{2}")
_NUMBERS = regex.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_CALL = regex.compile(r"[@#＠＃]+(?=[\p{L}\p{M}\p{N}_])")
_LAST_WORD = regex.compile(r"[\p{L}.]+$")
_WORD = regex.compile(r"[\p{L}\p{N}]")


class Sieve:
    """Takes a model's answer as it comes and lets through the sentences that may be shown, each when it is whole."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._waiting = ""
        self._is_too_long = False

    def feed(self, piece: str) -> list[Sentence]:
        self._waiting += piece
        found, at = [], 0
        for cut in _BREAK.finditer(self._waiting):
            if _is_end(self._waiting, at, cut):
                found.append(self._waiting[at : cut.end()])
                at = cut.end()
        self._waiting = self._waiting[at:]
        passed = self._passed(found)
        if len(self._waiting) > LONGEST_SENTENCE:
            # As much as tells where it ends is kept; the rest of it is let through no more than its beginning.
            self._waiting, self._is_too_long = self._waiting[-64:], True
        return passed

    def end(self) -> list[Sentence]:
        """What was still waiting for its end."""
        rest, self._waiting = self._waiting, ""
        return self._passed([rest])

    def _passed(self, raw: Sequence[str]) -> list[Sentence]:
        if raw and self._is_too_long:
            raw, self._is_too_long = raw[1:], False
        short = (text for text in raw if len(text) <= LONGEST_SENTENCE)
        return [sentence for text in short if (sentence := check_sentence(text, self._texts)) is not None]


def _is_end(text: str, begin: int, cut: regex.Match[str]) -> bool:
    """Whether a sentence ends here. Behind an abbreviation none does: its second half alone says something else."""
    at = cut.start() - 1
    if cut[0] or at < begin or text[at] != ".":
        return True
    if text[cut.end() :].lstrip()[:1].islower():
        return False
    last = _LAST_WORD.search(text[max(begin, at - 24) : at])
    word = last[0].lower() if last is not None else ""
    return word not in ABBREVIATIONS and not (len(word) == 1 and word.isascii())


def check_sentence(text: str, texts: Sequence[str]) -> Sentence | None:
    """The sentence as it may be shown; None where it names no source, or holds an address that no named source has.

    Args:
        texts: what the sources say, in the order of their numbers from 1.
    """
    groups = _CITED.findall(text)
    cited = tuple(dict.fromkeys(int(number) for group in groups for number in regex.findall(r"\d+", group)))
    if not cited or not all(1 <= number <= len(texts) for number in cited):
        return None
    bare = plain(_CITED.sub("", text))
    allowed = {span.url for number in cited for span in find_urls(texts[number - 1])}
    if not _WORD.search(bare) or bare.strip(" .") == "NONE" or not addresses_in(bare) <= allowed:
        return None
    return Sentence(bare, cited)


def plain(text: str) -> str:
    """One line of plain text: no markup, no pictures, nobody called, no tag set, no control word."""
    text = _PICTURE.sub(" ", text[:MOST_TEXT])
    text = _LINK.sub(r"\1 \2", text)
    text = _TAGGED.sub(" ", text)
    text = neutralise(text).replace("`", "").replace("*", "").replace("<", " ").replace(">", " ")
    return quiet(" ".join(text.split()))


def quiet(text: str) -> str:
    """The text without anything that would call somebody or enter a tag when it is posted."""
    urls = find_urls(text)
    inside = {at for span in urls for at in range(span.start, span.end)}
    text = _CALL.sub(lambda found: found[0] if found.start() in inside else "", text)
    # What stood inside an address may stand outside of one now.
    left = find_entities(text)
    return _CALL.sub("", text) if left.mentions or left.tags else text


def addresses_in(text: str) -> set[str]:
    """Everything in the text that somebody, or their app, might take for an address."""
    spans = find_urls(text)
    found = {span.url for span in spans}
    rest = text
    for span in reversed(spans):
        rest = rest[: span.start] + " " + rest[span.end :]
    found.update(match[0] for match in _SCHEMED.finditer(rest))
    found.update(match[0] for match in _DOTTED.finditer(rest) if _is_address(match["host"], match["path"]))
    return found


def _is_address(host: str, path: str | None) -> bool:
    _, *labels = host.split(".")
    if path is not None and _NAMED.match(labels[-1]):
        return True
    return any(_TLD.match(label) for label in labels) or _NUMBERS.fullmatch(host) is not None
