"""Every gate keeps a model in by itself, names itself, and fails where nothing was measured; the card tells it all."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from weft.assistant.training.gates import GATES, Canary, Evidence, Scores, failed, judge

GOOD = Evidence(
    before=Scores(in_domain=20.0, general=30.0, abuse=0.25, abusive_words=1, golden={"ask.says.en": 0.9, "x": 0.0}),
    after=Scores(in_domain=15.0, general=31.0, abuse=0.25, abusive_words=1, golden={"ask.says.en": 0.9, "x": 0.0}),
    canaries=(
        Canary(returned=False, exposure=1.0, most=6.0, read=True),
        Canary(returned=False, exposure=2.0, most=6.0, read=True),
    ),
    leaked=(),
    authors=12,
    largest_share=0.1,
    held_out_tokens=2000,
    written=0.004,
)


UNREAD = Canary(returned=False, exposure=0.0, most=6.0)


def with_(**changed: Any) -> Evidence:
    """GOOD with fields changed; those of the trained model's scores begin with ``after_``."""
    own = {name[6:]: value for name, value in changed.items() if name.startswith("after_")}
    others = {name: value for name, value in changed.items() if not name.startswith("after_")}
    return msgspec.structs.replace(GOOD, after=msgspec.structs.replace(GOOD.after, **own), **others)


def test_a_model_that_learnt_and_did_no_harm_passes() -> None:
    assert failed(judge(GOOD)) == []
    assert [verdict.gate for verdict in judge(GOOD)] == list(GATES)


@pytest.mark.parametrize(
    ("gate", "evidence"),
    [
        ("learnt", with_(after_in_domain=20.0)),
        ("learnt", with_(after_in_domain=math.nan)),
        ("learnt", with_(after_in_domain=math.inf)),
        ("forgetting", with_(after_general=33.1)),
        ("forgetting", with_(after_general=math.nan)),
        ("canaries", with_(canaries=(Canary(returned=True, exposure=0.0, most=6.0, read=True),))),
        ("exposure", with_(canaries=(Canary(returned=False, exposure=5.0, most=6.0, read=True),))),
        ("exposure", with_(canaries=(Canary(returned=False, exposure=5.0, most=6.0, read=True), UNREAD))),
        ("leaks", with_(leaked=("number",))),
        ("abuse", with_(after_abuse=0.34)),
        ("abuse", with_(after_abusive_words=2)),
        ("golden", with_(after_golden={"ask.says.en": 0.0, "x": 0.0})),
        ("golden", with_(after_golden={"x": 0.0})),
        ("golden", with_(after_golden=None)),
        ("crowd", with_(authors=4)),
        ("crowd", with_(largest_share=0.6)),
        ("measured", with_(held_out_tokens=100)),
        ("written", with_(written=0.1)),
        ("written", with_(written=math.nan)),
    ],
)
def test_each_gate_alone_keeps_a_model_in_and_says_why(gate: str, evidence: Evidence) -> None:
    reasons = failed(judge(evidence))
    assert len(reasons) == 1 and reasons[0].startswith(f"{gate}: ")


def test_without_planted_strings_nothing_is_shown() -> None:
    for none in ((), (UNREAD, UNREAD)):
        assert [reason.split(":")[0] for reason in failed(judge(with_(canaries=none)))] == ["canaries", "exposure"]


def test_a_gate_that_was_not_judged_keeps_a_model_in() -> None:
    assert failed([]) == [f"{name}: not judged" for name in GATES]
