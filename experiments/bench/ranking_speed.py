"""How fast titles are ranked and reasons written, against the plain ways, in one run.

The model has random weights and the size of SmolLM2-135M: speed does not depend on what a model has learned.

    python experiments/bench/ranking_speed.py --dtype bf16
"""

import argparse
import logging
import random
import time
from collections.abc import Callable

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from reasoning_occ.inference.generate import generate_reasons
from reasoning_occ.inference.rank import rank_many, rank_reference
from reasoning_occ.inference.trie import Trie

VOCAB = 49152
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def model_of_135m(dtype: torch.dtype) -> LlamaForCausalLM:
    """A Llama of SmolLM2-135M's sizes with random weights."""
    config = LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        eos_token_id=None,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).to(dtype).eval()


def titles(count: int, draw: random.Random) -> list[tuple[int, ...]]:
    """Titles of about eight tokens: one of 13 first parts, one of 12 second parts, a closing id."""
    first = [tuple(draw.choices(range(1000), k=draw.randint(2, 4))) for _ in range(13)]
    second = [tuple(draw.choices(range(1000, 2000), k=draw.randint(3, 6))) for _ in range(12)]
    return draw.sample([(*one, *other, VOCAB - 1) for one in first for other in second], count)


def seconds(work: Callable[[], object], args: argparse.Namespace) -> float:
    """The best of some runs: other work on the machine only ever adds time."""
    clock = CLOCKS[args.clock]
    best = float("inf")
    for _ in range(args.repeats):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best


def bench_ranking(model: LlamaForCausalLM, args: argparse.Namespace, draw: random.Random) -> None:
    """Seconds a person, all titles: the trie at several batch sizes, and each title alone."""
    sequences = titles(args.titles, draw)
    trie = Trie.build(sequences)
    print(f"{args.titles} titles, {len(trie)} nodes, {int(trie.inner.sum())} inner; context {args.context} tokens")
    people = max(args.batches)
    contexts = [draw.choices(range(VOCAB), k=args.context) for _ in range(people)]
    allowed = [np.ones(len(sequences), dtype=bool)] * people
    best = float("inf")
    for batch in args.batches:
        some = contexts[: max(batch, 2)]

        def ranked(batch: int = batch, some: list[list[int]] = some) -> None:
            list(rank_many(model, some, trie, allowed[: len(some)], batch=batch, label=None))

        took = seconds(ranked, args) / len(some)
        best = min(best, took)
        print(f"trie, {batch} people together: {took:.2f} s a person")
    sample = sequences[: args.alone]
    alone = seconds(lambda: rank_reference(model, contexts[0], sample, np.ones(len(sample), dtype=bool)), args)
    alone *= len(sequences) / len(sample)
    print(f"each title alone: {alone:.1f} s a person (from {len(sample)} titles), {alone / best:.0f} times the trie")


def bench_writing(model: LlamaForCausalLM, args: argparse.Namespace, draw: random.Random) -> None:
    """Tokens a second of our loop and of transformers' `generate`, every row to its full length."""
    for batch in args.batches:
        prompts = [draw.choices(range(VOCAB), k=args.context) for _ in range(batch)]

        def ours(prompts: list[list[int]] = prompts) -> None:
            generate_reasons(
                model,
                prompts,
                stop=(-1,),
                eos=(),
                max_new_tokens=args.new_tokens,
                batch_size=len(prompts),
                label=None,
            )

        def theirs(prompts: list[list[int]] = prompts) -> None:
            ids = torch.tensor(prompts)
            model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=args.new_tokens, do_sample=False)

        new = batch * args.new_tokens
        own, other = new / seconds(ours, args), new / seconds(theirs, args)
        print(f"writing, {batch} prompts: {own:.0f} tokens/s, HF generate {other:.0f}, ratio {own / other:.2f}")


def main() -> None:
    """Run both and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", choices=DTYPES, default="fp32")
    parser.add_argument("--titles", type=int, default=108, help="titles to rank, 156 at most")
    parser.add_argument("--context", type=int, default=200, help="tokens of a context or prompt")
    parser.add_argument("--alone", type=int, default=4, help="titles scored alone; the time of the rest is estimated")
    parser.add_argument("--new-tokens", type=int, default=32, help="tokens written after a prompt")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu, with --threads 1, where others use the machine too"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    # rows are meant to run to their full length here: no warning that they were cut
    logging.getLogger("reasoning_occ").setLevel(logging.ERROR)
    torch.manual_seed(0)
    draw = random.Random(0)
    model = model_of_135m(DTYPES[args.dtype])
    print(f"{args.dtype}, {args.threads} threads, {args.clock} time")
    bench_ranking(model, args, draw)
    bench_writing(model, args, draw)


if __name__ == "__main__":
    main()
