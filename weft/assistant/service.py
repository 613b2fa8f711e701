"""The door of the assistant: what others may call. Each function lives in the module of its idea."""

from weft.assistant.account import OwnAccount, find_own_id
from weft.assistant.answers import Tools
from weft.assistant.assistant import Assistant, open_assistant
from weft.assistant.bars import SERVED_BY
from weft.assistant.calls import Calls
from weft.assistant.capabilities import DIRECTIONS, Capabilities, Gate, Score, identity_of, store_result
from weft.assistant.check import PATIENCE, Anything, Called, Result, Tested, check_models
from weft.assistant.check import Wanted as WantedCheck
from weft.assistant.context import Context
from weft.assistant.digest import Digest, Open, digest_of
from weft.assistant.extract import Quote, Source, extract, quotes_of
from weft.assistant.findings import Finding, findings_of
from weft.assistant.golden_set import LANGUAGES as SPOKEN
from weft.assistant.golden_set import load_golden
from weft.assistant.index import Embedder, Means, Nearness, Understanding, words_alone
from weft.assistant.judge import PRECISION, RECALL, Decided, Lesson, Verdict, evaluate, lesson_of, seeds
from weft.assistant.judging import Judging, Suspicion
from weft.assistant.language import guess_language
from weft.assistant.lessons import MOST_REPORTS, Learnt, load_learnt
from weft.assistant.mentions import Mentions
from weft.assistant.mind import QUEUES, Mind
from weft.assistant.opt_outs import opt_out, opted_out
from weft.assistant.retrieval import Finder, Found, Lexical, Question
from weft.assistant.training import door as training
from weft.assistant.understanding import Meaning

__all__ = [
    "DIRECTIONS",
    "MOST_REPORTS",
    "PATIENCE",
    "PRECISION",
    "QUEUES",
    "RECALL",
    "SERVED_BY",
    "SPOKEN",
    "Anything",
    "Assistant",
    "Called",
    "Calls",
    "Capabilities",
    "Context",
    "Decided",
    "Digest",
    "Embedder",
    "Finder",
    "Finding",
    "Found",
    "Gate",
    "Judging",
    "Learnt",
    "Lesson",
    "Lexical",
    "Meaning",
    "Means",
    "Mentions",
    "Mind",
    "Nearness",
    "Open",
    "OwnAccount",
    "Question",
    "Quote",
    "Result",
    "Score",
    "Source",
    "Suspicion",
    "Tested",
    "Tools",
    "Understanding",
    "Verdict",
    "WantedCheck",
    "check_models",
    "digest_of",
    "evaluate",
    "extract",
    "find_own_id",
    "findings_of",
    "guess_language",
    "identity_of",
    "lesson_of",
    "load_golden",
    "load_learnt",
    "open_assistant",
    "opt_out",
    "opted_out",
    "quotes_of",
    "seeds",
    "store_result",
    "training",
    "words_alone",
]
