"""BERT in numpy, written from its paper: the naive version that the engine's vectors are held against.
It reads the published weights and vocabulary, and tokenises as the published tokeniser says it does.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weft.infra.engine.safetensors import read_safetensors

LAYERS, HEADS, CONTEXT = 6, 12, 512
Array = npt.NDArray[np.float64]


class Bert:
    def __init__(self, weights: Path, vocabulary: Path) -> None:
        self.weights = {name: values.astype(np.float64) for name, values in read_safetensors(weights).items()}
        self.places = {word: place for place, word in enumerate(vocabulary.read_text("utf-8").splitlines())}

    def vector(self, text: str) -> Array:
        hidden = self.hidden([self.places[word] for word in ["[CLS]", *self.words(text), "[SEP]"]])
        mean: Array = hidden.mean(axis=0)
        return mean / float(np.linalg.norm(mean))

    def words(self, text: str) -> list[str]:
        return [piece for word in plain_words(text) for piece in self.pieces(word)][: CONTEXT - 2]

    def pieces(self, word: str) -> list[str]:
        """The longest known beginning, again and again."""
        found: list[str] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.places:
                    found.append(piece)
                    start = end
                    break
            else:
                return ["[UNK]"]
        return found

    def hidden(self, ids: list[int]) -> Array:
        outer = "embeddings."
        x = self.weights[outer + "word_embeddings.weight"][ids]
        x = x + self.weights[outer + "position_embeddings.weight"][: len(ids)]
        x = x + self.weights[outer + "token_type_embeddings.weight"][0]
        x = self.norm(x, outer + "LayerNorm")
        for layer in range(LAYERS):
            x = self.layer(x, f"encoder.layer.{layer}.")
        return x

    def layer(self, x: Array, name: str) -> Array:
        q, k, v = (
            self.line(x, f"{name}attention.self.{part}").reshape(len(x), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
        chances /= chances.sum(axis=-1, keepdims=True)
        seen = (chances @ v).transpose(1, 0, 2).reshape(x.shape)
        x = self.norm(x + self.line(seen, name + "attention.output.dense"), name + "attention.output.LayerNorm")
        inner = gelu(self.line(x, name + "intermediate.dense"))
        return self.norm(x + self.line(inner, name + "output.dense"), name + "output.LayerNorm")

    def line(self, x: Array, name: str) -> Array:
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * self.weights[name + ".weight"] + self.weights[name + ".bias"])


def plain_words(text: str) -> list[str]:
    """Lower case without accents, cut at spaces, and each sign and each Chinese character alone."""
    spaced = ""
    for character in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(character)
        if kind == "Mn":
            continue
        is_alone = kind.startswith(("P", "S")) or 0x4E00 <= ord(character) <= 0x9FFF
        spaced += f" {character} " if is_alone else character
    return spaced.split()


def gelu(x: Array) -> Array:
    return np.asarray(x * 0.5 * (1 + erf(x / np.sqrt(2))))


def erf(x: Array) -> Array:
    """Abramowitz and Stegun 7.1.26: wrong by at most 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    terms = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
    sum_ = np.sum([term * t ** (power + 1) for power, term in enumerate(terms)], axis=0)
    result: Array = np.sign(x) * (1 - sum_ * np.exp(-(x**2)))
    return result
