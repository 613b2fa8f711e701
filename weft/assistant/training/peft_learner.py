"""The learner behind the extra `weft[train]`: transformers reads the base's GGUF, PEFT adds the adapter, torch trains.

Nothing of theirs is imported before somebody trains, and nothing is fetched: a base is a file on this machine. What is
kept between steps is safetensors and JSON, so that going on later never runs what a file says.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from weft.assistant.training.learner import Loss
from weft.assistant.training.lora import PARTS
from weft.assistant.training.plan import Plan

NEEDED: Final = ("torch", "transformers", "peft", "gguf", "safetensors")
STATE: Final = "optimizer.safetensors"


class Missing(Exception):
    """What training needs is not installed; the text says how to install it."""


def check_installed() -> dict[str, str]:
    """The versions of what trains.

    Raises:
        Missing: something is not there.
    """
    found: dict[str, str] = {}
    for package in NEEDED:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    absent = [package for package in NEEDED if package not in found]
    if "torch" in absent:
        raise Missing(
            "Training needs a CPU build of torch, which Weft does not install by itself: the usual one for Linux brings"
            " gigabytes of CUDA along. Install the CPU build first, by the line that https://pytorch.org shows for"
            " Linux, Pip, CPU (its version ends in +cpu), and only then the rest: pip install 'weft[train]'"
        )
    if absent:
        raise Missing(f"Training also needs {', '.join(absent)}: pip install 'weft[train]'")
    return found


class PeftLearner:
    """A base with its adapter in 32-bit floats on the CPU. Without a step the adapter changes nothing."""

    def __init__(self, base: Path, plan: Plan) -> None:
        """
        Raises:
            Missing: the extra is not installed.
        """
        check_installed()
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        logging.set_verbosity_error()
        torch.set_num_threads(plan.threads)
        torch.manual_seed(plan.seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        self._torch = torch
        self._plan = plan
        place: dict[str, Any] = {"gguf_file": base.name, "local_files_only": True}
        self._tokenizer = AutoTokenizer.from_pretrained(str(base.parent), **place)
        model = AutoModelForCausalLM.from_pretrained(str(base.parent), dtype=torch.float32, **place)
        names = [part.rsplit(".", 1)[1] for part in PARTS]
        config = LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=0.0,
            bias="none",
            target_modules=names,
            task_type="CAUSAL_LM",
        )
        self._model = get_peft_model(model, config)
        self._model.config.use_cache = False
        self._trained = {name: each for name, each in self._model.named_parameters() if each.requires_grad}
        self._steps = torch.optim.AdamW(list(self._trained.values()), lr=plan.rate, weight_decay=plan.decay)

    def tokens(self, text: str) -> list[int]:
        # Read as control words they would teach whoever posts them how a chat goes.
        found: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return found

    @property
    def end(self) -> int:
        # The base's own end of a document, where it has one; its chat's end of a turn is something else.
        number = self._tokenizer.convert_tokens_to_ids("<|endoftext|>")
        return int(number if number is not None and number >= 0 else self._tokenizer.eos_token_id)

    def losses(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Loss]:
        torch = self._torch
        rows = [[*first, *second] for first, second in pairs]
        longest = max(map(len, rows))
        padded = torch.tensor([row + [self.end] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        self._model.eval()
        with torch.inference_mode():
            logits = self._model(input_ids=padded, attention_mask=mask).logits.float()
            likely = torch.log_softmax(logits[:, :-1], dim=-1)
            told = likely.gather(-1, padded[:, 1:, None]).squeeze(-1)
        return [
            Loss(-float(told[row, len(first) - 1 : len(first) + len(second) - 1].sum()), len(second))
            for row, (first, second) in enumerate(pairs)
        ]

    def go_on(self, prompt: Sequence[int], most: int) -> str:
        torch = self._torch
        self._model.eval()
        said = list(prompt)
        with torch.inference_mode():
            for _ in range(most):
                logits = self._model(input_ids=torch.tensor([said])).logits
                said.append(int(logits[0, -1].argmax()))
                if said[-1] == self.end:
                    break
        return str(self._tokenizer.decode(said[len(prompt) :], skip_special_tokens=True))

    def learn(self, batch: Sequence[Sequence[int]], rate: float) -> float:
        torch = self._torch
        self._model.train()
        for group in self._steps.param_groups:
            group["lr"] = rate
        rows = torch.tensor([list(row) for row in batch])
        loss = self._model(input_ids=rows, labels=rows).loss
        self._steps.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self._trained.values()), self._plan.longest_gradient)
        self._steps.step()
        return float(loss.detach())

    def save(self, folder: Path) -> None:
        from safetensors.torch import save_file

        self._model.save_pretrained(str(folder), save_embedding_layers=False)
        kept: dict[str, Any] = {}
        for name, each in self._trained.items():
            for part, value in self._steps.state.get(each, {}).items():
                kept[f"{name}/{part}"] = (
                    value.detach().clone().reshape(-1) if value.dim() == 0 else value.detach().clone()
                )
        save_file(kept or {"none": self._torch.zeros(1)}, str(folder / STATE))
        (folder / "README.md").unlink(missing_ok=True)

    def load(self, folder: Path) -> None:
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        set_peft_model_state_dict(self._model, load_file(str(folder / "adapter_model.safetensors")))
        kept = load_file(str(folder / STATE))
        for name, each in self._trained.items():
            state = {
                part: kept[f"{name}/{part}"].reshape(()) if part == "step" else kept[f"{name}/{part}"]
                for part in ("step", "exp_avg", "exp_avg_sq")
                if f"{name}/{part}" in kept
            }
            if state:
                self._steps.state[each] = state


def adapter_config(folder: Path) -> dict[str, Any]:
    """What PEFT wrote of an adapter, without the path of the base on this machine."""
    found: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    return {**found, "base_model_name_or_path": ""}
