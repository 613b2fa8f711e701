"""The converted embedding model, in the real engine, against BERT written out in numpy."""

from __future__ import annotations

import numpy as np

from tests.infra.engine.bert import Bert
from weft.infra.engine.client import Models
from weft.infra.engine.files import EMBED_WEIGHTS, EMBED_WORDS
from weft.infra.engine.model import Bounds
from weft.infra.engine.process import LocalEngines

PATIENT = Bounds(first_s=150, between_s=150, total_s=170)
SENTENCES = (
    "Where can I borrow a drill this weekend?",
    "The library is closed on Mondays, but the café isn't: it opens at 9:30!",
    "Chợ phiên họp vào sáng thứ bảy ở bờ sông, ai cũng có thể mang rau đến bán.",
    "토요일 아침에 강가에서 장이 열립니다. 누구나 채소를 가져와 팔 수 있어요.",
    "Mixed: 안녕하세요 and xin chào, 3.5 km — naïve façade 中文字 🙂 ok",
)


async def test_vectors_point_where_those_of_the_published_model_do(engines: LocalEngines, models: Models) -> None:
    weights, words = EMBED_WEIGHTS.find(), EMBED_WORDS.find()
    assert weights is not None and words is not None
    reference = Bert(weights, words)
    ours, usage = await models.embed(await engines.endpoint("embed"), SENTENCES, PATIENT)
    wanted = np.stack([reference.vector(sentence) for sentence in SENTENCES])
    cosines = (ours * wanted).sum(axis=1)
    assert cosines.min() > 0.99, cosines
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    assert usage.known and usage.prompt == sum(len(reference.words(sentence)) + 2 for sentence in SENTENCES)


async def test_texts_of_any_length_are_read_from_their_beginning(engines: LocalEngines, models: Models) -> None:
    endpoint = await engines.endpoint("embed")
    texts = ["", "a!" * 5000, "word " * 5000, "한국어로 쓴 긴 글 " * 500, "中" * 3000, "\u0000\u200b", "ễ" * 2000]
    vectors, usage = await models.embed(endpoint, texts, PATIENT)
    assert vectors.shape == (len(texts), 384)
    assert np.isfinite(vectors).all() and usage.known
