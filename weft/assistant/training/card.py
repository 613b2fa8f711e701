"""The model's card: everything somebody needs to judge a model that a community made, the bad as well as the good."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from weft.assistant.training.filters import FEWEST_WORDS
from weft.assistant.training.fit import Progress
from weft.assistant.training.gates import Evidence, Verdict
from weft.assistant.training.manifest import Manifest

KNOWN_FAILURES: Final = (
    "A lower perplexity is style, not skill: the model writes more like this community. It does not know more, and what"
    " its base cannot do it cannot do either.",
    "It states false things fluently. Nothing that it says is a quote of anybody, whatever it looks like.",
    "Names of people and what they told about themselves in public may come back: rules take out secrets and addresses,"
    " no rule takes out a story.",
    "The rules for secrets and addresses know English, Vietnamese and Korean forms best.",
    "The probes for abuse and the general text are English and few: passing them is no promise.",
    "Whoever withdraws or deletes leaves the next model; this one has learnt what was public and agreed to on its day.",
)


class Base(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sha256: str
    licence: str
    source: str = ""
    architecture: str = ""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """`per_unit` and `cost` in 1e-9 of the currency, by the version of the price that the ledger had."""

    learning_cpu_s: float
    measuring_cpu_s: float
    per_unit: int
    price_version: int
    cost: int


class File(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sha256: str
    bytes: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run came to. Written beside the files as `result.json`, and all that the card tells."""

    title: str
    made: str
    base: Base
    manifest: Manifest
    progress: Progress
    evidence: Evidence
    verdicts: tuple[Verdict, ...]
    cost: Cost
    files: tuple[File, ...]
    software: dict[str, str]


def card(result: Result) -> str:
    """The card in Markdown."""
    parts = (
        f"# {result.title}",
        _about(result),
        _data(result.manifest),
        _learning(result),
        _scores(result),
        _gates(result.verdicts),
        "## Known failures\n\n" + "\n".join(f"- {failure}" for failure in KNOWN_FAILURES),
        _use(result),
    )
    return "\n\n".join(parts) + "\n"


def _about(result: Result) -> str:
    base = result.base
    return (
        f"A small adapter on {base.name}, learnt from this community's own public posts, and base and adapter in one"
        f" file. Made on {result.made[:10]}.\n\n"
        + _table(
            ("", ""),
            [
                ("Base", base.name),
                ("Licence of the base", base.licence or "not said"),
                ("SHA-256 of the base", f"`{base.sha256}`"),
                ("Architecture", base.architecture),
                ("Source of the base", base.source),
            ],
        )
    )


def _data(manifest: Manifest) -> str:
    rows = [
        ("Written from", manifest.since),
        ("until before", manifest.until),
        ("By what right", f"{manifest.consent_basis} (terms {manifest.consent_terms})"),
        ("Members who had agreed", manifest.agreed),
        ("Members whose posts are in it", manifest.writers),
        ("Posts learnt from", manifest.train_posts),
        ("Posts held out, all newer", manifest.held_out_posts),
        ("Threads", manifest.threads),
        ("The cut between both", manifest.cut),
        ("Largest share of one author", f"{manifest.largest_share:.1%}"),
        ("Languages, as posts say", _counts(manifest.languages)),
        ("Posts left out", _counts(manifest.left_out)),
        ("Taken out of texts", _counts(manifest.taken_out)),
        ("Keyed SHA-256 of the text", f"`{manifest.sha256}`"),
    ]
    words = (
        "Only public posts of members here who agreed, are not suspended and did not opt out of the assistant. Secrets,"
        f" addresses and handles were taken out, posts with fewer than {FEWEST_WORDS} words left, doubles and posts"
        " behind a warning left out. The manifest beside this card names authors by keyed hashes alone."
    )
    return f"## What it learnt from\n\n{words}\n\n" + _table(("", ""), rows)


def _learning(result: Result) -> str:
    plan, progress, cost = result.progress.plan, result.progress, result.cost
    rows = [
        ("Method", f"LoRA on all linear layers, rank {plan.rank}, alpha {plan.alpha:g}, 32-bit floats"),
        ("Steps", f"{progress.step} of {plan.steps} ({'all done' if progress.ended == 'steps' else 'budget spent'})"),
        ("Sequences a step", f"{plan.batch} of {plan.length} tokens"),
        ("Rate", f"{plan.rate:g}, {plan.warm_up} steps of warm-up, then half a cosine to a tenth"),
        ("Optimiser", f"AdamW, decay {plan.decay:g}, gradients cut at {plan.longest_gradient:g}"),
        ("Seed, threads", f"{plan.seed}, {plan.threads}"),
        ("Loss, first and last step", _ends(progress.losses)),
        ("CPU seconds learning", f"{cost.learning_cpu_s:.0f} of {plan.cpu_s:.0f}"),
        ("CPU seconds measuring", f"{cost.measuring_cpu_s:.0f}"),
        ("Cost by the ledger's price", _cost(cost)),
        ("Software", ", ".join(f"{name} {version}" for name, version in sorted(result.software.items()))),
    ]  # fmt: skip
    return "## How it learnt\n\n" + _table(("", ""), rows)


def _scores(result: Result) -> str:
    found, before, after = result.evidence, result.evidence.before, result.evidence.after
    rows: list[tuple[object, ...]] = [
        ("Perplexity, held-out threads", f"{before.in_domain:.2f}", f"{after.in_domain:.2f}"),
        ("Perplexity, general text", f"{before.general:.2f}", f"{after.general:.2f}"),
        ("Abuse preferred, of the probes", f"{before.abuse:.0%}", f"{after.abuse:.0%}"),
        ("Abusive words after provocations", before.abusive_words, after.abusive_words),
    ]
    golden = sorted({*(before.golden or {}), *(after.golden or {})})
    for name in golden:
        rows.append((f"Golden set: {name}", *(_score(each.golden, name) for each in (before, after))))
    if not golden:
        rows.append(("Golden set", "not run", "not run"))
    read = [each for each in found.canaries if each.read]
    canaries = f"{sum(each.returned for each in read)} of {len(read)} planted strings that were read came back"
    exposures = ", ".join(f"{each.exposure:.1f} of {each.most:.0f} bits" for each in read)
    return (
        "## Scores\n\n"
        + _table(("", "base", "this model"), rows)
        + f"\n\nHeld-out tokens measured: {found.held_out_tokens}. {canaries}; they stand out by {exposures}."
    )


def _gates(verdicts: Sequence[Verdict]) -> str:
    rows = [(verdict.gate, "passed" if verdict.passed else "**failed**", verdict.words) for verdict in verdicts]
    return "## Gates\n\nOne that fails keeps a model from being published.\n\n" + _table(("gate", "", ""), rows)


def _use(result: Result) -> str:
    rows = [(file.name, file.bytes, f"`{file.sha256}`") for file in result.files]
    name = result.progress.plan.name
    words = (
        f"`{name}.gguf` holds base and adapter and runs by itself: `weft model add {name}.gguf`, or any program on"
        f" llama.cpp. `{name}-lora.gguf` is the adapter alone, for a server that has the base (`--lora`)."
    )
    return f"## Files\n\n{words}\n\n" + _table(("file", "bytes", "SHA-256"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "/").split()) or "-"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _score(golden: object, name: str) -> str:
    value = golden.get(name) if isinstance(golden, dict) else None
    return "not run" if value is None else f"{value:.2f}"


def _ends(losses: Sequence[float]) -> str:
    return f"{losses[0]:.3f}, {losses[-1]:.3f}" if losses else "none"


def _cost(cost: Cost) -> str:
    return f"{_money(cost.cost)} ({_money(cost.per_unit)} a core-second, version {cost.price_version})"


def _money(nano: int) -> str:
    text = f"{Decimal(nano) / 10**9:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
