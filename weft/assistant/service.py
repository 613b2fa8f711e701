"""The door of the assistant: what others may call. Each function lives in the module of its idea."""

from weft.assistant.extract import Quote, Source, extract, quotes_of
from weft.assistant.findings import Finding, findings_of
from weft.assistant.index import Embedder, Means, Nearness, Understanding, words_alone
from weft.assistant.language import guess_language
from weft.assistant.opt_outs import opt_out, opted_out
from weft.assistant.retrieval import Finder, Found, Lexical, Question

__all__ = [
    "Embedder",
    "Finder",
    "Finding",
    "Found",
    "Lexical",
    "Means",
    "Nearness",
    "Question",
    "Quote",
    "Source",
    "Understanding",
    "extract",
    "findings_of",
    "guess_language",
    "opt_out",
    "opted_out",
    "quotes_of",
    "words_alone",
]
