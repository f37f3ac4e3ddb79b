"""What is exported ranks in a fresh process as the run did, with the weights it belongs to and no others."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.export.__main__ import main
from reasoning_occ.recommend import Recommender

FRESH = """
import json, sys
import numpy as np
import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer
from reasoning_occ.careers.nls import NLS
from reasoning_occ.inference.rank import rank_many
from reasoning_occ.inference.trie import Trie
from reasoning_occ.language.prompt import Language
from reasoning_occ.recommenders.base import allowed

folder, wanted = sys.argv[1:]
model = AutoPeftModelForCausalLM.from_pretrained(folder).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
loaded = NLS().load()
language = Language(tokenizer, loaded.taxonomy, 1024, "reason", "tokens")
careers = {career.person.id: career for career in loaded.careers}
trie = Trie.build([[*language.title_ids(code), language.closing_ids[0]] for code in loaded.taxonomy.codes])
for row in json.load(open(wanted)):
    history = careers[row["person"]].until(row["transition"])
    context = language.answer_prefix_ids(history, row["reason"]).tolist()
    may = [allowed(history, loaded.taxonomy)]
    (found,) = rank_many(model, [context], trie, may, batch=1, label=None)
    finite = np.isfinite(found)
    np.testing.assert_allclose(found[finite], np.array(row["log_probs"])[finite], atol=1e-5)
print("same")
"""


@pytest.mark.slow
def test_an_export_ranks_as_the_run_did(trained, nls, tmp_path, capsys):
    from reasoning_occ.recommenders.rankings import read

    known = read(trained)
    rows = [json.loads(line) for line in (trained / "predictions.jsonl").read_text().splitlines()][:4]
    careers = {career.person.id: career for career in nls.careers}
    wanted = [{key: row[key] for key in ("person", "transition", "reason")} for row in rows]
    for row in wanted:
        row["log_probs"] = np.nan_to_num(known.rows[row["person"], row["transition"]], neginf=0).tolist()
    (tmp_path / "wanted.json").write_text(json.dumps(wanted))

    assert main([str(trained), "--output", str(tmp_path / "plain")]) == 0
    assert "by its place on this machine" in capsys.readouterr().err
    assert main([str(trained), "--output", str(tmp_path / "merged"), "--merge"]) == 0
    words = [sys.executable, "-c", FRESH, str(tmp_path / "plain"), str(tmp_path / "wanted.json")]
    done = subprocess.run(words, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == "same", done.stderr

    histories = [careers[row["person"]].until(row["transition"]) for row in rows]
    for kind in ("plain", "merged"):
        recommender = Recommender.load(tmp_path / kind)
        said = recommender.ranked([recommender.understand(history).history for history in histories])
        for row, one in zip(rows, said, strict=True):
            np.testing.assert_allclose(one.log_probs, known.rows[row["person"], row["transition"]], atol=1e-5)
            assert one.reason == row["reason"]

    card = (tmp_path / "plain" / "README.md").read_text()
    for part in ("| joint", "Hit@5", "past jobs", "## Limits", "## Intended uses", "## Unfit uses", "## Licence"):
        assert part in card
    told = "".join(file.read_text() for file in (tmp_path / "plain").glob("reasoning_occ.json"))
    assert str(tmp_path) not in told and not any(row["person"] in json.loads(told) for row in rows)

    other = tmp_path / "other"
    place = json.loads((tmp_path / "plain" / "adapter_config.json").read_text())["base_model_name_or_path"]
    shutil.copytree(place, other)
    with pytest.raises(UserError, match=r"base: .* belongs to smollm2 with the checksum .* ranks otherwise"):
        Recommender.load(tmp_path / "plain", base=str(other))
    assert main([str(trained), "--output", str(tmp_path / "plain")]) == 1
    assert "is there already" in capsys.readouterr().err


def test_what_has_learnt_nothing_is_not_exported(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "has no run in it" in capsys.readouterr().err
