"""What commands may call of training; `weft.assistant.service` hands it on."""

from weft.assistant.training.card import Base, Result, card
from weft.assistant.training.consent import Consent, consent_of, set_consent, who_agreed
from weft.assistant.training.export import Export, Window, export
from weft.assistant.training.gates import Scores, failed, judge
from weft.assistant.training.learner import Learner
from weft.assistant.training.lora import check_base
from weft.assistant.training.peft_learner import Missing, PeftLearner, check_installed
from weft.assistant.training.plan import Plan, check_plan
from weft.assistant.training.run import OUT, Around, Golden, Price, changed_files, load_result, train
from weft.assistant.training.weights import NotReadable, Weights

__all__ = [
    "OUT",
    "Around",
    "Base",
    "Consent",
    "Export",
    "Golden",
    "Learner",
    "Missing",
    "NotReadable",
    "PeftLearner",
    "Plan",
    "Price",
    "Result",
    "Scores",
    "Weights",
    "Window",
    "card",
    "changed_files",
    "check_base",
    "check_installed",
    "check_plan",
    "consent_of",
    "export",
    "failed",
    "judge",
    "load_result",
    "set_consent",
    "train",
    "who_agreed",
]
