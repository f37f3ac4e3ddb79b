"""Every file of conf/ablation: what it is, what it changes, and with what it can't go together."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from provider_server import Fake, running

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.asking import stand_in
from reasoning_occ.audit.__main__ import main as audit
from reasoning_occ.check import check, one_recommender
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.prediction_file import read
from reasoning_occ.files import read_jsonl
from reasoning_occ.identity import run_name
from reasoning_occ.language.render import events
from reasoning_occ.making import oracle_reasons
from reasoning_occ.planning import lines
from reasoning_occ.reasons.types import CRITERIA
from reasoning_occ.report.jobs import find, setting
from reasoning_occ.report.reason_quality import compare
from reasoning_occ.task import load
from reasoning_occ.validation import validate

OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "WANDB_SILENT": "true", "OMP_NUM_THREADS": "1"}
FILES = sorted((CONF / "ablation").glob("*.yaml"))
NAMES = {
    "no_reason", "no_judge", "no_factuality", "no_coherence", "no_utility", "no_hindsight", "low_quality", "mistakes_0",
    "mistakes_10", "mistakes_30", "mistakes_60", "shuffled_reasons", "no_education", "last_job_only", "titles_as_codes",
    "single_criterion",
}  # fmt: skip


def composed(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(overrides))


def stage(folder, *overrides):
    """The stage's oracle.json, lines of reasons.jsonl, and the reasons learnt from."""
    cfg = composed("evaluation.resamples=10", f"stages={folder}/stages", *overrides)
    task = load(cfg)
    folder.mkdir(exist_ok=True)
    train, _ = oracle_reasons(cfg, task, folder, task.train, task.valid)
    return json.loads((folder / "oracle.json").read_text()), list(read_jsonl(folder / "reasons.jsonl")), train


def chosen(rows):
    return [row["candidates"][row["chosen"]] for row in rows if row["chosen"] is not None]


def test_each_file_is_short_and_says_which_claim_it_tests():
    assert {file.stem for file in FILES} == NAMES
    for file in FILES:
        told = file.read_text()
        assert len(told.splitlines()) <= 10 and told.startswith("# @package _global_\n"), file
        assert re.match(r"# Claim \([abc]\)", told.splitlines()[1]), file


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_goes_with_joint_and_is_another_job(file):
    cfg = composed(f"ablation={file.stem}")
    validate(cfg)
    assert cfg.ablation.name == file.stem and run_name(cfg) != run_name(composed())
    assert set(cfg) == set(composed())  # no key of its own


def test_no_reason_is_direct_and_nothing_else():
    cfg = composed("ablation=no_reason")
    assert cfg.method == composed("method=direct").method
    assert run_name(cfg) == run_name(composed("method=direct"))


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["ablation=mistakes_30", "method=direct"], "learns from no reasons"),
        (["ablation=no_factuality", "method=direct"], "learns from no reasons"),
        (["ablation=shuffled_reasons", "baseline=markov"], "learns from no reasons"),
        (["ablation=no_reason", "method=joint"], "it is method=direct"),
        (["ablation=no_reason", "baseline=markov"], "it is method=direct"),
        (["ablation=no_reason", "method=zero_shot_direct"], "it is method=direct"),
        (["ablation=no_reason", "method=few_shot"], "it is method=direct"),
        (["ablation=mistakes_30", "teacher=anthropic"], "ablation=mistakes_30: only teacher=grounded can plant"),
        (["teacher=local", "+teacher.mistakes=0.3"], "teacher.mistakes: only teacher=grounded can plant"),
        (["teacher.hindsight=false"], "utility is judged with the next occupation at hand"),
        (["teacher.hindsight=maybe", "oracle.criteria=[coherence]"], "teacher.hindsight: expected"),
        (
            ["teacher.hindsight=false", "oracle.criteria=[]", "oracle.keep=first", "inference.reason=oracle"],
            "upper bound",
        ),
        (["ablation=no_hindsight", "teacher=anthropic"], "no_hindsight: only teacher=grounded"),
        (["teacher=local", "+teacher.hindsight=true"], "teacher.hindsight: only teacher=grounded can"),
        (["ablation.needs=luck"], "ablation.needs: expected"),
        (["view.jobs=first"], "view.jobs: expected"),
        (["view.education=maybe"], "view.education: expected"),
        (["view.titles=latin"], "view.titles: expected"),
    ],
)
def test_what_makes_no_sense_together_is_refused(overrides, told):
    with pytest.raises(UserError, match=told):
        validate(composed(*overrides))


@pytest.mark.parametrize("words", [["~teacher", "baseline=markov"], ["~teacher", "~judge", "method=direct"]])
def test_who_learns_no_reasons_needs_no_teacher(words):
    validate(composed(*words))


def test_without_hindsight_the_stage_learns_nothing_of_what_came_next(tmp_path):
    """All that is written of training people, with their own next occupations and with others."""
    cfg = composed("ablation=no_hindsight", "data.people=60", "oracle.fallback=grounded")
    task = load(cfg)
    codes = task.taxonomy.codes

    def other(t, number):
        return next(
            c for c in [*codes[number % len(codes) :], *codes] if c not in (t.target, t.history.jobs[-1].occupation)
        )

    def texts(train, folder):
        folder.mkdir()
        cfg.stages = str(folder / "stages")
        return oracle_reasons(cfg, task, folder, train, [])[0]

    others = tuple(replace(t, target=other(t, number)) for number, t in enumerate(task.train))
    assert len(others) > 50
    assert texts(task.train, tmp_path / "true") == texts(others, tmp_path / "other")
    instead = stand_in(cfg, task.taxonomy)
    instead.fit(task.train)
    assert [instead.write(t) for t in task.train] == [instead.write(t) for t in others]


@pytest.mark.parametrize(
    ("row", "ablation", "told"),
    [
        ("joint", "no_reason", "the one sets method=joint, the other method=direct"),
        ("markov", "no_reason", "the one sets method=null, the other method=direct"),
        ("joint_oracle", "shuffled_reasons", "sets inference.reason=oracle, the other inference.reason=shuffled"),
        ("joint_marginal", "shuffled_reasons", "the one sets inference.reason=marginal"),
    ],
)
def test_a_row_and_an_ablation_that_choose_differently_are_refused(row, ablation, told):
    with pytest.raises(UserError, match=f"row={row} and ablation={ablation}: .*{told}"):
        one_recommender([f"row={row}", f"ablation={ablation}", "debug=tiny"])


def test_a_row_and_an_ablation_that_agree_go_together():
    for row, ablation in (("direct", "no_reason"), ("joint", "no_judge"), ("joint_shuffled", "shuffled_reasons")):
        one_recommender([f"row={row}", f"ablation={ablation}"])
        validate(composed(f"row={row}", f"ablation={ablation}"))
    one_recommender(["row=direct_head", "ablation=null", "seed=1", "~debug"])


@pytest.mark.parametrize("method", ["method=direct", "baseline=previous"])
@pytest.mark.parametrize("name", ["no_education", "last_job_only", "titles_as_codes"])
def test_a_view_goes_with_every_recommender_and_counts_in_its_identity(name, method):
    cfg = composed(f"ablation={name}", method)
    validate(cfg)
    assert run_name(cfg) != run_name(composed(method))


@pytest.mark.parametrize("name", ["no_judge", "mistakes_30"])
def test_without_a_judge_there_is_nothing_to_prefer_by(name):
    with pytest.raises(UserError, match=r"oracle.criteria=\[\]: nobody judges, so there are no pairs"):
        check(composed(f"ablation={name}", "preference=dpo"))


def test_without_a_judge_the_first_candidate_is_learnt_and_nobody_is_asked(tmp_path, nls, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    with running(Fake(say=lambda asked: "nothing")) as fake:
        paid = ("judge=anthropic", f"judge.base_url={fake.url}", f"calls.ledger={tmp_path / 'ledger.sqlite'}")
        found, rows, train = stage(tmp_path, "ablation=no_judge", "data.people=60", *paid)
        assert fake.at == [] and not (tmp_path / "ledger.sqlite").exists()
        planned = list(lines(composed("ablation=no_judge", "data.people=60", *paid), counts=False))
    assert [line.who for line in planned] == []  # nothing to pay: privacy keeps reasons for test people here
    assert {row["chosen"] for row in rows} == {0} and len(train) == len(rows)
    assert found["unjudged"] == found["candidates"] and found["without"] == 0
    assert found["unscored"] == dict.fromkeys(CRITERIA, 0)  # unscored is what a judge was asked and did not say
    assert found["mean_scores"] == dict.fromkeys(CRITERIA) and found["coverage"] is None
    assert found["pairs"]["pairs"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("percent", [10, 30, 60])
def test_mistakes_are_planted_into_that_share_of_what_is_learnt(percent, tmp_path, nls):
    found, rows, train = stage(tmp_path, f"ablation=mistakes_{percent}", "data.people=600")
    learnt = chosen(rows)
    assert {len(row["candidates"]) for row in rows} == {1} and len(learnt) == len(train) > 900
    share, n = sum(one["planted"] is not None for one in learnt) / len(learnt), len(learnt)
    assert abs(share - percent / 100) < 3 * (percent / 100 * (1 - percent / 100) / n) ** 0.5
    assert found["planted_chosen"] == sum(one["planted"] is not None for one in learnt)


def test_a_planted_mistake_changes_the_text(tmp_path, nls):
    clean = stage(tmp_path / "clean", "ablation=mistakes_10", "teacher.mistakes=0", "data.people=60")[1]
    spoilt = stage(tmp_path / "spoilt", "ablation=mistakes_10", "teacher.mistakes=1", "data.people=60")[1]
    pairs = list(zip(chosen(clean), chosen(spoilt), strict=True))
    assert all(a["planted"] is None and b["planted"] and a["text"] != b["text"] for a, b in pairs)


@pytest.mark.slow
def test_the_worst_is_kept_and_criteria_are_left_out(tmp_path, nls):
    best, rows, _ = stage(tmp_path / "best", "data.people=100")
    low, worst, _ = stage(tmp_path / "low", "ablation=low_quality", "data.people=100")
    assert low["without"] == 0 and low["mean_scores"]["factuality"] < best["mean_scores"]["factuality"] - 0.5
    for row in worst:
        means = [sum(c["scores"][name]["value"] for name in CRITERIA) for c in row["candidates"]]
        assert means[row["chosen"]] == min(means)
    for name in CRITERIA:
        left_out = f"ablation=no_{name}"
        found, without, _ = stage(tmp_path / name, left_out, "data.people=100")
        counted = [c for c in CRITERIA if c != name]
        assert all(one["scores"][c]["value"] >= 3 for one in chosen(without) for c in counted)
        assert found["without"] <= best["without"] and found["mean_scores"][name] is not None  # judged all the same
    assert [row["candidates"] for row in rows] == [row["candidates"] for row in worst]


@pytest.mark.slow
def test_ablations_run_to_their_end_side_by_side(tmp_path, nls):
    """A sweep as a user types it, with a tiny random model."""
    names = ("no_judge", "mistakes_30", "titles_as_codes")
    folders = (f"output={tmp_path}/runs", f"sweeps={tmp_path}/sweeps", f"stages={tmp_path}/stages")
    words = ("-m", "debug=tiny", "data.people=40", f"ablation={','.join(names)}", *folders)
    done = subprocess.run(
        [sys.executable, "-m", "reasoning_occ.run", *words],
        cwd=tmp_path, env=os.environ | OFFLINE, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    jobs = {setting(job.folder, "ablation.name"): job.folder for job in find(tmp_path / "sweeps")[0]}
    assert set(jobs) == set(names)
    predictions = {name: read(folder / "predictions.jsonl") for name, folder in jobs.items()}
    tested = {name: [(p.key, p.truth_title) for p in found] for name, found in predictions.items()}
    assert tested["no_judge"] == tested["mistakes_30"] == tested["titles_as_codes"]  # so that rows can be paired
    titles = {o.title for o in nls.taxonomy}
    for p in predictions["titles_as_codes"]:
        assert p.truth_title in titles and {title for title, _ in p.top} <= titles
        assert not any(title in line for title in titles for line in p.history)  # which it was shown in codes
    for name in ("no_judge", "mistakes_30"):
        oracle = json.loads((jobs[name] / "oracle.json").read_text())
        page = " ".join((jobs[name] / "report.html").read_text().split())
        assert oracle["unjudged"] == oracle["candidates"] > 0 and "candidates that nobody judged" in page
        assert "What the judge said" not in page
    rows = list(read_jsonl(jobs["mistakes_30"] / "reasons.jsonl"))
    assert {len(row["candidates"]) for row in rows} == {1} and any(one["planted"] for one in chosen(rows))
    assert {row.label for row in compare(tmp_path / "sweeps").rows} == {f"joint, {name}" for name in names}


def test_reasons_that_nobody_judged_are_not_audited(tmp_path, nls, capsys):
    cfg = composed("ablation=no_judge", "data.people=40", "evaluation.resamples=10", f"stages={tmp_path}/stages")
    (tmp_path / ".hydra").mkdir()
    OmegaConf.save(cfg, tmp_path / ".hydra" / "config.yaml")
    task = load(cfg)
    oracle_reasons(cfg, task, tmp_path, task.train, ())
    assert audit([str(tmp_path)]) == 1
    assert "no candidate that was judged" in capsys.readouterr().err


def test_validation_people_can_be_scored_in_place_of_test_people():
    tested, chosen = (load(composed("data.people=300", f"evaluation.part={on}")) for on in ("test", "valid"))
    assert (chosen.train, chosen.valid) == (tested.train, tested.valid)
    people = [{t.history.person.id for t in part} for part in (chosen.test, chosen.valid, tested.test)]
    assert people[0] == people[1] and not people[0] & people[2]
    assert len(chosen.test) == len(people[0])


@pytest.mark.parametrize("targets", ["last", "all"])
def test_no_view_changes_who_is_tested_on_what(targets, nls):
    whole = load(composed("data.people=300", f"evaluation.targets={targets}"))
    for view in ("no_education", "last_job_only", "titles_as_codes"):
        seen = load(composed("data.people=300", f"evaluation.targets={targets}", f"ablation={view}"))
        for a, b in ((whole.train, seen.train), (whole.valid, seen.valid), (whole.test, seen.test)):
            assert [(t.key, t.target, t.when) for t in a] == [(t.key, t.target, t.when) for t in b]
            assert [t.history.jobs[-1].occupation for t in a] == [t.history.jobs[-1].occupation for t in b]
        assert seen.counts == whole.counts and seen.published.codes == seen.taxonomy.codes
        assert [o.title for o in seen.published] == [o.title for o in whole.taxonomy]


@pytest.mark.slow
def test_what_a_view_hides_is_in_no_prompt_and_no_candidate(tmp_path, nls):
    for view, hidden in (("no_education", "school"), ("last_job_only", r"from 19|started in|pay")):
        cfg = composed("data.people=100", f"ablation={view}")
        task = load(cfg)
        moves = [*task.train, *task.valid, *task.test]
        told = [line for t in moves for line in events(t.history, task.taxonomy)]
        _, rows, _ = stage(tmp_path / view, f"ablation={view}", "data.people=100", "teacher.mistakes=0")
        texts = [c["text"] for row in rows for c in row["candidates"]]
        assert not any(re.search(hidden, text) for text in (*told, *texts))
        whole = stage(tmp_path / f"{view}-whole", "data.people=100", "teacher.mistakes=0")[1]
        assert any(re.search(hidden, c["text"]) for row in whole for c in row["candidates"])
    assert all(len(t.history.jobs) == 1 and t.history.jobs[0].facts.pay is None for t in moves)
