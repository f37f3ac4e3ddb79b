"""Every configuration composes, names its run and builds; what is wrong is told in a sentence."""

from inspect import signature
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.check import check
from reasoning_occ.config import (
    CONF,
    asks,
    build,
    floor_node,
    locate,
    recommender_node,
    source,
    trains,
    uses_model,
)
from reasoning_occ.errors import UserError
from reasoning_occ.identity import identity, run_name
from reasoning_occ.recommenders.llm import LanguageModel
from reasoning_occ.validation import validate

FILES = sorted(file for file in CONF.rglob("*.yaml") if file.parent != CONF)


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(overrides))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}={file.stem}")
def test_every_file_composes_and_is_valid(file):
    needs = {
        "data/json": "data.path=people.jsonl",
        "data/json_resume": "data.path=resumes",
        "eval/time": "split.cut=1980",
        "eval/with_stays": "data=json data.path=people.jsonl",
        "data/table": "data.path=jobs.csv",
        "data/jobhop": "data.path=jobs.csv",
        "data/karrierewege": "data.path=jobs.csv",
        "data/wide": "data.path=jobs.csv",
        "data/decorte": "data.path=folder",
        "data/career_files": "data.path=folder",
        "teacher/openai": "teacher.model=m",
        "judge/openai": "judge.model=m",
        "method/api_openai": "method.model=m",
        "baseline/api_openai": "baseline.model=m",
        "baseline/ensemble": "baseline.jobs=[runs/one,runs/another]",
    }
    extra = needs[key].split() if (key := f"{file.parent.name}/{file.stem}") in needs else []
    cfg = composed(f"{file.parent.name}={file.stem}", *extra)
    validate(cfg)
    assert OmegaConf.to_container(cfg.get(file.parent.name, cfg), resolve=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}={file.stem}")
def test_a_target_lies_in_the_file_of_the_same_name(file):
    node = OmegaConf.load(file)
    if "_target_" in node:
        module = str(node._target_).split(".")[-2]
        # or of the same family: several forms of one class have a file each
        assert module == file.stem or (module == "zero_shot" and file.stem.startswith("zero_shot_"))
        assert callable(locate(node._target_))


def test_identity_forgets_logging_and_paths_and_nothing_else():
    base = run_name(composed())
    assert run_name(composed("evaluation.resamples=7", "evaluation.floors=[markov]")) == base
    assert run_name(composed("logger=wandb", "output=elsewhere", "debug=traceback", "threads=1")) == base
    assert run_name(composed("calls.ledger=elsewhere.sqlite", "calls.budget_usd=5")) == base
    others = [
        "seed=1", "data.people=all", "trainer.lr=0.1", "split.valid=0.2", "method=direct",
        "oracle.thresholds.utility=4",
        "oracle.retries=1", "oracle.fallback=grounded", "oracle.pairs.margin=3", "privacy.send=[occupation,dates]",
        "teacher.mistakes=0", "training=full", "debug=tiny", "inference.max_reason_tokens=9", "preference=dpo",
    ]  # fmt: skip
    names = [run_name(composed(other)) for other in others]
    assert len({base, *names}) == len(others) + 1


def test_the_papers_settings_are_those_that_it_tells():
    cfg = composed("experiment=paper")
    assert (cfg.model.hub, cfg.model.max_tokens, cfg.trainer.lora) == ("Qwen/Qwen3-8B", 2048, None)
    sft = {"lr": 2e-5, "epochs": 8, "warmup": 0.1, "batch": 8, "precision": "bf16", "max_steps": None}
    assert {key: cfg.trainer[key] for key in sft} == sft
    dpo = {"loss": "sigmoid", "beta": 0.1, "lr": 5e-6, "epochs": 2, "max_steps": None}
    assert {key: cfg.preference[key] for key in dpo} == dpo


def test_a_baseline_does_not_depend_on_the_model():
    assert run_name(composed("baseline=markov")) == run_name(composed("baseline=markov", "model=qwen", "trainer.lr=9"))
    assert run_name(composed("baseline=markov")) != run_name(composed("baseline=markov", "baseline.back_off=2"))


def test_an_untrained_model_depends_on_its_weights_and_not_on_a_training():
    for choice in ("method=zero_shot_direct", "baseline=zero_shot_direct"):
        base = run_name(composed(choice))
        assert run_name(composed(choice, "trainer.lr=9", "teacher.mistakes=0", "oracle.retries=1")) == base
        others = ["seed=1", "debug=tiny", "inference.max_reason_tokens=9", "trainer.precision=fp32", "data.people=9"]
        assert base not in {run_name(composed(choice, other)) for other in others}


def adapter(folder: Path, weights: str) -> str:
    """A run's folder with an adapter in it."""
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter" / "adapter_model.safetensors").write_text(weights)
    return str(folder)


@pytest.mark.parametrize("choice", ["method=zero_shot_reason", "baseline=zero_shot_reason"])
def test_who_judges_what_an_untrained_model_writes_counts(choice, tmp_path):
    base = run_name(composed(choice))
    changed = ["judge=local", "judge=anthropic", "privacy.send=[occupation,dates]"]
    assert len({base, *(run_name(composed(choice, one)) for one in changed)}) == 4
    # it is written and judged without a teacher and without a training
    assert run_name(composed(choice, "trainer.lr=9", "teacher.mistakes=0", "oracle.retries=1")) == base
    words = (choice, "judge=reprediction", f"judge.predictor={adapter(tmp_path / 'run', 'some')}")
    before = run_name(composed(*words))
    (tmp_path / "run" / "adapter" / "adapter_model.safetensors").write_text("others")
    assert run_name(composed(*words)) != before


@pytest.mark.parametrize("choice", ["method=zero_shot_direct", "method=few_shot", "baseline=markov"])
def test_where_nothing_is_written_the_judge_counts_for_nothing(choice, tmp_path):
    base = run_name(composed(choice))
    predictor = adapter(tmp_path / "run", "some")
    for words in (["judge=local"], ["judge=reprediction", f"judge.predictor={predictor}"], ["privacy.send=[dates]"]):
        assert run_name(composed(choice, *words)) == base


@pytest.mark.parametrize("file", [*CONF.glob("method/*.yaml"), *CONF.glob("baseline/*.yaml")], ids=str)
def test_what_a_recommender_takes_of_a_job_is_told_by_its_class(file):
    cfg = composed(f"{file.parent.name}={file.stem}")
    maker = locate(recommender_node(cfg)._target_)
    made = maker if isinstance(maker, type) else signature(maker).return_annotation
    assert uses_model(cfg) == issubclass(made, LanguageModel)
    assert asks(cfg) == ("desk" in signature(maker).parameters)
    assert trains(cfg) == (uses_model(cfg) and file.stem not in ("zero_shot_direct", "zero_shot_reason", "few_shot"))


@pytest.mark.parametrize("file", [f for f in CONF.glob("baseline/*.yaml") if (CONF / "method" / f.name).is_file()])
def test_a_baseline_that_is_a_method_too_is_the_same(file):
    assert composed(f"baseline={file.stem}").baseline == composed(f"method={file.stem}").method


def test_identity_follows_the_data(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_text('{"id": "1"}\n')
    cfg = composed("data=json", f"data.path={path}", "debug=tiny")
    before = run_name(cfg)
    path.write_text('{"id": "2"}\n')
    assert run_name(cfg) != before


def test_identity_forgets_where_the_folder_of_data_sets_lies_and_follows_choices():
    def named(*words: str) -> str:
        return identity(composed("data=nlsy97", "baseline=markov", *words), {"data": "a"})

    assert (
        named("data_dir=/here")
        == named("data_dir=/there")
        == named("data.path=/elsewhere.csv", "data.crosswalk=/x.csv")
    )
    others = ["data.labels=all", "data.quality=[exact]", "data.stays=true"]
    assert len({named(), *map(named, others)}) == 1 + len(others)


def test_identity_follows_the_checksums():
    assert identity(composed(), {"data": "a"}) != identity(composed(), {"data": "b"})


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["data=json"], "data.path: no value given"),
        (["data.people=0"], "data.people"),
        (["data.people=some"], "data.people"),
        (["split.test=1.2"], "split.test"),
        (["split.test=0.6", "split.valid=0.5"], "leave nobody"),
        (["seed=x"], "seed"),
        (["threads=0"], "threads"),
        (["split=null"], "split: every job needs it"),
        (["~seed"], "seed: every job needs it"),
        (["~teacher"], "teacher: every job needs it"),
        (["ranking=dice"], "ranking"),
        (["split.cut=abc"], "split.cut"),
        (["evaluation.resamples=0"], "evaluation.resamples"),
        (["eval=time"], "split.cut: no value given"),
        (["eval=with_stays"], "data=nls merges equal neighbouring jobs and has no stays"),
        (
            ["data=table", "data.path=x", "data.taxonomy=isco"],
            "data.taxonomy: expected own, nls, onet, esco or census2002; got 'isco'",
        ),
        (
            ["data=json", "data.path=x", "data.taxonomy=onet", "data.crosswalk=x.csv"],
            "data=json reads one for data.taxonomy=census2002 alone, and this is data.taxonomy=onet; take it out",
        ),
        (["data=json", "data.path=x", "data.stays=perhaps"], "data.stays: expected true or false"),
        (["~eval"], "evaluation.targets: no value given"),
        (["evaluation.group_at_least=0"], "evaluation.group_at_least"),
        (["evaluation.temperature=0"], "evaluation.temperature: expected a number above 0, or fit"),
        (["evaluation.temperature=true"], "evaluation.temperature: expected a number above 0, or fit"),
        (["baseline=api", "evaluation.temperature=fit"], "temperature=fit: it needs probabilities"),
        (["inference.reason=shuffled", "evaluation.temperature=fit"], "is there for test people alone"),
        (["evaluation.part=valid", "evaluation.temperature=fit"], "fitted on the people who are scored"),
        (["evaluation.horizon=0"], "evaluation.horizon: expected a whole number above 0"),
        (["evaluation.paths=1"], "evaluation.paths: expected a whole number above 1"),
        (["baseline=api", "eval=horizon"], "evaluation.horizon=2: it needs probabilities"),
        (["eval=horizon", "evaluation.temperature=fit"], "for the next occupation alone"),
        (["eval=horizon", "inference.reason=oracle", "inference.allow_oracle=true"], "jobs ahead are imagined"),
        (["evaluation.decision=best"], "evaluation.decision: expected top or expected_accrm"),
        (["baseline=api", "evaluation.decision=expected_accrm"], "it needs probabilities"),
        (["split.by=file"], "split.test_file"),
        (["split.by=dice"], "split.by"),
        (["evaluation.targets=first"], "evaluation.targets"),
        (["evaluation.part=train"], "evaluation.part: expected test or valid"),
        (["evaluation.floors=[ceiling]"], "'ceiling' is no baseline"),
        (
            ["evaluation.floors=[zero_shot_direct]"],
            "zero_shot_direct' asks a language model or trains for minutes, and floors are cheap",
        ),
        (["split.seed=-1"], "split.seed: expected a whole number from 0"),
        (["method=direct", "inference.reason=sampled"], "inference.reason=sampled: this method reads no such"),
        (["method=api", "inference.reason=oracle"], "inference.reason=oracle: this method reads no such"),
        (
            ["method.reason_first=false", "inference.reason=marginal"],
            "with method.reason_first=false no reason is read",
        ),
        (["method=direct", "method.ask=false"], "method.ask=false: where nothing is asked no title is written"),
        (
            ["method.reason_first=false", "method.own_reasons=1"],
            "method.own_reasons=1: with method.reason_first=false no",
        ),
        (["method.reason_first=false", "ranking=head"], "ranking=head: the head reads what stands last"),
        (["inference.pmi=true", "ranking=head"], "inference.pmi=true: it corrects titles ranked by their text"),
        (["baseline=zero_shot_direct", "ranking=head"], "ranking: expected tokens, for an untrained model"),
        (["baseline=markov", "+split.nothing=1", "evaluation.floors=[popularity, nope]"], "'nope' is no baseline"),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(overrides, told):
    with pytest.raises(UserError, match=told):
        validate(composed(*overrides))


def test_only_this_projects_classes_are_built():
    with pytest.raises(UserError, match="expected a class in"):
        build(OmegaConf.create({"_target_": "os.system", "command": "true"}))
    with pytest.raises(UserError, match="there is no"):
        build(OmegaConf.create({"_target_": "reasoning_occ.careers.nls.Nothing"}))


def test_onet_needs_its_tables(monkeypatch, tmp_path):
    for variable, value in (("REASONING_OCC_DATA", ""), ("REASONING_OCC_CACHE", ""), ("HOME", str(tmp_path))):
        monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=r"onet\.download=false.*REASONING_OCC_DATA"):
        source(composed("data=json", f"data.path={tmp_path}", "data.taxonomy=onet", "onet.download=false"))


def test_esco_needs_a_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("REASONING_OCC_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"Set data_dir, or REASONING_OCC_DATA, to one with esco/"):
        source(composed("data=json", "data.path=x", "data.taxonomy=esco"))


def test_an_unknown_taxonomy_is_told_with_those_there_are():
    for data in ("json", "json_resume", "table", "wide", "decorte", "career_files", "jobhop", "karrierewege", "nlsy97"):
        for told in (validate, source):
            with pytest.raises(
                UserError, match=r"data\.taxonomy: expected own, nls, onet, esco or census2002; got 'isco'"
            ):
                told(composed(f"data={data}", "data.path=x", "data.taxonomy=isco"))


def test_titles_of_the_census_need_a_crosswalk_that_lists_them(tmp_path):
    (tmp_path / "titles.csv").write_text(
        "census_code,census_title,onet_soc,quality\n4000,Chefs,35-1011.00,exact\n4020,Cooks,35-2014.00,exact\n"
    )
    (tmp_path / "jobs.csv").write_text("person,occupation,start\n1,4000,1990\n1,Cooks,1991\n")
    (tmp_path / "jobs.jsonl").write_text(
        '{"id": "1", "jobs": [{"occupation": "4000", "start": "1990"}, {"occupation": "Cooks", "start": "1991"}]}\n'
    )
    for data, path in (("json", "jobs.jsonl"), ("table", "jobs.csv")):
        chosen = [f"data={data}", f"data.path={tmp_path / path}", "data.taxonomy=census2002"]
        with pytest.raises(UserError, match=r"titles are listed in a crosswalk; name it with data\.crosswalk=FILE"):
            source(composed(*chosen))
        cfg = composed(*chosen, f"data.crosswalk={tmp_path / 'titles.csv'}")
        validate(cfg)
        assert [job.occupation for job in source(cfg).load().careers[0].jobs] == ["4000", "4020"]
    with pytest.raises(UserError, match=r"data\.crosswalk: no file .*none\.csv"):
        source(composed("data=nlsy97", f"data.crosswalk={tmp_path}/none.csv", "data.taxonomy=census2002"))


def test_floors_are_the_baselines_of_conf():
    assert floor_node("markov") == OmegaConf.load(CONF / "baseline" / "markov.yaml")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("teacher.candidates=0", "candidates of at least 1"),
        ("+judge.nothing=1", r"can't be made of .*nothing"),
        ("model.family=parrot", "expected smollm2, qwen3, llama3; got 'parrot'"),
        ("trainer.lr=0", r"trainer\.lr: expected a number above 0"),
        ("inference.batch=0", r"inference\.batch"),
        (["inference.reason=marginal", "inference.samples=0"], r"inference\.samples: expected a whole number of 1"),
        ("inference.reason=oracle", r"Add inference\.allow_oracle=true"),
        ("inference.max_reason_tokens=300", r"max_reason_tokens=300: model\.max_tokens=1024 keeps room .* 256 tokens"),
        (["preference=dpo", "preference.beta=0"], r"preference\.beta: expected a number above 0; got 0"),
        (["preference=dpo", "+preference.nothing=1"], r"preference\.nothing: no such setting"),
        (["preference=dpo", "teacher.candidates=1"], r"teacher\.candidates=1: preference training needs"),
        (["preference=dpo", "method=direct"], r"preference: direct learns no reasons"),
        (["preference=dpo", "trainer=fsdp"], r"preference: it trains on one device.* leave preference out"),
        (["preference=dpo", "trainer=deepspeed"], r"preference: it trains on one device.*zero2.* leave preference out"),
        (
            ["trainer=deepspeed", "trainer.devices=1"],
            r"trainer\.devices: expected 2 or more to .*trainer\.sharding=zero2",
        ),
        (["trainer=fsdp", "trainer.devices=1"], r"trainer\.devices: expected 2 or more to share a model out over"),
        (
            ["trainer=fsdp", "trainer.compile=always"],
            r"trainer\.compile: expected auto or never with trainer\.sharding",
        ),
        ("trainer.sharding=half", r"trainer\.sharding: expected none or full or zero2; got half"),
        (["judge=reprediction", "judge.predictor=/nowhere"], r"judge\.predictor: /nowhere is not the folder of a fin"),
        (["judge=reprediction", "judge.predictor=5"], r"judge\.predictor: expected the folder .* or null; got 5"),
    ],
)
def test_what_a_method_needs_is_checked_before_anything_is_read(override, told):
    overrides = [override] if isinstance(override, str) else override
    with pytest.raises(UserError, match=told):
        check(composed(*overrides))
    rest = [word for word in overrides if "preference" not in word]
    check(composed(*rest, "baseline=markov"))  # which uses none of it


def test_a_method_of_reasons_can_prefer():
    check(composed("preference=dpo", "preference.over=all", "preference.rpo_alpha=1", "debug=tiny"))


def test_the_papers_supervised_training_can_be_shared_out():
    cfg = composed("experiment=paper_sft", "trainer=fsdp", "trainer.devices=8", "debug=tiny")
    check(cfg)
    assert cfg.trainer.sharding == "full" and cfg.trainer.lora is None and cfg.trainer.gradient_checkpointing
    with pytest.raises(UserError, match="preference: it trains on one device"):
        check(composed("experiment=paper", "trainer=fsdp"))


def test_deepspeed_composes_and_is_checked_without_being_there():
    cfg = composed("experiment=paper_sft", "trainer=deepspeed", "trainer.devices=4", "debug=tiny")
    check(cfg)
    assert (cfg.trainer.sharding, cfg.trainer.devices, cfg.trainer.epochs) == ("zero2", 4, 8)


def test_a_baseline_can_not_prefer():
    with pytest.raises(UserError, match=r"preference: markov learns no reasons.*method=joint, or leave preference out"):
        check(composed("baseline=markov", "preference=dpo"))


@pytest.mark.parametrize(
    ("overrides", "inside"),
    [
        (["judge=reprediction"], {"others": "RubricJudge"}),
        (["judge=reprediction", "judge@judge.others=anthropic"], {"others": "AnthropicJudge"}),
        (
            ["judge=panel", "+judge@judge.members.third=anthropic"],
            {"members.rubric": "RubricJudge", "members.local": "LocalJudge", "members.third": "AnthropicJudge"},
        ),
        (
            ["judge=panel", "judge.members.local=null", "+judge@judge.members.third=anthropic"],
            {"members.rubric": "RubricJudge", "members.third": "AnthropicJudge"},
        ),
    ],
)
def test_judges_inside_a_judge_are_chosen_as_the_comments_of_conf_say(overrides, inside, monkeypatch, tmp_path):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    cfg = composed(*overrides, f"calls.ledger={tmp_path / 'none.sqlite'}")
    check(cfg)
    for place, name in inside.items():
        node = OmegaConf.select(cfg.judge, place)
        alone = composed(f"judge={node._target_.split('.')[-2]}").judge
        assert node == alone and node._target_.endswith(f".{name}")
