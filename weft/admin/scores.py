"""How the staff is shown what the models can: every part of the check, and how the classifiers did."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.assistant.service import PRECISION, RECALL, SERVED_BY, Capabilities, Learnt, Score, load_golden
from weft.kernel.clock import rfc3339


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the check in one language, or direction such as ``en-ko``."""

    part: str
    language: str
    score: float
    bar: float
    passed: bool
    asked: int
    items: int
    """More than were asked where the bar was out of reach before the end."""
    faults: dict[str, int]
    checked_at: str


class CapabilityScore(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    on: bool
    score: float | None
    """Of the worst part of what is on, or else of everything; None where nothing was checked."""
    languages: list[str]
    """In which it is on."""
    model: str
    sha256: str
    """Of the model's file, or of a server's address and its name there; both empty where no model serves this."""
    checked_at: str | None
    parts: list[Part]


class ClassifierScore(msgspec.Struct, frozen=True, kw_only=True):
    """A classifier that suggests posts to the moderators, measured on decisions that it had not seen."""

    kind: str
    serves: bool
    why: str
    """Why it does not: ``few`` decisions, ``wrong`` too often, ``misses`` too much; empty where it does."""
    model: str
    decided: int
    harmless: int
    precision: float | None
    precision_bar: float
    recall: float | None
    recall_bar: float
    learnt_at: str


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    golden: str
    capabilities: list[CapabilityScore]
    classifiers: list[ClassifierScore]
    """Empty until there was a first lesson."""


def scores_shape(capabilities: Capabilities, learnt: Sequence[Learnt]) -> Scores:
    return Scores(
        golden=load_golden().version,
        capabilities=[_capability(name, capabilities) for name in SERVED_BY],
        classifiers=[_classifier(each) for each in learnt],
    )


def _capability(name: str, capabilities: Capabilities) -> CapabilityScore:
    own = [score for score in capabilities.scores() if score.capability == name]
    feature = capabilities.feature(name)
    model, sha256 = capabilities.model(name)
    return CapabilityScore(
        name=name,
        on=feature.on,
        score=round(feature.score, 4) if own else None,
        languages=list(feature.languages),
        model=model,
        sha256=sha256,
        checked_at=rfc3339(max(score.at_ms for score in own)) if own else None,
        parts=[_part(score) for score in own],
    )


def _part(score: Score) -> Part:
    return Part(
        part=score.part,
        language=score.language,
        score=round(score.score, 4),
        bar=score.bar,
        passed=score.passed,
        asked=score.asked,
        items=score.items,
        faults=score.faults,
        checked_at=rfc3339(score.at_ms),
    )


def _classifier(learnt: Learnt) -> ClassifierScore:
    quality, is_measured = learnt.quality, learnt.why != "few"
    return ClassifierScore(
        kind=learnt.kind,
        serves=learnt.serves,
        why=learnt.why,
        model=learnt.model,
        decided=quality.decided,
        harmless=quality.harmless,
        precision=round(quality.precision, 4) if is_measured else None,
        precision_bar=PRECISION,
        recall=round(quality.recall, 4) if is_measured else None,
        recall_bar=RECALL,
        learnt_at=rfc3339(learnt.at_ms),
    )
