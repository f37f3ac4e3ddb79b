"""Ten thousand titles after a history of four thousand tokens: memory stays bounded."""

import numpy as np
import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from experiments.bench.measure import STATUS, peak
from reasoning_occ.inference.rank import rank
from reasoning_occ.inference.search import top_k
from reasoning_occ.inference.trie import Trie

MOST = 1000
"""MiB; a mask of which inner node sees which, made at once, would take more."""


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.is_file(), reason="peak memory is read from Linux")
def test_memory_is_bounded_for_many_titles_and_long_histories():
    sizes = {"hidden_size": 144, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 9}
    config = LlamaConfig(**sizes, num_key_value_heads=3, vocab_size=5000, max_position_embeddings=8192)
    model = LlamaForCausalLM(config).eval()
    draw = np.random.default_rng(0)
    titles = {
        (*draw.integers(3, 400, 2).tolist(), *draw.integers(3, 3000, draw.integers(2, 7)).tolist(), 1)
        for _ in range(10_000)
    }
    trie = Trie.build(sorted(titles))
    inner, may = int(trie.inner.sum()), np.ones(len(titles), dtype=bool)
    assert len(titles) == 10_000 and inner**2 / 2**20 > MOST
    context = draw.integers(3, 3000, 4000).tolist()
    with peak() as told:
        ranked = rank(model, context, trie, may)
    assert told["mib"] < MOST
    with peak() as told:
        found = top_k(model, [context], trie, may, 10)
    assert told["mib"] < MOST
    assert np.sort(ranked)[::-1][:10] == pytest.approx(ranked[found.titles], abs=1e-3)
