"""The command as a user types it, and what it writes."""

import inspect as pythons
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

import reasoning_occ
from reasoning_occ.careers.jsonl import write
from reasoning_occ.careers.split import Split, last_transitions
from reasoning_occ.config import CONF
from reasoning_occ.inspect.__main__ import main
from reasoning_occ.inspect.work import inspected
from reasoning_occ.language.render import events
from reasoning_occ.task import drawn, load

PACKAGE = Path(reasoning_occ.__file__).parent
OFFLINE = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture
def people(nls, tmp_path):
    """A file of 300 people whose ids can be told from any number."""
    careers = [replace(c, person=replace(c.person, id=f"secret-{c.person.id}-id")) for c in nls.careers[:300]]
    write(careers, tmp_path / "people.jsonl", nls.taxonomy)
    return ["data=json", f"data.path={tmp_path / 'people.jsonl'}"]


def written(folder: Path) -> tuple[dict, str]:
    (made,) = folder.iterdir()
    assert {file.name for file in made.iterdir()} == {"inspect.json", "page.html"}
    return json.loads((made / "inspect.json").read_text()), (made / "page.html").read_text()


def job(words):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", words)


def test_numbers_are_those_of_the_job(people, capsys):
    assert main(people) == 0
    found, page = written(Path("inspect"))
    counts = load(job(people)).counts
    assert found["parts"] == {part: counts[part] for part in ("train", "valid", "test")}
    assert (found["people"], found["people_in_data"]) == (counts["people"], 300) == (300, 300)
    assert found["skipped"] == counts["skipped"] and set(found["overlap"].values()) == {0}
    assert found["transitions"] > found["parts"]["train"]["transitions"] and found["left_out_by_cut"] == 0
    told = capsys.readouterr().out
    assert "Nobody is in two parts" in told and "300 people with" in told and page.count("<svg") == 4


def test_a_sample_is_told_and_is_the_jobs(people, capsys):
    assert main([*people, "data.people=200", "evaluation.targets=all"]) == 0
    found, _ = written(Path("inspect"))
    counts = load(job([*people, "data.people=200", "evaluation.targets=all"])).counts
    assert (found["people"], found["parts"]["test"]) == (200, counts["test"])
    assert "200 people (a sample of 300)" in capsys.readouterr().out


def test_what_is_on_the_other_side_of_a_cut_is_counted(people):
    main([*people, "split.cut=1977"])
    found, _ = written(Path("inspect"))
    split = drawn(job([*people, "split.cut=1977"])).split
    used = len(split.train) + len(split.valid) + len(split.test)
    assert found["left_out_by_cut"] == found["transitions"] - used > 0


def test_no_id_is_on_the_page_in_the_numbers_or_on_the_terminal(people, capsys):
    assert main(people) == 0
    found, page = written(Path("inspect"))
    for text in (page, json.dumps(found), capsys.readouterr().out):
        assert "secret-" not in text
    assert page.count('class="person"') == 10


def test_careers_are_of_training_people_as_the_prompt_shows_them_and_the_same_each_time(people):
    seen = load(job(people))
    titles = {o.title for o in seen.published}
    main(people)
    _, first = written(Path("inspect"))
    main(people)
    assert written(Path("inspect"))[1] == first
    main([*people, "seed=1", "--output", "other"])
    other = written(Path("other"))[1]
    assert other[other.index("as a prompt") :] != first[first.index("as a prompt") :]
    possible = {
        (*events(t.history, seen.taxonomy), seen.taxonomy.title(t.target)) for t in last_transitions(seen.train)
    }
    shown = [
        tuple(unescape(text) for text in (*re.findall("<li>(.*?)</li>", a), re.findall('mark">(.*?)<', a)[0]))
        for a in re.findall('<article class="person">(.*?)</article>', first, re.DOTALL)
    ]
    assert len(set(shown)) == 10 and set(shown) <= possible and {one[-1] for one in shown} <= titles


def test_careers_can_be_left_out_and_show_no_more_than_the_view(people):
    main([*people, "--careers", "0", "--output", "none"])
    assert 'class="person"' not in written(Path("none"))[1]
    main([*people, "view.education=false", "--output", "bare"])
    main([*people, "--output", "whole"])
    assert "of school" in written(Path("whole"))[1] and "of school" not in written(Path("bare"))[1]


def test_what_shapes_numbers_names_the_folder_and_nothing_else_does(people):
    for words in ([], ["--careers", "3"], ["trainer.lr=0.5"], ["baseline=markov"]):
        main([*people, *words])
    assert len(list(Path("inspect").iterdir())) == 1
    main([*people, "split.seed=1"])
    main([*people, "data.people=200"])
    assert len(list(Path("inspect").iterdir())) == 3


def test_a_planted_leak_is_warned_of_and_is_no_error(people, capsys):
    path = Path(people[1].partition("=")[2])
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["jobs"][0]["end"] = "2999"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(people) == 0
    found, page = written(Path("inspect"))
    assert "jobs that overlap" in {sign["kind"] for sign in found["signs"]}
    assert "Warning, jobs that overlap" in capsys.readouterr().out and "<strong>jobs that overlap</strong>" in page


def test_people_in_two_parts_are_told_and_are_an_error(people, capsys):
    cfg = job(people)
    data = drawn(cfg)
    assert inspected(cfg, data, Path("fine"), 0) == 0
    crossed = replace(data, split=Split(data.split.train, data.split.valid, (*data.split.test, *data.split.train[:1])))
    assert inspected(cfg, crossed, Path("inspect"), 0) == 1
    found, page = written(Path("inspect"))
    assert found["overlap"] == {"train and valid": 0, "train and test": 1, "valid and test": 0}
    told = "People in two parts of the split: 1 in train and test."
    assert told in capsys.readouterr().out and f'<p class="warning">{told}' in page


def test_a_person_twice_in_a_file_ends_in_a_sentence(people, capsys):
    path = Path(people[1].partition("=")[2])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[0]]))
    assert main(people) == 1 and "is already on line 1" in capsys.readouterr().err
    assert not Path("inspect").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["data.peple=3"], "'data.peple' is no key"),
        (["data=nowhere"], "data=nowhere"),
        (["data=json"], "data.path: no value given"),
        (["data=json", "data.path=absent.jsonl"], "absent.jsonl"),
        (["split.valid=2"], "split.valid"),
        (["view.jobs=some"], "view.jobs"),
        (["split.test_file=absent.txt"], "split.test_file"),
        (["evaluation.part=valid"], "evaluation.part=valid: all parts of the split are counted"),
        (["split.by=file", "split.test_file=absent.txt"], "absent.txt"),
    ],
)
def test_errors_are_those_of_a_job(words, told, capsys):
    assert main(words) == 1
    assert told in capsys.readouterr().err and not Path("inspect").exists()


@pytest.mark.parametrize("words", [["--careers", "-1"], ["--careers", "x"], ["--nonsense"]])
def test_a_wrong_usage_exits_with_2(words):
    with pytest.raises(SystemExit, match="2"):
        main(words)


def test_nothing_heavy_is_imported(people):
    words = [sys.executable, "-X", "importtime", "-m", "reasoning_occ.inspect", *people]
    done = subprocess.run(words, env=os.environ | OFFLINE, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "matplotlib" in imported
    assert not imported & {"torch", "transformers", "lightning", "peft", "wandb", "sklearn"}


def ways():
    """Ways to start Python that put different folders before its own modules."""
    see = "import inspect, dataclasses; print(inspect.__file__, callable(inspect.signature))"
    return {
        "module": (["-m", "reasoning_occ.inspect", "--help"], None),
        "list of commands": (["-m", "reasoning_occ"], None),
        "other command": (["-m", "reasoning_occ.run", "--help"], None),
        "in the package": (["-m", "reasoning_occ.inspect", "--help"], PACKAGE),
        "other command in the package": (["-m", "reasoning_occ.run", "--help"], PACKAGE),
        "file": ([str(PACKAGE / "inspect" / "__main__.py"), "--help"], None),
        "other file": ([str(PACKAGE / "run.py"), "--help"], None),
        "code": (["-c", see], None),
        "code in the package": (["-c", see], PACKAGE),
        "safe path": (["-P", "-m", "reasoning_occ.inspect", "--help"], None),
    }


@pytest.mark.parametrize("way", list(ways()))
def test_pythons_own_inspect_is_found_however_one_starts(way, tmp_path):
    words, folder = ways()[way]
    # what the command leaves behind where it was started must not be taken for the module either
    (tmp_path / "inspect" / "nls-0").mkdir(parents=True)
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder or tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    if way.startswith("code"):
        assert done.stdout.split() == [pythons.__file__, "True"]
    else:
        assert "reasoning_occ" in done.stdout
