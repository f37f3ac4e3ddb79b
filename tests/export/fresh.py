"""Run in a process of its own: exports, loaded as anybody would, rank as the run did.

Arguments: a JSON file with [{"folder", "library", "rows": [{"person", "transition", "reason", "log_probs"}]}, ...].
"""

import json
import sys
from pathlib import Path

import numpy as np
from transformers import AutoModelForCausalLM, AutoTokenizer

from reasoning_occ.careers.nls import NLS
from reasoning_occ.inference.head import rank_by_head
from reasoning_occ.inference.rank import rank_many
from reasoning_occ.inference.trie import Trie
from reasoning_occ.language.held import held
from reasoning_occ.language.prompt import Language
from reasoning_occ.models.title_head import FILE, TitleHead
from reasoning_occ.recommend import Recommender
from reasoning_occ.recommenders.base import allowed


def close(found, wanted):
    np.testing.assert_allclose(
        np.asarray(found), np.array(wanted), atol=1e-5
    )  # minus infinity where it is wanted alone


def by_hand(folder, library, rows, loaded, careers):
    """With peft or transformers, our prompt, and the ranking head that lies beside the weights, if there is one."""
    from peft import AutoPeftModelForCausalLM

    loader = AutoPeftModelForCausalLM if library == "peft" else AutoModelForCausalLM
    told = json.loads((folder / "reasoning_occ.json").read_text())["settings"]
    place = folder / "predictor" if (folder / "predictor").is_dir() else folder
    asks = {"joint": "reason", "direct": "title"}.get(told["method"]["_target_"].split(".")[-2], "title_given_reason")
    model, tokenizer = loader.from_pretrained(place).eval(), AutoTokenizer.from_pretrained(place)
    language = Language(tokenizer, loaded.taxonomy, 1024, asks, told["ranking"])
    codes = loaded.taxonomy.codes
    for row in rows:
        history = careers[row["person"]].until(row["transition"])
        contexts = [language.answer_prefix_ids(history, row["reason"]).tolist()]
        may = [allowed(history, loaded.taxonomy)]
        if (place / FILE).is_file():
            before = [held(history, loaded.taxonomy)]
            ranked = rank_by_head(model, TitleHead.read(place), contexts, may, before, batch=1, label=None)
        else:
            trie = Trie.build([[*language.title_ids(code), language.closing_ids[0]] for code in codes])
            ranked = rank_many(model, contexts, trie, may, batch=1, label=None)
        close(next(iter(ranked)), row["log_probs"])


loaded = NLS().load()
careers = {career.person.id: career for career in loaded.careers}
for job in json.loads(Path(sys.argv[1]).read_text()):
    folder = Path(job["folder"])
    by_hand(folder, job["library"], job["rows"], loaded, careers)
    recommender = Recommender.load(folder)
    said = recommender.ranked([careers[row["person"]].until(row["transition"]) for row in job["rows"]])
    temperature = recommender.run.temperature
    for row, one in zip(job["rows"], said, strict=True):
        wanted = np.array(row["log_probs"]) / (1 if temperature is None else temperature.value)
        close(one.log_probs, wanted - np.logaddexp.reduce(wanted))
        assert one.reason == row["reason"]
print("same")
