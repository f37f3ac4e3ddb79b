"""What is exported ranks in a fresh process as the run did, with the weights it belongs to and no others."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.export.__main__ import main
from reasoning_occ.recommend import Recommender

FRESH = Path(__file__).with_name("fresh.py")
JOINT = ("method=joint", "evaluation.temperature=2")


def ranked(folder):
    """The first test people of a run with its own rankings of them."""
    from reasoning_occ.recommenders.rankings import read

    known = read(folder)
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()][:4]
    return [
        {
            **{key: row[key] for key in ("person", "transition", "reason")},
            "log_probs": known.rows[row["person"], row["transition"]].tolist(),
        }
        for row in rows
    ]


def told_of_people(folder, run):
    """What the text files of an export hold of a run's test people: lines of careers, reasons, and keys of a person's.
    Ids are short numbers here, which may stand anywhere by chance."""
    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]
    kept = {line for row in rows for line in (*row["history"], row["reason"] or "") if len(line) > 12}
    found = []
    for file in (one for one in folder.rglob("*") if one.is_file() and one.suffix != ".safetensors"):
        text = file.read_text(encoding="utf-8")  # what is no text fails here
        found += [(file.name, one) for one in sorted(kept) if one in text or json.dumps(one)[1:-1] in text]
        if file.suffix == ".json" and file.name not in ("tokenizer.json", "vocab.json"):  # these list any word
            found += [(file.name, "person") for keys in objects(json.loads(text)) if "person" in keys]
    return found


def objects(known):
    """Every object in a JSON value."""
    if isinstance(known, dict):
        yield known
    for one in known.values() if isinstance(known, dict) else known if isinstance(known, list) else ():
        yield from objects(one)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        JOINT,
        ("method=direct", "ranking=head"),
        ("method=direct", "ranking=copying_head"),
        ("method=multi_task",),
        ("method=two_model",),
    ],
    ids=" ".join,
)
def test_an_export_ranks_in_a_fresh_process_as_the_run_did(words, trained, tmp_path, capsys):
    run = trained(*words)
    jobs = [{"folder": str(tmp_path / "plain"), "library": "peft", "rows": ranked(run)}]
    assert main([str(run), "--output", str(tmp_path / "plain")]) == 0
    assert "by its place on this machine" in capsys.readouterr().err
    merged = main([str(run), "--output", str(tmp_path / "merged"), "--merge"])
    if words == ("method=two_model",):
        assert merged == 1 and "has 2 adapters on one model" in capsys.readouterr().err
    else:
        assert merged == 0
        jobs.append({**jobs[0], "folder": str(tmp_path / "merged"), "library": "transformers"})
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    done = subprocess.run(
        [sys.executable, str(FRESH), str(tmp_path / "jobs.json")], env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.strip().endswith("same"), done.stderr
    for job in jobs:
        card = (Path(job["folder"]) / "README.md").read_text()
        assert ("titles.safetensors" in card) == ("ranking" in str(words))


@pytest.mark.slow
def test_an_export_tells_what_it_is_and_refuses_another_base(trained, tmp_path, capsys, monkeypatch):
    run = trained(*JOINT)
    assert main([str(run), "--output", str(tmp_path / "plain")]) == 0
    card = (tmp_path / "plain" / "README.md").read_text()
    for part in (
        f"Method `joint`, run `{run.name}`;",
        "- Learnt: LoRA of rank 16 (alpha 32); 1 epoch, at most 2 optimiser steps; learning rate 0.001 at its peak; ",
        "- Oracle reasons: written by the teacher `grounded`, ",
        "scored by the judge `rubric`.",
        "docs/data-sets.md",
    ):
        assert part in card
    with monkeypatch.context() as patch:
        patch.chdir(run)
        assert main([".", "--output", str(tmp_path / "here")]) == 0
    assert (tmp_path / "here" / "README.md").read_text() == card
    metrics = json.loads((run / "metrics.json").read_text())
    for group, found in metrics["slices"]["past jobs"].items():  # every group with its figures
        row = next(line for line in card.splitlines() if line.startswith(f"| past jobs: {group} | "))
        assert f" {found['MRR']['value']:.2f} [" in row or found["MRR"]["n"] < 2
    for part in (
        "| joint",
        "Hit@5",
        "past jobs",
        "## Limits",
        "## Intended uses",
        "## Unfit uses",
        "## Licence",
        "license: other",
    ):
        assert part in card
    told = (tmp_path / "plain" / "reasoning_occ.json").read_text()
    assert str(tmp_path) not in told and told_of_people(tmp_path / "plain", run) == []
    leaky = shutil.copytree(tmp_path / "plain", tmp_path / "leaky")
    one = json.loads((run / "predictions.jsonl").read_text().splitlines()[0])
    (leaky / "more.json").write_text(json.dumps([{"person": one["person"]}]))
    (leaky / "README.md").write_text(f"{card}\n{one['history'][0]}\n")
    assert set(told_of_people(leaky, run)) == {("more.json", "person"), ("README.md", one["history"][0])}
    assert json.loads(told)["temperature"]["value"] == 2

    # titles of today are read as by the run
    work = {"work": [{"position": "Waitress", "startDate": "2010"}, {"position": "Bank teller", "startDate": "2012"}]}
    texts = [
        [line.text for line in Recommender.load(folder).recommend(work, k=1).history]
        for folder in (run, tmp_path / "plain")
    ]
    assert texts[0] == texts[1] == ["2010: Service, trade", "2012: Clerical, finance"]

    other = tmp_path / "other"
    place = json.loads((tmp_path / "plain" / "adapter_config.json").read_text())["base_model_name_or_path"]
    shutil.copytree(place, other)
    with pytest.raises(UserError, match=r"base: .* belongs to smollm2 with the checksum .* ranks otherwise"):
        Recommender.load(tmp_path / "plain", base=str(other))
    capsys.readouterr()
    assert main([str(run), "--output", str(tmp_path / "plain")]) == 1
    assert "is there already" in capsys.readouterr().err

    # exports of before the temperature was kept
    known = json.loads(told)
    del known["temperature"]
    (tmp_path / "plain" / "reasoning_occ.json").write_text(json.dumps(known))
    with pytest.raises(UserError, match="export the run again"):
        Recommender.load(tmp_path / "plain")


@pytest.mark.parametrize("words", [("baseline=gru4rec", "baseline.epochs=2"), ("baseline=linear", "baseline.steps=5")])
def test_a_baseline_that_keeps_what_it_learnt_is_exported(words, trained, tmp_path, capsys):
    run = trained(*words, "evaluation.floors=[]")
    assert main([str(run), "--output", str(tmp_path / "there")]) == 0
    shutil.move(run, tmp_path / "away")  # what is exported needs the run no more
    try:
        assert {file.name for file in (tmp_path / "there").iterdir()} == {
            "learnt.safetensors",
            "reasoning_occ.json",
            "README.md",
        }
        recommender = Recommender.load(tmp_path / "there")
        work = {"work": [{"position": "Waitress", "startDate": "1970"}, {"position": "Nurse", "startDate": "1972"}]}
        said = [one.log_probs for one in recommender.ranked([recommender.understand(work).history])]
        own = Recommender.load(tmp_path / "away")
        np.testing.assert_array_equal(said, [one.log_probs for one in own.ranked([own.understand(work).history])])
        card = (tmp_path / "there" / "README.md").read_text()
        assert f"Baseline `{words[0].split('=')[1]}`, run" in card and words[1].split(".")[1].replace("=", " ") in card
        assert "text-generation" not in card and "base model" not in card and "| past jobs: " in card
        assert told_of_people(tmp_path / "there", tmp_path / "away") == []
        assert main([str(tmp_path / "away"), "--output", str(tmp_path / "whole"), "--merge"]) == 1
        assert "is a baseline without a language model" in capsys.readouterr().err
    finally:
        shutil.move(tmp_path / "away", run)


def test_what_counts_alone_is_not_exported(trained, tmp_path, capsys):
    run = trained("baseline=markov", "evaluation.floors=[]")
    assert main([str(run), "--output", str(tmp_path / "there")]) == 1
    assert "trained no model that it keeps" in capsys.readouterr().err and not (tmp_path / "there").exists()


def test_what_has_learnt_nothing_is_not_exported(tmp_path, capsys, monkeypatch):
    assert main([str(tmp_path)]) == 1
    assert "has no run in it" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1
    assert "there is no finished run that trained a model in runs/" in capsys.readouterr().err


def test_the_card_says_how_it_was_learnt_and_names_no_place_of_this_machine():
    from hydra import compose, initialize_config_dir

    from reasoning_occ.config import CONF
    from reasoning_occ.export.card import learnt

    def told(*words):
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return " ".join(learnt(compose("config", list(words))))

    full = told("method=direct", "training=full")
    assert "all weights; 1 epoch; learning rate 2e-05" in full and "learns from no reasons" in full
    asked = told("method=joint", "preference=dpo", "teacher=anthropic", "judge=panel", "method.own_reasons=0.5")
    assert "DPO, beta 0.1): 2 epochs; learning rate 5e-05" in asked and "50% of the titles" in asked
    assert "`anthropic (claude-sonnet-5-5)`" in asked and "judge `panel: rubric, local`" in asked
    local = told("method=joint", "teacher=local", "teacher.model=/home/ada/q.gguf", "ablation=no_judge")
    assert "`local (q.gguf)`" in local and "scored by nobody" in local
